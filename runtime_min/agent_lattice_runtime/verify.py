"""Finding the first altered, dropped, reordered or inserted event of a recorded run."""

from __future__ import annotations

from .canonical import canonical, recorded
from .checkpoints import first_broken
from .errors import Failure
from .journal import ENDINGS, GENESIS, LIFECYCLE, OUTSIDE, TERMINAL, RunRow, event_hash, event_text, next_status

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .journal import EventRow
    from .stores import Store

_TYPES: tuple[type | tuple[type, ...], ...] = (int, int, str, str, str, (str, type(None)), bytes)
_COLUMNS = ("seq", "ts", "type", "step", "payload", "redaction", "hash")


class Finding:
    """What is wrong with a run: `seq` of the first event concerned (0 for the run itself), and a sentence."""

    __slots__ = ("message", "run_id", "seq")

    def __init__(self, run_id: str, seq: int, message: str) -> None:
        self.run_id = run_id
        self.seq = seq
        self.message = message


def verify_store(store: Store) -> list[Finding]:
    """The first finding of every run of the store and of the checkpoints of pruned ones, and events that belong to no run."""
    findings = [finding for row in store.runs() if (finding := verify(store, row))]
    findings += [
        Finding(f"(number {key})", 0, "there are events, but the run itself is gone") for key in store.orphans()
    ]
    findings += [Finding("(all)", 0, f"the file of the store is damaged: {damage}") for damage in store.damages()]
    broken = first_broken(store.checkpoints())
    return [*findings, Finding(broken[0], 0, broken[1])] if broken else findings


def verify(store: Store, row: RunRow, head: str | None = None) -> Finding | None:
    """The first thing wrong with a run, or None. `head` is the hash (hexadecimal) of an event that was seen before:
    without it nothing can show that the latest events of an unfinished run were cut off."""
    try:
        events = list(store.events(row))
        finding = verify_events(row, events)
    except Failure as failure:
        return Finding(row.run_id, 0, failure.message)
    if finding is None and head is not None and all(event[6].hex() != head.lower() for event in events):
        return Finding(row.run_id, len(events) + 1, f"no event has the hash {head}: the log was cut off or replaced")
    return finding


def verify_events(row: RunRow, events: list[EventRow]) -> Finding | None:
    """The first thing wrong with these events of a run, or with its row, or None. Raises Failure for damaged JSON."""
    return _chain(row, events) or _row(row, events)


def _chain(row: RunRow, events: list[EventRow]) -> Finding | None:
    previous, ts, status = GENESIS, 0, "new"
    for place, event in enumerate(events, 1):
        seq = event[0]
        for column, kind, value in zip(_COLUMNS, _TYPES, event, strict=True):
            if not isinstance(value, kind):
                return Finding(
                    row.run_id, place, f"event {place} was altered: its {column} is a {type(value).__name__}"
                )
        if seq != place:
            what = f"event {place} is missing (dropped)" if seq > place else f"event {seq} is not a number of this log"
            return Finding(row.run_id, place, what)
        if _hash(row, previous, event, place) != event[6]:
            return Finding(row.run_id, place, _diagnosis(row, previous, events, place))
        if event[1] < ts:
            return Finding(row.run_id, place, f"event {place} is earlier than the one before it")
        try:
            status = next_status(status, event[2])
        except Failure as failure:
            return Finding(row.run_id, place, f"event {place}: {failure.message}")
        previous, ts = event[6], event[1]
    return None


def _hash(row: RunRow, previous: bytes, event: EventRow, seq: int) -> bytes:
    _, ts, kind, step, payload, redaction, _ = event
    return event_hash(previous, event_text(row.run_id, seq, ts, kind, step, payload, redaction))


def _diagnosis(row: RunRow, previous: bytes, events: list[EventRow], place: int) -> str:
    """Which of the ways to break a chain it was, told by which hashes still fit when numbers are put back."""
    event = events[place - 1]
    following = events[place] if place < len(events) else None
    if following is not None:
        if isinstance(following[6], bytes) and _hash(row, previous, following, place) == following[6]:
            if _hash(row, following[6], event, place + 1) == event[6]:
                return f"events {place} and {place + 1} are reordered"
            return f"event {place} was inserted"
        if _hash(row, event[6], following, place + 1) == following[6]:
            return f"event {place} was altered"
        if any(_hash(row, event[6], following, place + 1 + gap) == following[6] for gap in range(1, 9)):
            return f"an event before event {place} was dropped, and the later ones renumbered"
    if any(_hash(row, previous, later, place) == later[6] for later in events[place:]):
        return f"event {place} was reordered or inserted: what belongs there comes later"
    return f"event {place} was altered (it does not follow from the one before it)"


def _row(row: RunRow, events: list[EventRow]) -> Finding | None:
    """What the row of a run says must be what its first and last events say."""
    if not events:
        return Finding(row.run_id, 1, "the run has no events: event 1 is missing (dropped)")
    first, last = events[0], events[-1]
    started = recorded(first[4])
    if not isinstance(started, dict) or (row.workflow, row.plan) != (started.get("workflow"), started.get("plan")):
        return Finding(row.run_id, 0, "the run's workflow or plan is not the one that event 1 names")
    if row.status not in LIFECYCLE or row.status == "new":
        return Finding(row.run_id, 0, f"the run has the unknown status {row.status!r}")
    if row.status in TERMINAL and last[2] != f"run.{row.status}":
        if row.head_seq is not None and row.head_seq > last[0]:
            what = f"event {last[0] + 1} is missing: the end of a {row.status} run was cut off"
            return Finding(row.run_id, last[0] + 1, what)
        return Finding(row.run_id, 0, f"the run's status is {row.status}, but its last event is {last[2]}")
    if row.status not in TERMINAL and last[2] in ENDINGS:
        return Finding(row.run_id, 0, f"the run's status is {row.status}, but its last event is {last[2]}")
    right = row_of(row.run_id, row.workflow, row.plan, events)
    if row.status != right.status:
        return Finding(row.run_id, 0, f"the run's status is {row.status}, but its log says {right.status}")
    if row.due != right.due:
        return Finding(row.run_id, 0, "the run is not due when its log says")
    head = (last[0], last[6]) if row.status in TERMINAL else (None, None)
    if (row.head_seq, row.head_hash) != head:
        return Finding(row.run_id, 0, "the run's head is not its last event")
    return None


def row_of(run_id: str, workflow: str, plan: str, events: list[EventRow]) -> RunRow:
    """The row that a store must have of a run with these events."""
    row = RunRow(run_id, workflow, plan)
    for seq, ts, kind, _, payload, _, digest in events:
        try:
            row.status = next_status(row.status, kind)
        except Failure:  # what is wrong is found by whoever verifies it
            break
        if kind in OUTSIDE:
            row.due = ts if row.status == "waiting" else row.due
        elif row.status == "waiting":
            row.due = _earliest(recorded(payload))
        else:
            row.due = ts if row.status == "queued" else None
        if row.status in TERMINAL:
            row.head_seq, row.head_hash = seq, digest
    return row


def _earliest(payload: Any) -> int | None:
    """When a run that waits is to be driven again."""
    on = payload.get("on") if isinstance(payload, dict) else None
    ends = [wait.get("until") for wait in on if isinstance(wait, dict)] if isinstance(on, list) else []
    return min((end for end in ends if isinstance(end, int)), default=None)


def head_of(store: Store, row: RunRow) -> tuple[int, str]:
    """How many events a run has, and the hash of the last one (hexadecimal): what `verify --head` wants later."""
    count, digest = 0, GENESIS
    for event in store.events(row):
        count, digest = event[0], event[6]
    return count, digest.hex()


def exported(row: RunRow, event: EventRow) -> str:
    """One event as a line of canonical JSON with its hash in hexadecimal."""
    seq, ts, kind, step, payload, redaction, digest = event
    fields = {"run_id": row.run_id, "seq": seq, "ts": ts, "type": kind, "step": step, "hash": digest.hex()}
    return canonical(fields | {"payload": recorded(payload), "redaction": recorded(redaction) if redaction else None})
