"""A tool step: permission, the call, its events, and what a log says in its place. Writes are in `ledger`."""

from __future__ import annotations

from json.encoder import encode_basestring

from .canonical import canonical, recorded
from .effects import CONTAINERS, Outcome, copied, copied_arguments, perform
from .errors import Failure, failure_payload, restore_failure
from .hashing import sha256
from .history import require_same
from .models import decode, invalid
from .yielded import Call

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .effects import Op
    from .models import Deps
    from .run import Run

INLINE = 1024  # characters of canonical arguments that an event holds; of longer ones it holds the digest


async def call_tool(
    run: Run, step: str, static: str, op: Op, arguments: Mapping[str, Any], timeout: float | None = None
) -> Any:
    """The validated result of an operation after one try; raises Failure with the step's path."""
    grant = run.grants.get(static)
    if grant is None or op.name not in grant.operations:
        grant = run.grant(static, step, "operations", op.name)
    secrets: set[str] = set()
    try:
        shown = run.redactor.value(arguments, secrets) if run.redactor.active else arguments
        stored = canonical(shown)
        if len(stored) > INLINE:
            stored = stored_form(stored)
    except Failure as failure:
        raise run.cleared(failure, step) from None
    if op.effect == "write":
        from .ledger import write

        return await write(run, step, static, op, arguments, stored, grant, secrets, timeout)
    if run.history is not None:
        before = run.recorded(step)
        if "step.completed" in before or "step.failed" in before:
            return replayed(step, op, stored, before)
        if "effect.intended" in before:  # a write that nobody knows the outcome of must not be forgotten
            require_same(step, "effect", "write", op.effect)
    call = call_of(run, step, op, copied_arguments(arguments), run.deps(step, grant))
    if timeout is not None:
        limit(call, timeout)
    outcome = await call
    if outcome.denied is not None:
        run.denied(outcome.denied)
    if outcome.failure is None:
        try:
            value, text = taken(run, op, outcome, secrets)
        except Failure as failure:
            outcome.failure = failure
        else:
            payload = f'{{"args":{stored},"ms":{outcome.ms},"op":{encode_basestring(op.name)},"result":{text}}}'
            run.append("step.completed", step, payload, secrets)
            return value
    raise failed(run, "step.failed", step, outcome, {"op": op.name, "args": recorded(stored)})


def call_of(run: Run, step: str, op: Op, arguments: Mapping[str, Any], deps: Deps) -> Call:
    """The call of an operation, or of what a test has in its place."""
    mocks = run.setting.mocks
    target = op if mocks is None else mocks.stand_in(op)
    return Call(step, op.name, perform, (target.call, arguments, deps), None, False, target is not op)


def limit(call: Call, seconds: float) -> None:
    """Nobody waits longer than so many seconds for the outcome of a call."""
    call.timeout = seconds
    call.late = lambda: _late(seconds)


def _late(seconds: float) -> Outcome:
    outcome = Outcome(None, Failure("timeout", f"no outcome within {seconds:g} s"), int(seconds * 1000))
    outcome.going_on = True
    return outcome


def stored_form(text: str) -> str:
    """A canonical text as events hold it: whole, or its digest when it is long."""
    return text if len(text) <= INLINE else f'{{"sha256":"{sha256(text.encode()).hexdigest()}"}}'


def taken(run: Run, op: Op, outcome: Outcome, secrets: set[str]) -> tuple[Any, str]:
    """The result as run and replay see it: without secrets, decoded; and its canonical text."""
    value: Any = outcome.value
    if value.__class__ in CONTAINERS:
        value = copied(value)
    if run.redactor.active:
        value = run.redactor.value(value, secrets)
    errors: list[str] = []
    value = op.output(value, "$", errors)
    if errors:
        raise invalid(errors, f"the result of {op.name}")
    return value, canonical(value)


def failed(run: Run, kind: str, step: str, outcome: Outcome, more: dict[str, object]) -> Failure:
    """Record that an effect failed, after the tries before the last one if there were any; the failure to raise."""
    assert outcome.failure is not None
    found: set[str] = set()
    failure = run.cleared(outcome.failure, step, found)
    payload = failure_payload(failure) | {"ms": outcome.ms} | more
    if tries := [failure_payload(run.cleared(before, step, found)) for before in outcome.failure.attempts]:
        payload["tries"] = tries
    run.append(kind, step, canonical(payload), found)
    return failure


def replayed(step: str, op: Op, stored: str, before: Mapping[str, str]) -> Any:
    """What the log says a pure or reading step ended in."""
    completed = before.get("step.completed")
    payload = recorded(completed if completed is not None else before["step.failed"])
    require_same_call(step, op, stored, payload)
    if completed is None:
        raise restore_failure(payload, step)
    return decode(op.output, payload["result"], f"the recorded result of {step}")


def require_same_call(step: str, op: Op, stored: str, payload: Mapping[str, Any]) -> None:
    """Raises Divergence unless the log has the same operation with the same arguments."""
    require_same(step, "operation", str(payload.get("op")), op.name)
    require_same(step, "arguments", canonical(payload.get("args")), stored)
