"""Steps that wait: for time to pass, for a signal, for the first of several branches, for something that may take too long."""

from __future__ import annotations

from .branches import Cancelled
from .budgets import earliest
from .canonical import canonical, recorded
from .errors import Divergence, Failure
from .models import decode
from .yielded import Contest, Pause

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence
    from typing import Any

    from .budgets import Budget
    from .context import Time
    from .models import Check
    from .run import Run

    Body = Coroutine[Any, Any, Any]

_TIMESTAMP = "google.protobuf.Timestamp"


async def wait(run: Run, step: str, value: Time, budgets: Sequence[Budget] = ()) -> None:
    """Go on after a duration, or at a point in time."""
    await passed(run, step, _end(run, step, "wait", value), {"kind": "timer"}, budgets)
    run.note("timer.fired", step, {})


def _end(run: Run, step: str, kind: str, value: Time) -> int:
    nanos = value.nanos - run.now() * 1000 if value.cel_kind == _TIMESTAMP else value.nanos
    return run.deadline(step, kind, nanos)


async def passed(
    run: Run,
    step: str,
    until: int,
    about: Mapping[str, object],
    budgets: Sequence[Budget] = (),
    arrived: Callable[[], Any] = bool,
) -> Any:
    """What has `arrived` in time, or something false when the time is over. In a test nothing takes time; in a replay time is over
    where the log says so, whatever the clock says."""
    if "timer.fired" in run.recorded(step) or run.setting.instant:
        return None
    if budgets and "budget.exceeded" in run.recorded(f"{step}#budget"):
        budgets[0].require_time(f"{step}#budget")
    while not (found := arrived()):
        await Pause(step, earliest(until, budgets), about, run.setting.patience)
        if run.now() >= until:
            return arrived()
        for budget in budgets:
            if budget.deadline is not None and run.now() >= budget.deadline:
                budget.require_time(f"{step}#budget")
    return found


async def answered(
    run: Run,
    step: str,
    until: int,
    about: Mapping[str, object],
    arrived: Callable[[], Any],
    budgets: Sequence[Budget] = (),
) -> Any:
    """What people have said in time, as `passed`. When the run goes on without them the log says so: nobody is asked any more."""
    try:
        return await passed(run, step, until, about, budgets, arrived)
    except Divergence:
        raise
    except (Cancelled, Failure):
        if run.performs:  # logs of runs that ended before this event was known do without it
            run.note("step.withdrawn", step, {})
        raise


async def signalled(
    run: Run,
    step: str,
    name: str,
    check: Check,
    within: Time,
    otherwise: Callable[[], Any],
    budgets: Sequence[Budget] = (),
) -> Any:
    """What somebody sends the run under that name; `otherwise()` when nobody does in time. Every signal is taken by one step."""
    before = run.recorded(step)
    if "step.completed" in before:
        return decode(check, recorded(before["step.completed"])["result"], f"the recorded signal {name}")
    until = _end(run, step, "signal", within)
    about = {"kind": "signal", "name": name}
    sent = run.setting.mocks.signal(name, step) if run.setting.mocks is not None else None
    if sent is None:
        sent = await passed(run, step, until, about, budgets, lambda: run.received.signal(name, until))
    if sent is None:
        run.note("timer.fired", step, {})
        return otherwise()
    value = decode(check, sent["payload"], f"the signal {name}")
    done = {"delivery": sent["delivery"], "op": "signal", "result": sent["payload"]}
    run.append("step.completed", step, canonical(done))
    return value


async def race(run: Run, step: str, need: int, bodies: Sequence[Callable[[], Body]]) -> list[Any]:
    """The values of the first `need` coroutines that end well, in the order of the coroutines."""

    def taken(winners: Sequence[int]) -> None:
        run.note("branch.taken", step, {"winners": list(winners)})

    before = run.recorded(step).get("branch.taken")
    decided = None if before is None else [int(index) for index in recorded(before)["winners"]]
    return await Contest(bodies, need, taken, decided)


async def within(run: Run, step: str, seconds: float, make: Callable[[], Body]) -> Any:
    """What the coroutine gives; Failure timeout when that takes longer, also over several processes."""
    timer = f"{step}.timeout"
    until = run.deadline(timer, "timeout", int(seconds * 1e9))
    fired = "timer.fired" in run.recorded(timer)
    late = Failure("timeout", f"no outcome within {seconds:g} s", step=step)

    async def expired() -> Any:
        while not fired:
            await Pause(timer, until, {"kind": "timer"}, max(run.setting.patience, seconds if seconds <= 60 else 0.0))
            if run.now() >= until:
                break
        return late

    def taken(winners: Sequence[int]) -> None:
        if list(winners) == [1]:
            run.note("timer.fired", timer, {})

    (value,) = await Contest([_failing(make), expired], 1, taken, [1] if fired else None)
    if isinstance(value, Failure):
        raise value
    return value


def _failing(make: Callable[[], Body]) -> Callable[[], Body]:
    """The coroutine whose failure is its value: it has come to its end before the timer."""

    async def body() -> Any:
        try:
            return await make()
        except Failure as failure:
            return failure

    return body
