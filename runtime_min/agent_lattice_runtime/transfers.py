"""Runs as lines of JSON, to keep elsewhere or to bring into another store: a head, then the events in order.

The head says how many events follow and what the hash of the last one is, so that a file that was cut off is noticed.
"""

from __future__ import annotations

from .canonical import canonical, parse
from .errors import Failure
from .journal import TERMINAL, check_run_id, event_text
from .verify import row_of, verify_events

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from .journal import EventRow, RunRow
    from .stores import Store

VERSION = 1  # of the form of the file
_HASH = frozenset("0123456789abcdef")
_FIELDS = {"run_id", "seq", "ts", "type", "step", "payload", "redaction", "hash"}


def exported_run(store: Store, row: RunRow) -> Iterator[str]:
    """The lines of a run as it is now. Raises Failure for a log that was altered."""
    events = list(store.events(row))
    if row.status not in TERMINAL:  # it may have gone on since the row was read
        row = row_of(row.run_id, row.workflow, row.plan, events)
    finding = verify_events(row, events)
    if finding is not None:
        raise Failure("validation", f"run {row.run_id}: {finding.message}")
    head = {"export": VERSION, "run_id": row.run_id, "events": len(events), "head": events[-1][6].hex()}
    yield canonical(head)
    for event in events:
        yield _line(row.run_id, event)


def read_runs(lines: Iterable[bytes], what: str) -> Iterator[tuple[RunRow, list[EventRow]]]:
    """The runs of a file, each verified. Raises Failure validation that names the line."""
    numbered = enumerate(lines, 1)
    for number, line in numbered:
        head = _object(line, f"{what}:{number}")
        if head.get("export") != VERSION:
            found = head.get("export")
            raise Failure(
                "validation", f"{what}:{number}: not the head of an exported run (export is {found!r}, not {VERSION})"
            )
        run_id, count, digest = head.get("run_id"), head.get("events"), head.get("head")
        if not isinstance(run_id, str) or not isinstance(count, int) or count < 1:
            raise Failure(
                "validation", f"{what}:{number}: the head of a run has a run_id, and the number of its events"
            )
        _check_id(run_id, f"{what}:{number}")
        events = [
            _event(line, f"{what}:{place}", run_id) for _, (place, line) in zip(range(count), numbered, strict=False)
        ]
        if len(events) < count:
            raise Failure("validation", f"{what}: run {run_id} was cut off: it has {len(events)} of {count} events")
        row = _verified(run_id, events, what)
        if events[-1][6].hex() != digest:
            raise Failure("validation", f"{what}: run {run_id} does not end as its head says")
        yield row, events


def _check_id(run_id: str, what: str) -> None:
    try:
        check_run_id(run_id)
    except Failure as failure:
        raise Failure("validation", f"{what}: {failure.message}") from None


def _verified(run_id: str, events: list[EventRow], what: str) -> RunRow:
    payload = parse(events[0][4], what)
    if not isinstance(payload, dict):
        raise Failure("validation", f"{what}: run {run_id}: event 1 was altered")
    row = row_of(run_id, str(payload.get("workflow")), str(payload.get("plan")), events)
    finding = verify_events(row, events)
    if finding is not None:
        raise Failure("validation", f"{what}: run {run_id}: {finding.message}")
    return row


def _object(line: bytes, what: str) -> dict[str, Any]:
    found = parse(line, what)
    if not isinstance(found, dict):
        raise Failure("validation", f"{what}: not an object")
    return found


def _line(run_id: str, event: EventRow) -> str:
    """The event as it was hashed, and its hash. The payload is not written anew: an int may have been a float."""
    text = event_text(run_id, *event[:6])
    return f'{{"hash":"{event[6].hex()}",{text[1:]}'


def _event(line: bytes, what: str, run_id: str) -> EventRow:
    found = _object(line, what)
    texts = all(isinstance(found.get(name), str) for name in ("type", "step", "hash"))
    numbers = all(type(found.get(name)) is int for name in ("seq", "ts"))
    if found.keys() == _FIELDS and texts and numbers:
        redaction = None if found["redaction"] is None else canonical(found["redaction"])
        head = (found["seq"], found["ts"], found["type"], found["step"])
        before, after = event_text(run_id, *head, "\0", redaction)[1:].split("\0", 1)
        before = f'{{"hash":"{found["hash"]}",{before}'
        text = line.decode().rstrip("\r\n")
        if (
            text.startswith(before)
            and text.endswith(after)
            and len(found["hash"]) == 64
            and _HASH.issuperset(found["hash"])
        ):
            return *head, text[len(before) : -len(after)], redaction, bytes.fromhex(found["hash"])
    raise Failure("validation", f"{what}: not an event of run {run_id} as `export` writes it")


def import_run(store: Store, row: RunRow, events: list[EventRow]) -> bool:
    """Store a verified run; False when it is there already, or was and is pruned. Raises Failure conflict when the store
    has another run of that id."""
    seq, digest = events[-1][0], events[-1][6]
    kept = store.find(row.run_id)
    if kept is None:
        gone = store.checkpoints(row.run_id)
        if not gone:
            store.append(((row, events),))
            store.release(row)
            return True
        there = [(gone[0].head_seq, gone[0].head_hash)]
    else:
        there = [(event[0], event[6]) for event in store.events(kept, after=seq - 1)]
    if (seq, digest) in there:
        return False
    raise Failure("conflict", f"run {row.run_id} is in the store already, and is another one")
