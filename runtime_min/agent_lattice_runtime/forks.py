"""New runs that begin as an old one did, up to a step: with other values if wanted, and from there on by themselves.

What is taken over are the old run's events before the step, in a log and a chain of its own. A step that was going on when
the step began comes with its outcome: it cannot depend on it, and an effect is not made twice. A wait that had not ended
begins anew.
"""

from __future__ import annotations

from time import time_ns

from .canonical import canonical, recorded
from .errors import Divergence, Failure
from .execute import find_run, new_run_id
from .journal import GENESIS, RunRow, check_run_id, event_hash, event_text
from .proving import prove
from .run import FORMAT
from .time_travel import belongs, first_event, unknown_step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from .journal import EventRow
    from .models import Workflow
    from .stores import Store

    Text = tuple[int, str, str, str, str | None]  # ts, type, step, payload, redaction

_OUTCOMES = frozenset(
    (
        "effect.committed",
        "effect.failed",
        "effect.in_doubt",
        "effect.verified",
        "effect.resolved",
        "llm.completed",
        "llm.failed",
    )
)
_UNDOING = ("compensation.started", "compensation.completed", "compensation.failed")


class Write:
    """A write of the old run that the new one comes to again, if it goes the same way."""

    __slots__ = ("key", "op", "step")

    def __init__(self, step: str, op: str, key: str | None) -> None:
        self.step = step
        self.op = op
        self.key = key


class Fork:
    """A new run: `run_id`, the step it begins anew with ("" for the end of the old log), the number of that step's first event there,
    how many events were taken over, and the writes of the old run from there on."""

    __slots__ = ("kept", "run_id", "seq", "step", "writes")

    def __init__(self, run_id: str, step: str, seq: int, kept: int, writes: list[Write]) -> None:
        self.run_id = run_id
        self.step = step
        self.seq = seq
        self.kept = kept
        self.writes = writes


def fork(
    workflow: Workflow,
    run_id: str,
    store: Store,
    step: str | None = None,
    changes: Mapping[str, str] = {},
    new_id: str | None = None,
    clock: Callable[[], int] = time_ns,
) -> Fork:
    """Store a new run that waits to be resumed just before `step`: without one before the step in which the old run failed, or,
    when it was cancelled or has not ended, where its log ends.

    `changes` are texts by name: of a parameter, or of an earlier step whose result is to be another. Raises Failure
    not_found for an unknown run or step, validation for a value that does not fit, conflict when the new run could not
    have come to the step: the id is taken, the code or a changed value makes an earlier step another one (a Divergence),
    or the old run has taken back what the new one would build on.
    """
    old = find_run(store, run_id)
    if old.workflow != workflow.name:
        raise Failure("conflict", f"run {run_id} is a run of {old.workflow}, not of {workflow.name}")
    if new_id is not None and store.find(check_run_id(new_id)) is not None:
        raise Failure("conflict", f"there is a run {new_id} already")
    events = list(store.events(old))
    step = _failed_step(run_id, events) if step is None else step
    seq = _place(run_id, step, events)
    kept = _kept(events, seq)
    _refuse_undone(run_id, events, kept)
    row = RunRow(new_id or new_run_id(), workflow.name, str(workflow.manifest.get("plan", "")))
    origin = {"at": clock() // 1000, "run": run_id, "seq": seq, "step": step}
    started, kept = _changed(workflow, run_id, recorded(events[0][4])["input"], kept, changes, step)
    if changes:
        origin["changed"] = sorted(changes)
    written = _written(workflow, row, events[0][1], {"input": started, "forked_from": origin}, kept, step)
    _prove(workflow, row, written, changes)
    row.status = "waiting"
    store.append(((row, written),))
    return Fork(row.run_id, step, seq, len(kept), _writes(events, kept, seq))


def _failed_step(run_id: str, events: Sequence[EventRow]) -> str:
    """The step in which a run failed; empty for one that has not failed and not completed."""
    last = events[-1]
    if last[2] == "run.completed":
        raise Failure("validation", f"run {run_id} has completed: say from which step the new one is to begin anew")
    if last[2] != "run.failed":
        return ""
    step = recorded(last[4]).get("step")
    if not step or first_event(events, step) is None:
        raise Failure("validation", f"run {run_id} failed outside of its steps: say from which step to begin anew")
    return str(step)


def _place(run_id: str, step: str, events: Sequence[EventRow]) -> int:
    """The number of the first event that is not taken over."""
    if step:
        seq = first_event(events, step)
        if seq is None:
            raise unknown_step(run_id, step, events)
        return seq
    ends = (event[0] for event in events if event[2] in ("run.cancelling", "run.cancelled"))
    return next(ends, events[-1][0] + 1)


def _kept(events: Sequence[EventRow], seq: int) -> list[EventRow]:
    """The events that a new run takes over: what had happened before `seq`, and the outcomes of what was going on."""
    before = [event for event in events if event[0] < seq and event[2][:4] != "run."]
    settled = {event[3] for event in before if event[2] in _OUTCOMES}
    opened = {event[3] for event in before if event[2] in ("effect.intended", "llm.requested")} - settled
    late = [event for event in events if event[0] >= seq and event[3] in opened and event[2] in _OUTCOMES]
    pending = _unfinished_waits(before)
    return [event for event in before if (event[2], event[3]) not in pending] + late


def _unfinished_waits(before: Sequence[EventRow]) -> set[tuple[str, str]]:
    """(type, step) of timers and questions that nothing has come of: the new run sets and asks them at its own time."""
    ended = {
        event[3]
        for event in before
        if event[2] in ("timer.fired", "approval.decided", "effect.resolved", "step.withdrawn")
    }
    ended |= {event[3] for event in before if event[2] in ("step.completed", "step.failed")}
    return {
        (event[2], event[3])
        for event in before
        if event[2] in ("timer.set", "approval.requested")
        and event[3] not in ended
        and event[3].removesuffix(".timeout") not in ended
    }


def _refuse_undone(run_id: str, events: Iterable[EventRow], kept: Iterable[EventRow]) -> None:
    """Raises Failure conflict when the old run has taken back a write that the new one would take for done."""
    undone = [str(recorded(event[4]).get("of")) for event in events if event[2] == "compensation.started"]
    done = {event[3] for event in kept if event[2] == "effect.committed"}
    for step in undone:
        if any(belongs(path, step) for path in done) and not any(event[2] in _UNDOING for event in kept):
            raise Failure("conflict", f"run {run_id} has taken back {step}: begin anew there or before", step=step)


def _changed(
    workflow: Workflow, run_id: str, given: Any, kept: list[EventRow], changes: Mapping[str, str], step: str
) -> tuple[Any, list[EventRow]]:
    if not changes:
        return given, kept
    from .changed_values import changed

    return changed(workflow, run_id, given, kept, changes, step)


def _written(
    workflow: Workflow, row: RunRow, ts: int, head: Mapping[str, object], kept: Iterable[EventRow], step: str
) -> list[EventRow]:
    """The log of the new run: its first event, what is taken over, and that it waits to be resumed."""
    manifest = workflow.manifest
    first = {
        "compiler": str(manifest.get("compiler", "")),
        "format": FORMAT,
        "plan": row.plan,
        "workflow": row.workflow,
    }
    waits = {"on": [{"kind": "parked", "name": "fork", "step": step, "until": None}]}
    texts: list[Text] = [(ts, "run.started", "", canonical({**first, **head}), None)]
    texts += [event[1:6] for event in kept]
    texts.append((texts[-1][0], "run.waiting", "", canonical(waits), None))
    previous, latest = GENESIS, 0
    found: list[EventRow] = []
    for seq, (at, kind, where, payload, redaction) in enumerate(texts, 1):
        latest = max(latest, at)
        previous = event_hash(previous, event_text(row.run_id, seq, latest, kind, where, payload, redaction))
        found.append((seq, latest, kind, where, payload, redaction, previous))
    return found


def _prove(workflow: Workflow, row: RunRow, written: list[EventRow], changes: Mapping[str, str]) -> None:
    """Raises what speaks against the new run: code or values with which it does not come to where its log ends."""
    try:
        prove(workflow, row, written, changes)
    except Divergence as divergence:
        why = "with these values" if changes else "with the code of today"
        message = f"{why} the run would not have come to its step: {divergence.message}"
        raise Divergence(
            message, step=divergence.step, details=divergence.details, likely="" if changes else divergence.likely
        ) from None


def _writes(events: Iterable[EventRow], kept: Iterable[EventRow], seq: int) -> list[Write]:
    """The writes that the old run has begun from `seq` on."""
    over = {event[3] for event in kept}
    return [
        Write(event[3], str(said.get("op")), said.get("key"))
        for event in events
        if event[0] >= seq and event[2] == "effect.intended" and event[3] not in over
        for said in (recorded(event[4]),)
    ]
