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

HOLD = 60.0  # seconds that a write is waited for which nothing else ends
MARGIN = 1.0  # seconds in which a call that breaks off has done so
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
        doubt = _doubt(run, step, op, known, looks=not outcome.going_on)
        return await _doubted(run, step, static, op, arguments, doubt, _answered(outcome.failure))
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
        run.intended[step] = run.now()
        payload = {"op": op.name, "args": recorded(stored)} | ({"key": key} if key else {})
        call.intent = ("effect.intended", step, canonical(payload), secrets)
    if timeout is not None:
        limit(call, _patience(op, timeout))
    return await call  # type: ignore[no-any-return]


def _patience(op: Op, timeout: float) -> float:
    """Seconds in which a write has to come to its end. One that is looked up in doubt is waited for when its time is over, as its
    outcome may still become another one: until an operation with a time limit of its own has broken off, or for a minute."""
    if op.doubt is None or op.doubt.sort != "verify":
        return timeout
    own = limit_of(op)
    return timeout + HOLD if own is None else max(timeout, own + MARGIN)


def limit_of(op: Op) -> float | None:
    """Seconds after which an operation breaks a call off by itself; None when it does not."""
    return getattr(op, "timeout", None)


def _answered(failure: Failure) -> bool:
    """Whether the service itself has said something: then it does nothing any more."""
    return getattr(failure, "status", 0) == 500 or (
        failure.code == "malformed_output" and getattr(failure, "status", 0) > 0
    )


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


def _doubt(run: Run, step: str, op: Op, failure: Failure | None, *, looks: bool = True) -> dict[str, Any]:
    """Record that nobody knows whether a write happened, because of a failure or because the process ended; and what follows. A
    write that goes on cannot be looked up."""
    if failure is None:
        message = f"{op.name} was started before the run was interrupted, and nobody knows whether it happened"
    else:
        message = f"nobody knows whether {op.name} happened: {failure.message}"
    policy = op.doubt.sort if op.doubt is not None else "fail" if op.key is None else "retry"
    if policy == "verify" and not looks:
        policy = "fail"
    payload: dict[str, Any] = {"op": op.name, "message": message, "policy": policy}
    if failure is not None:
        payload["cause"] = failure_payload(failure)
    run.append("effect.in_doubt", step, canonical(payload))
    run.places[step] = run.journal.seq
    return payload


async def _doubted(
    run: Run,
    step: str,
    static: str,
    op: Op,
    arguments: Mapping[str, Any],
    said: Mapping[str, Any],
    answered: bool = False,
) -> Any:
    """What becomes of a write in doubt: its result, Redo, or a Failure. `answered`: it is over, whatever has become of it."""
    policy = str(said.get("policy", "fail"))
    if policy == "retry" and "cause" in said:
        failure = restore_failure(said["cause"], step)
        failure.doubtful = True
        raise failure
    if policy == "assume":
        return decode(op.output, None, f"the assumed result of {step}")
    if policy in ("verify", "ask") and op.doubt is not None:
        from .doubts import asked, verified

        if policy == "verify" and not answered and "effect.verified" not in run.recorded(step):
            await _over(run, step, op)
        follow = verified if policy == "verify" else asked
        return await follow(run, step, static, op, op.doubt, arguments, str(said["message"]))
    raise Failure("in_doubt", str(said["message"]), step=step)


async def _over(run: Run, step: str, op: Op) -> None:
    """Wait until the call of a write cannot go on any more at the other side either, as far as the limit of its time says: what is
    looked up before that may become another. A Python tool is over with its process, or has been waited for."""
    own = limit_of(op)
    if own is None or run.setting.instant:
        return
    until = run.intended.get(step, 0) + int((own + MARGIN) * 1e6)
    if run.performs and run.now() < until:
        from .doubts import pause

        await pause(run, step, until, "retry", settles=True)
