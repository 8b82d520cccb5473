"""Finding out whether a write happened: by asking a reading operation, or a person."""

from __future__ import annotations

from .calling import call_of
from .canonical import canonical, recorded
from .errors import Failure, failure_payload, restore_failure
from .ledger import Redo
from .models import decode
from .retrying import HOLD, Retry, lot
from .waiting import answered
from .yielded import Pause

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .effects import Op
    from .models import OnDoubt
    from .run import Run

ASKING = Retry(
    4, 1.0, 30.0, ("timeout", "unavailable", "rate_limited")
)  # how often an operation is asked that cannot answer


async def verified(
    run: Run, step: str, static: str, op: Op, doubt: OnDoubt, arguments: Mapping[str, Any], message: str
) -> Any:
    """The result of a write that has happened after all; raises Redo when it has not, Failure in_doubt when that cannot be
    found out."""
    known = run.recorded(step)
    if "effect.failed" in known:
        raise restore_failure(recorded(known["effect.failed"]), step)
    before = known.get("effect.verified")
    if before is None:
        value = await _found(run, step, static, doubt, arguments, message)
        done, result = _meant(op, value)
        text = canonical({"op": _verifying(doubt).name, "done": done} | ({"result": result} if done else {}))
        run.append("effect.verified", step, text)
    else:
        said = recorded(before)
        done, result = said["done"], said.get("result")
    if not done:
        raise Redo
    return decode(op.output, recorded(canonical(result)), f"what {_verifying(doubt).name} found of {step}")


def _verifying(doubt: OnDoubt) -> Op:
    assert doubt.verify is not None
    return doubt.verify


def _meant(op: Op, value: object) -> tuple[bool, object]:
    """Whether the answer says that the write has happened, and with what result: null or false mean that it has not, unless
    they are results themselves."""
    if value is None:
        return False, None
    if isinstance(value, bool):
        errors: list[str] = []
        op.output(value, "$", errors)
        if errors:
            return value, None
    return True, value


async def _found(
    run: Run, step: str, static: str, doubt: OnDoubt, arguments: Mapping[str, Any], message: str
) -> object:
    """What the operation answers, which is asked again while it cannot be reached."""
    verify = _verifying(doubt)
    grant = run.grant(static, step, "operations", verify.name)
    given = {name: arguments[name] for name in doubt.parameters}
    attempt = 1
    while True:
        call = call_of(run, step, verify, given, run.deps(step, grant))
        call.settles = True
        outcome = await call
        if outcome.failure is None:
            value = run.redactor.value(outcome.value) if run.redactor.active else outcome.value
            try:
                return decode(verify.output, value, f"the answer of {verify.name}")
            except Failure as failure:
                outcome.failure = failure
        if not ASKING.again(outcome.failure, attempt):
            found = run.cleared(outcome.failure, step)
            doubted = Failure("in_doubt", f"{message}; and {verify.name} failed: {found.message}", step=step)
            run.append("effect.failed", step, canonical(failure_payload(doubted) | {"ms": outcome.ms}))
            raise doubted
        if not run.setting.instant:
            seconds = ASKING.pause(outcome.failure, attempt, lot(run.journal.row.run_id, step, attempt))
            await pause(run, step, run.now() + int(seconds * 1e6), "retry", settles=True)
        attempt += 1


async def pause(run: Run, step: str, until: int, kind: str, *, settles: bool = False) -> None:
    """Wait until then, in µs since 1970; one that `settles` an effect is not given up with its branch."""
    while True:
        await Pause(step, until, {"kind": kind}, HOLD, settles)
        if run.now() >= until:
            return


async def asked(
    run: Run, step: str, static: str, op: Op, doubt: OnDoubt, arguments: Mapping[str, Any], message: str
) -> Any:
    """The result of a write of which a person says that it has happened; raises Redo when it is to be made again, Failure
    in_doubt when it has not happened and is not to, or when nobody answers in time."""
    until = run.deadline(step, "doubt", int(doubt.within * 1e9))
    about = {"kind": "doubt", "role": doubt.role, "op": op.name}
    said = await answered(run, step, until, about, lambda: run.received.resolution(step, until))
    if said is None:
        run.note("timer.fired", step, {})
        raise Failure("in_doubt", f"{message}; nobody resolved it in time", step=step)
    if said["as"] == "redo":
        raise Redo
    if said["as"] == "done":
        return decode(op.output, said.get("result"), f"the result that {said.get('by', '')} gave for {step}")
    raise Failure("in_doubt", f"{message}; {said.get('by') or 'somebody'} says that it failed", step=step)
