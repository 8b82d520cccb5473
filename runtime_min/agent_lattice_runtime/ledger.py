"""The ledger of writes: intent before the call, outcome after it, and what follows when the outcome is not known.

The outcome of a write is `committed`, `failed` or `in doubt`: the process ended between intent and outcome, or the answer never
came. A write with a key may be made again with the same key; for any other the operation says what to do.
"""

from __future__ import annotations

from .calling import call_of, failed, limit, require_same_call, taken
from .canonical import canonical, recorded
from .effects import copied_arguments
from .errors import Failure, failure_payload, restore_failure
from .hashing import sha256
from .history import require_same
from .models import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .effects import Op, Outcome
    from .run import Run

_UNCERTAIN = ("timeout", "unavailable", "malformed_output")
_UNCERTAIN_STATUS = (500, 502, 504)  # the service, or what stands before it, broke off in the middle


class Redo(Exception):
    """The write has not happened, as somebody has found out: it is made again, as another try."""


async def write(
    run: Run,
    step: str,
    static: str,
    op: Op,
    arguments: Mapping[str, Any],
    stored: str,
    grant: Any,
    secrets: set[str],
    timeout: float | None,
) -> Any:
    """The validated result of one try of a write; raises Failure, and Redo when it has to be made again."""
    before = run.recorded(step)
    intended = before.get("effect.intended")
    if intended is not None:
        require_same_call(step, op, stored, recorded(intended))
        if "effect.committed" in before:
            payload = recorded(before["effect.committed"])
            return decode(op.output, payload["result"], f"the recorded result of {step}")
        if "effect.in_doubt" in before:
            return await _doubted(run, step, static, op, arguments, recorded(before["effect.in_doubt"]))
        if "effect.failed" in before:
            raise restore_failure(recorded(before["effect.failed"]), step)
        if op.key is None and run.performs:
            return await _doubted(run, step, static, op, arguments, _doubt(run, step, op, None))
    elif other := before.keys() - {"compensation.started"}:  # that stands before the intent: a log may end with it
        require_same(step, "kind of effect", min(other), "effect.intended")
    outcome = await _made(run, step, op, arguments, stored, grant, secrets, timeout, intended is None)
    if outcome.denied is not None:
        run.denied(outcome.denied)
    if outcome.failure is None:
        try:
            value, text = taken(run, op, outcome, secrets)
        except Failure as failure:
            outcome.failure = failure
        else:
            run.append("effect.committed", step, f'{{"ms":{outcome.ms},"result":{text}}}', secrets)
            run.places[step] = run.journal.seq
            return value
    elif uncertain(outcome.failure):
        known = run.cleared(outcome.failure, step)
        return await _doubted(run, step, static, op, arguments, _doubt(run, step, op, known))
    raise failed(run, "effect.failed", step, outcome, {})


async def _made(
    run: Run,
    step: str,
    op: Op,
    arguments: Mapping[str, Any],
    stored: str,
    grant: Any,
    secrets: set[str],
    timeout: float | None,
    first: bool,
) -> Outcome:
    """The outcome of the call, whose intent is durable before it. An intent without outcome is a call that may have been made:
    with its key it is made again, also in a branch that nobody needs any more."""
    key = _key(run, step, op, arguments)
    call = call_of(run, step, op, copied_arguments(arguments), run.deps(step, grant, key))
    call.write = True
    call.settles = not first
    if first:
        payload = {"op": op.name, "args": recorded(stored)} | ({"key": key} if key else {})
        call.intent = ("effect.intended", step, canonical(payload), secrets)
    if timeout is not None:
        limit(call, timeout)
    return await call  # type: ignore[no-any-return]


def _key(run: Run, step: str, op: Op, arguments: Mapping[str, Any]) -> str | None:
    """The key of a call, the same whenever it is made again; None without one. Raises Failure validation when it would be made
    of a value that the run does not have."""
    if op.key is None:
        return None
    text = canonical(arguments.get(op.key))
    if run.redactor.labelled:
        from .labels import labels_in

        if labels_in(text):
            raise Failure("validation", f"the key of {op.name} is hidden, so it would be the same for all", step=step)
    return sha256(f"{op.name}\0{text}".encode()).hexdigest()[:32]


def uncertain(failure: Failure) -> bool:
    """Whether a write that failed like this may have happened all the same."""
    status = getattr(failure, "status", 0)
    if status:
        return status in _UNCERTAIN_STATUS or failure.code == "malformed_output"
    return failure.code == "in_doubt" or (failure.code in _UNCERTAIN and not failure.unsent)


def _doubt(run: Run, step: str, op: Op, failure: Failure | None) -> dict[str, Any]:
    """Record that nobody knows whether a write happened, because of a failure or because the process ended; and what follows."""
    if failure is None:
        message = f"{op.name} was started before the run was interrupted, and nobody knows whether it happened"
    else:
        message = f"nobody knows whether {op.name} happened: {failure.message}"
    policy = op.doubt.sort if op.doubt is not None else "fail" if op.key is None else "retry"
    payload: dict[str, Any] = {"op": op.name, "message": message, "policy": policy}
    if failure is not None:
        payload["cause"] = failure_payload(failure)
    run.append("effect.in_doubt", step, canonical(payload))
    run.places[step] = run.journal.seq
    return payload


async def _doubted(
    run: Run, step: str, static: str, op: Op, arguments: Mapping[str, Any], said: Mapping[str, Any]
) -> Any:
    """What becomes of a write in doubt: its result, Redo, or a Failure."""
    policy = str(said.get("policy", "fail"))
    if policy == "retry" and "cause" in said:
        failure = restore_failure(said["cause"], step)
        failure.doubtful = True
        raise failure
    if policy == "assume":
        return decode(op.output, None, f"the assumed result of {step}")
    if policy in ("verify", "ask") and op.doubt is not None:
        from .doubts import asked, verified

        follow = verified if policy == "verify" else asked
        return await follow(run, step, static, op, op.doubt, arguments, str(said["message"]))
    raise Failure("in_doubt", str(said["message"]), step=step)
