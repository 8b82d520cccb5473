"""What people and other systems bring to a run: each is an event at the end of its log, put there once.

The log decides: who wants to add an event while somebody else does looks again and tries again. A run that waits is due
from then on.
"""

from __future__ import annotations

from time import time_ns

from .canonical import canonical, recorded
from .checks import ABSENT
from .errors import Conflict, Failure
from .execute import find_run, redactor_of
from .history import History
from .journal import TERMINAL, Journal
from .models import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from .models import Workflow
    from .redaction import Redactor
    from .stores import Store

    Clock = Callable[[], int]  # nanoseconds since 1970

TRIES = 1000  # of appending at an end that keeps moving
LONGEST = 200  # characters of a delivery id


def signal(
    workflow: Workflow,
    store: Store,
    run_id: str,
    name: str,
    value: object,
    *,
    by: str = "",
    delivery: str | None = None,
    clock: Clock = time_ns,
) -> bool:
    """Send a run a value. False when that delivery has been made before. Raises Failure not_found for an unknown run or a signal that
    the workflow does not wait for, validation for a value of another type, conflict for a run that is over or to be cancelled."""
    check = workflow.signals.get(name)
    if check is None:
        known = ", ".join(sorted(workflow.signals)) or "none"
        raise Failure("not_found", f"{workflow.name} waits for no signal {name}; there are: {known}")
    redactor = redactor_of(workflow)
    value = redactor.value(value)
    sent = decode(check, value, f"the value of the signal {name}")
    payload = {"name": name, "payload": recorded(canonical(sent))} | _sender(by)

    def refuse(history: History, now: int) -> None:
        if history.received.cancelling is not None:
            raise Failure("conflict", f"run {run_id} is to be cancelled: it takes no signal any more")

    return _delivered(workflow, store, redactor, run_id, "signal.received", "", payload, delivery, clock, refuse)


def decide(
    workflow: Workflow,
    store: Store,
    run_id: str,
    step: str | None,
    approved: bool,
    *,
    by: str,
    reason: str = "",
    values: Mapping[str, Any] | None = None,
    shown: str | None = None,
    delivery: str | None = None,
    clock: Clock = time_ns,
) -> bool:
    """Approve or reject what a step asks; no step needs to be named while only one asks. `shown` is the digest of what the person has
    seen, None for what the step shows now. False when that delivery has been made before. Raises Failure not_found, conflict
    (several steps ask and none was named, nobody is asked any more, something else was shown, the run is over), validation for values
    of another type."""
    history = _history(workflow, store, run_id)
    if delivery is not None and delivery in history.received.ids:
        return False
    now = clock() // 1000
    at = step or _only_open(history, run_id, now)
    question = _require_open(history, run_id, at, now)
    if shown is not None and shown != question["shown"]:
        raise Failure("conflict", f"run {run_id} shows something else at {at} than what was decided on")
    redactor = redactor_of(workflow)
    payload: dict[str, Any] = {"approved": approved, "shown": question["shown"], "by": by}
    if reason:
        payload["reason"] = reason
    if values:
        payload["values"] = _changed(workflow, at, question["values"], redactor.value(dict(values)))

    def refuse(history: History, now: int) -> None:
        _require_open(history, run_id, at, now)

    return _delivered(workflow, store, redactor, run_id, "approval.decided", at, payload, delivery, clock, refuse)


def _changed(workflow: Workflow, step: str, shown: Mapping[str, Any], values: Any) -> dict[str, Any]:
    """The values that are changed, checked; raises Failure validation."""
    for name in values:
        if name not in shown:
            raise Failure("validation", f"{step} shows no value {name}; it shows {', '.join(shown) or 'none'}")
    known = workflow.approvals.get(static_id(step))
    if known is not None and known[1] is not None:
        checked = decode(known[1], {**shown, **values}, "the change")
        values = {name: checked[name] for name in values}
    changed: dict[str, Any] = recorded(canonical(values))
    return changed


def resolve(
    workflow: Workflow,
    store: Store,
    run_id: str,
    step: str,
    how: str,
    *,
    by: str,
    value: object = ABSENT,
    delivery: str | None = None,
    clock: Clock = time_ns,
) -> bool:
    """Say of a write in doubt that it is `done` (with its result), to be made again (`redo`), or failed (`fail`). False when that
    delivery has been made before. Raises Failure not_found when no such write waits for that, conflict when it does not any more,
    validation."""
    history = _history(workflow, store, run_id)
    if delivery is not None and delivery in history.received.ids:
        return False
    said = _require_doubt(history, run_id, step, clock() // 1000)
    if how not in ("done", "redo", "fail"):
        raise Failure("validation", f"a write is done, redo or fail, not {how!r}")
    redactor = redactor_of(workflow)
    payload: dict[str, Any] = {"as": how, "by": by}
    if how == "done":
        result = None if value is ABSENT else redactor.value(value)
        op = workflow.operations.get(str(said.get("op")))
        if op is not None:
            result = decode(op.output, result, f"the result of {said.get('op')}")
        payload["result"] = recorded(canonical(result))

    def refuse(history: History, now: int) -> None:
        _require_doubt(history, run_id, step, now)

    return _delivered(workflow, store, redactor, run_id, "effect.resolved", step, payload, delivery, clock, refuse)


def cancel(
    workflow: Workflow,
    store: Store,
    run_id: str,
    message: str,
    *,
    by: str = "",
    delivery: str | None = None,
    clock: Clock = time_ns,
) -> bool:
    """Ask that a run starts nothing more, takes back what it did and ends. False when it was asked before. Raises Failure not_found,
    conflict when it is over."""
    if _history(workflow, store, run_id).received.cancelling is not None:
        return False
    redactor = redactor_of(workflow)
    payload = {"message": redactor.text(message)} | _sender(by)
    return _delivered(workflow, store, redactor, run_id, "run.cancelling", "", payload, delivery, clock)


def open_approvals(history: History, now: int = 0) -> dict[str, dict[str, Any]]:
    """What a run asks people at `now` (µs since 1970; 0: however late it is), by step."""
    if history.received.cancelling is not None:
        return {}
    return {
        step: recorded(events["approval.requested"])
        for step, events in history.steps()
        if "approval.requested" in events and not _closed(history, step, now)
    }


def _closed(history: History, step: str, now: int) -> str:
    """Why people are not asked any more what a step has asked; "" while they are."""
    events = history.at(step)
    asked = recorded(events["approval.requested"])
    decision = history.received.decision(step, asked["until"], asked["shown"])
    if decision is not None:
        return f"{decision['by'] or 'somebody'} has {'approved' if decision['approved'] else 'rejected'} it already"
    if history.received.cancelling is not None:
        return "it is to be cancelled"
    if "step.withdrawn" in events:
        return "it has gone on without an answer"
    return "the time for that is over" if "timer.fired" in events or now > asked["until"] else ""


def _require_open(history: History, run_id: str, step: str, now: int) -> dict[str, Any]:
    """What a step asks; raises Failure not_found, conflict."""
    events = history.at(step)
    if "approval.requested" not in events:
        raise Failure("not_found", f"run {run_id} asks nothing at {step}{_open_text(history, now)}")
    _require_going_on(history, run_id)
    if why := _closed(history, step, now):
        raise Failure("conflict", f"run {run_id} does not ask at {step} any more: {why}")
    question: dict[str, Any] = recorded(events["approval.requested"])
    return question


def _require_doubt(history: History, run_id: str, step: str, now: int) -> dict[str, Any]:
    """What is said of the write of a step, whose outcome somebody is to say; raises Failure not_found, conflict."""
    events = history.at(step)
    doubt: dict[str, Any] = recorded(events["effect.in_doubt"]) if "effect.in_doubt" in events else {}
    if doubt.get("policy") != "ask":
        raise Failure("not_found", f"no write of run {run_id} waits at {step} for somebody who says what became of it")
    _require_going_on(history, run_id)
    until = recorded(events["timer.set"])["until"] if "timer.set" in events else now
    resolved = history.received.resolution(step, until)
    if resolved is not None:
        why = f"{resolved['by'] or 'somebody'} has said {resolved['as']} already"
    elif "step.withdrawn" in events:
        why = "it has gone on without an answer"
    elif "timer.fired" in events or now > until:
        why = "the time for that is over"
    else:
        return doubt
    raise Failure("conflict", f"run {run_id} does not ask what became of {step} any more: {why}")


def _require_going_on(history: History, run_id: str) -> None:
    if history.status in TERMINAL:
        raise Failure("conflict", f"run {run_id} is over: it {_ended(history.status)}")


def static_id(step: str) -> str:
    """The id in the manifest of a step with this path: without indices and attempts."""
    return ".".join(part.partition("[")[0] for part in step.partition("#")[0].split("."))


def _only_open(history: History, run_id: str, now: int) -> str:
    _require_going_on(history, run_id)
    steps = list(open_approvals(history, now))
    if len(steps) == 1:
        return steps[0]
    if not steps:
        raise Failure("not_found", f"run {run_id} asks nothing at the moment")
    raise Failure("conflict", f"run {run_id} asks several things: say which{_open_text(history, now)}")


def _open_text(history: History, now: int) -> str:
    steps = ", ".join(open_approvals(history, now))
    return f"; open are: {steps}" if steps else ""


def _sender(by: str) -> dict[str, str]:
    return {"by": by} if by else {}


def _history(workflow: Workflow, store: Store, run_id: str) -> History:
    row = find_run(store, run_id)
    if row.workflow != workflow.name:
        raise Failure("conflict", f"run {run_id} is a run of {row.workflow}, not of {workflow.name}")
    return History(store.events(row))


def _delivered(
    workflow: Workflow,
    store: Store,
    redactor: Redactor,
    run_id: str,
    kind: str,
    step: str,
    payload: Mapping[str, Any],
    delivery: str | None,
    clock: Clock,
    refuse: Callable[[History, int], None] | None = None,
) -> bool:
    """Append the event at the end of the run's log, once. `refuse` raises when what has been appended meanwhile, or the time of the
    event in µs, makes it one that would not count."""
    if delivery is None:
        from .execute import new_run_id

        delivery = new_run_id()
    if not 0 < len(delivery) <= LONGEST:
        raise Failure("validation", f"a delivery id has 1 to {LONGEST} characters")
    text = canonical({**payload, "delivery": redactor.text(delivery)})
    for _ in range(TRIES):
        row = find_run(store, run_id)
        history = History(store.events(row))
        if delivery in history.received.ids:
            return False
        _require_going_on(history, run_id)
        journal = Journal(row, redactor, history.last, clock)
        journal.append(kind, step, text)
        if refuse is not None:
            refuse(history, journal.ts)
        if row.status == "waiting":
            row.due = journal.ts
        try:
            store.append(((row, journal.pending),))
        except Conflict:
            continue
        return True
    raise Failure("unavailable", f"the log of run {run_id} is being written all the time")


def _ended(status: str) -> str:
    return f"was {status}" if status == "cancelled" else f"has {status}"
