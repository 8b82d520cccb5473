"""How commands tell in what a run has come out: its result, its failure and what led to that, or what it waits for."""

from __future__ import annotations

import sys

from ..canonical import canonical, recorded
from ..errors import Divergence, StoreFailure
from ..progress import printable, put
from ..standing import ending_words, waiting_words
from .showing import described, explained, moment, pretty

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from ..errors import Failure
    from ..journal import RunRow
    from ..run import Run
    from ..stores import Store

WAITS = 4  # the exit code of a run that waits


def show_outcome(run: Run, store: Store, as_json: bool) -> int:
    """Tell how a run that nobody drives any more has come out; the exit code that stands for it."""
    if as_json:
        put(sys.stdout, outcome_json(run, store) + "\n")
    elif run.suspended:
        run_id = run.journal.row.run_id
        put(sys.stderr, f"run {run_id} waits for {waits(run.waits)}\ngo on with: resume {run_id}\n")
    elif run.failure is None:
        put(sys.stdout, pretty(run.result) + "\n")
    else:
        put(sys.stderr, outcome_line(run, store) + "\n")
    return WAITS if run.suspended else 0 if run.failure is None else 1


def outcome_line(run: Run, store: Store) -> str:
    """How a run has come out, without its result; of a failure also what led to it, a line each."""
    row, failure = run.journal.row, run.failure
    if run.suspended:
        return f"run {row.run_id} waits for {waits(run.waits)}"
    if failure is None:
        return f"run {row.run_id} completed"
    if left_behind(failure):
        return f"run {row.run_id} is left as it is: {explained(failure)}"
    said = printable(failure.message, 2000).removeprefix("the run ")
    how = said if row.status == "cancelled" else f"failed: {explained(failure)}"
    more = [f"  {line}" for line in ending_words(ending(store, row))]
    return "\n".join([f"run {row.run_id} {how}", *(printable(line, 2000) for line in more)])


def outcome_json(run: Run, store: Store) -> str:
    """How a run has come out, for programs."""
    row, failure = run.journal.row, run.failure
    line: dict[str, object] = {"run_id": row.run_id}
    if run.suspended:
        return canonical(line | {"status": "waiting", "waits": run.waits})
    line["status"] = _ended(run)
    if failure is None:
        return canonical(line | {"result": run.result})
    if left_behind(failure):
        kept = store.find(row.run_id)
        return canonical(line | {"status": kept.status if kept else "new", "failure": described(failure)})
    told = ending(store, row)
    return canonical(line | {"failure": described(failure)} | {key: told[key] for key in _TOLD if key in told})


_TOLD = ("cause", "compensations")


def left_behind(failure: Failure) -> bool:
    """Whether it is not the run that has failed, but driving it: its log is as it was."""
    return isinstance(failure, (Divergence, StoreFailure))


def _ended(run: Run) -> str:
    if run.failure is None:
        return "completed"
    return "cancelled" if run.journal.row.status == "cancelled" else "failed"


def ending(store: Store, row: RunRow) -> Mapping[str, Any]:
    """The payload of the last event of a run that is over; empty for one that is not, or that cannot be read."""
    if row.head_seq is None:
        return {}
    try:
        last = list(store.events(row, row.head_seq - 1))
        told = recorded(last[0][4]) if last else {}
    except (ValueError, TypeError, AttributeError):
        return {}  # damaged: that is for `verify` to tell
    return told if isinstance(told, dict) else {}


def waits(on: Iterable[Mapping[str, Any]]) -> str:
    """What a run waits for, for people, in one line."""
    words = [waiting_words(entry, moment(entry["until"]) if entry.get("until") else "") for entry in on]
    return printable("; ".join(words) or "a worker, or resume", 2000)
