"""A tool step with all that can be said of it: tries after failures and doubt, a limit of time, how to take it back."""

from __future__ import annotations

from .calling import call_tool
from .canonical import canonical, recorded
from .errors import Divergence, Failure, failure_payload
from .ledger import Redo
from .retrying import lot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from .budgets import Budget
    from .compensation import Undo
    from .effects import Op
    from .retrying import Retry
    from .run import Run

MOST_REDONE = 5  # tries of a write that does not happen, again and again


async def try_tool(
    run: Run,
    step: str,
    static: str,
    op: Op,
    arguments: Mapping[str, Any],
    retry: Retry | None = None,
    timeout: float | None = None,
    undo: Callable[[Any], Undo] | None = None,
    budgets: Iterable[Budget] = (),
) -> Any:
    """The validated result of an operation; raises the Failure of the last try, with the step's path. Tries after the first
    stand in the log under `step#2`, `step#3`, …"""
    attempt = redone = 1
    while True:
        path = step if attempt == 1 else f"{step}#{attempt}"
        try:
            for budget in budgets:
                budget.request(path)
            value = await call_tool(run, path, static, op, arguments, timeout)
            break
        except Redo:
            redone += 1
            if redone > MOST_REDONE:
                raise Failure("in_doubt", f"{op.name} did not happen in {MOST_REDONE} tries", step=step) from None
        except Divergence:
            raise
        except Failure as failure:
            if not await _again(run, path, f"{step}#{attempt + 1}", failure, attempt, retry):
                failure.step, failure.attempt = step, attempt
                raise
        attempt += 1
    if undo is not None:
        run.remember(path, step, static, undo, value)
    return value


async def _again(run: Run, path: str, following: str, failure: Failure, attempt: int, retry: Retry | None) -> bool:
    """Whether there is another try, at the path `following`, after the pause before it."""
    before = run.recorded(path).get("step.retried")
    if before is not None:
        until = int(recorded(before)["until"])
    elif retry is None or not retry.again(failure, attempt):
        return False
    else:
        seconds = retry.pause(failure, attempt, lot(run.journal.row.run_id, path, attempt))
        until = run.now() + int(seconds * 1e6)
        run.append("step.retried", path, canonical(failure_payload(failure) | {"attempt": attempt, "until": until}))
    if not run.setting.instant and not run.recorded(following):
        from .doubts import pause

        await pause(run, path, until, "retry")
    return True
