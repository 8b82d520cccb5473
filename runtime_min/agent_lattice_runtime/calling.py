"""A tool step: permission, the events of its kind of effect, the call, and what a log says in its place."""

from __future__ import annotations

from json.encoder import encode_basestring

from .canonical import canonical, recorded
from .effects import CONTAINERS, copied, copied_arguments, perform
from .engine import Call
from .errors import Failure, failure_payload, restore_failure
from .hashing import sha256
from .history import require_same
from .models import decode, invalid

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .effects import Op, Outcome
    from .run import Run

INLINE = 1024  # characters of canonical arguments that an event holds; of longer ones it holds the digest


async def call_tool(run: Run, step: str, static: str, op: Op, arguments: Mapping[str, Any]) -> Any:
    """The validated result of an operation; raises Failure with the step's path."""
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
    if run.history is not None:
        before = run.recorded(step)
        if (ending := _ending(before)) is not None:
            return _replayed(step, op, stored, before, ending)
        if op.effect == "write":
            return await _write(run, step, op, arguments, stored, grant, secrets, before.get("effect.intended"))
    elif op.effect == "write":
        return await _write(run, step, op, arguments, stored, grant, secrets, None)
    mocks = run.setting.mocks
    target = op if mocks is None else mocks.stand_in(op)
    call = (target.call, copied_arguments(arguments), run.deps(step, grant))
    outcome = await Call(step, op.name, perform, call, None, False, target is not op)
    if outcome.denied is not None:
        run.denied(outcome.denied)
    if outcome.failure is None:
        try:
            value, text = _taken(run, op, outcome, secrets)
        except Failure as failure:
            outcome.failure = failure
        else:
            payload = f'{{"args":{stored},"ms":{outcome.ms},"op":{encode_basestring(op.name)},"result":{text}}}'
            run.append("step.completed", step, payload, secrets)
            return value
    raise _failed(run, "step.failed", step, outcome, {"op": op.name, "args": recorded(stored)})


def stored_form(text: str) -> str:
    """A canonical text as events hold it: whole, or its digest when it is long."""
    return text if len(text) <= INLINE else f'{{"sha256":"{sha256(text.encode()).hexdigest()}"}}'


def _taken(run: Run, op: Op, outcome: Outcome, secrets: set[str]) -> tuple[Any, str]:
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


def _failed(run: Run, kind: str, step: str, outcome: Outcome, more: dict[str, object]) -> Failure:
    """Record that an effect failed, after the tries before the last one if there were any; the failure to raise."""
    assert outcome.failure is not None
    found: set[str] = set()
    failure = run.cleared(outcome.failure, step, found)
    payload = failure_payload(failure) | {"ms": outcome.ms} | more
    if tries := [failure_payload(run.cleared(before, step, found)) for before in outcome.failure.attempts]:
        payload["tries"] = tries
    run.append(kind, step, canonical(payload), found)
    return failure


def _ending(before: Mapping[str, str]) -> str | None:
    """The type of the event that says how the step ended, if it has ended."""
    for kind in ("step.completed", "effect.committed", "step.failed", "effect.failed", "effect.in_doubt"):
        if kind in before:
            return kind
    return None


def _replayed(step: str, op: Op, stored: str, before: Mapping[str, str], ending: str) -> Any:
    payload = recorded(before[ending])
    _require_same_call(
        step, op, stored, recorded(before["effect.intended"]) if "effect.intended" in before else payload
    )
    if ending == "effect.in_doubt":
        raise Failure("in_doubt", str(payload["message"]), step=step)
    if ending.endswith("failed"):
        raise restore_failure(payload, step)
    return decode(op.output, payload["result"], f"the recorded result of {step}")


def _require_same_call(step: str, op: Op, stored: str, payload: Mapping[str, Any]) -> None:
    require_same(step, "operation", str(payload.get("op")), op.name)
    require_same(step, "arguments", canonical(payload.get("args")), stored)


async def _write(
    run: Run,
    step: str,
    op: Op,
    arguments: Mapping[str, Any],
    stored: str,
    grant: Any,
    secrets: set[str],
    intended: str | None,
) -> Any:
    """The intent is durable before the call. An intent without outcome is a call that may have happened: it is made
    again only with a key that makes a second one harmless."""
    key = None
    if op.key is not None:
        key = sha256(f"{op.name}\0{canonical(arguments.get(op.key))}".encode()).hexdigest()[:32]
    intent = None
    if intended is None:
        payload = {"op": op.name, "args": recorded(stored)} | ({"key": key} if key else {})
        intent = ("effect.intended", step, canonical(payload), secrets)
    else:
        _require_same_call(step, op, stored, recorded(intended))
        if key is None and run.performs:
            raise _in_doubt(run, step, op)
    mocks = run.setting.mocks
    target = op if mocks is None else mocks.stand_in(op)
    call = (target.call, copied_arguments(arguments), run.deps(step, grant, key))
    outcome = await Call(step, op.name, perform, call, intent, True, target is not op)
    return _written(run, step, op, outcome, secrets)


def _written(run: Run, step: str, op: Op, outcome: Outcome, secrets: set[str]) -> Any:
    if outcome.denied is not None:
        run.denied(outcome.denied)
    if outcome.failure is None:
        try:
            value, text = _taken(run, op, outcome, secrets)
        except Failure as failure:
            outcome.failure = failure
        else:
            run.append("effect.committed", step, f'{{"ms":{outcome.ms},"result":{text}}}', secrets)
            return value
    raise _failed(run, "effect.failed", step, outcome, {})


def _in_doubt(run: Run, step: str, op: Op) -> Failure:
    message = f"{op.name} was started before the run was interrupted, and nobody knows whether it happened"
    run.note("effect.in_doubt", step, {"op": op.name, "message": message})
    return Failure("in_doubt", message, step=step)
