"""`prune`, `export`, `import` and `backup`: what becomes of runs in the long term."""

from __future__ import annotations

import sys

from ..canonical import canonical
from ..errors import Failure
from ..progress import printable, put
from .inputs import open_store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from ..checkpoints import Checkpoint
    from ..stores import Store
    from . import Request

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def prune_command(request: Request) -> int:
    """Replace old finished runs by checkpoints; 1 when one of them was altered and therefore stays."""
    from ..checkpoints import Checkpoint
    from ..pruning import prune

    before = _before(request)
    store, altered, count = open_store(request.store), 0, 0
    try:
        for found in prune(store, before, dry=request.has("dry-run")):
            if isinstance(found, Checkpoint):
                count += 1
                put(sys.stdout, _pruned_line(found, request) + "\n")
            else:
                altered += 1
                line = {"run_id": found.run_id, "pruned": False, "message": found.message}
                text = canonical(line) if request.as_json else f"run {found.run_id}: stays, {found.message}"
                put(sys.stdout, printable(text, 4000) + "\n")
    finally:
        store.close()
    if not request.as_json:
        put(sys.stdout, f"{count} {'run' if count == 1 else 'runs'} {_done(request)}\n")
    return 1 if altered else 0


def _done(request: Request) -> str:
    return "would be pruned" if request.has("dry-run") else "pruned"


def _pruned_line(checkpoint: Checkpoint, request: Request) -> str:
    digest = checkpoint.head_hash.hex()
    if request.as_json:
        line = {"run_id": checkpoint.run_id, "pruned": not request.has("dry-run"), "status": checkpoint.status}
        return canonical(line | {"events": checkpoint.head_seq, "head": digest})
    said = f"{checkpoint.status}, {checkpoint.head_seq} events, head {digest}"
    return f"run {checkpoint.run_id}: {_done(request)}, {said}"


def _before(request: Request) -> int:
    """The moment in µs since 1970 before which runs have to have ended."""
    from time import time_ns

    moment, age = request.get("before"), request.get("older-than")
    if (moment is None) == (age is None):
        raise Failure("validation", "prune needs --before TIME or --older-than AGE, and not both")
    if moment is not None:
        return _moment(moment)
    assert age is not None
    number, unit = age[:-1], age[-1:]
    if unit not in _UNITS or not number.isascii() or not number.isdigit():
        raise Failure("validation", f"--older-than is a number with s, m, h, d or w, such as 30d, not {age!r}")
    return time_ns() // 1000 - int(number) * _UNITS[unit] * 1_000_000


def _moment(text: str) -> int:
    from datetime import UTC, datetime, timedelta

    try:
        found = datetime.fromisoformat(text)
        aware = found.replace(tzinfo=found.tzinfo or UTC)
        return (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    except (ValueError, OverflowError):
        example = "2026-01-31 or 2026-01-31T12:00:00Z"
        raise Failure("validation", f"--before is a date or a time, such as {example}, not {text!r}") from None


def export_command(request: Request) -> int:
    """The run as lines of JSON on standard output, or all runs of the store."""
    from ..execute import find_run

    if (request.get("RUN") is None) != request.has("all"):
        raise Failure("validation", "export needs a run, or --all, and not both")
    store = open_store(request.store, readonly=True)
    try:
        rows = store.runs() if request.has("all") else [find_run(store, request["RUN"])]
        for line in _lines(store, rows):
            put(sys.stdout, line + "\n")
    finally:
        store.close()
    return 0


def _lines(store: Store, rows: Iterable[Any]) -> Iterator[str]:
    from ..transfers import exported_run

    for row in rows:
        yield from exported_run(store, row)


def import_command(request: Request) -> int:
    """Store the runs of a file that `export` has written. All of them are verified before the first one is stored."""
    from ..transfers import import_run, read_runs

    path = request["FILE"]
    try:
        with open(path, "rb") as file:
            for _ in read_runs(file, path):
                pass
            file.seek(0)
            store = open_store(request.store)
            try:
                for row, events in read_runs(file, path):
                    new = import_run(store, row, events)
                    _show_imported(row.run_id, len(events), new, request.as_json)
            finally:
                store.close()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise Failure("validation", f"cannot read {path}: {reason}") from None
    return 0


def _show_imported(run_id: str, count: int, new: bool, as_json: bool) -> None:
    line = {"run_id": run_id, "events": count, "imported": new}
    said = "imported" if new else "was imported before"
    put(sys.stdout, (canonical(line) if as_json else f"run {run_id}: {count} events, {said}") + "\n")


def backup_command(request: Request) -> int:
    """Write a copy of the store while others work with it: an SQLite file, or all runs of a database as `import` reads them."""
    from ..new_files import write_new
    from ..stores.sqlite import SqliteStore

    path = request["PATH"]
    store = open_store(request.store, readonly=True)

    def write(part: str) -> None:
        with open(part, "w", encoding="utf-8") as file:
            file.writelines(line + "\n" for line in _lines(store, store.runs()))

    try:
        if isinstance(store, SqliteStore):
            store.backup(path)
        else:
            write_new(path, write)
    finally:
        store.close()
    put(sys.stdout, f"{printable(path)}: written\n")
    return 0
