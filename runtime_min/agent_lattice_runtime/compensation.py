"""Taking back what a run has done when it fails or is cancelled: the compensations of its steps, the last one first."""

from __future__ import annotations

from .branches import as_failure
from .errors import Divergence, Failure, failure_payload

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from .effects import Op
    from .retrying import Retry
    from .run import Run


class Undo:
    """The operation that takes back what a step did, with its arguments."""

    __slots__ = ("arguments", "op", "retry")

    def __init__(self, op: Op, arguments: Mapping[str, Any], retry: Retry | None = None) -> None:
        self.op = op
        self.arguments = arguments
        self.retry = retry


class Undone:
    """What a run has to take back if it does not end well: steps with their numbers in the log, by which they are ordered."""

    __slots__ = ("_steps", "done", "failed")

    def __init__(self) -> None:
        self._steps: list[tuple[int, str, str, Undo | Failure]] = []
        self.done: list[str] = []
        self.failed: list[dict[str, object]] = []

    def add(self, place: int, step: str, static: str, undo: Callable[[Any], Undo], result: object) -> None:
        """A step has done something, in the event of that number. Its compensation is made from its result now: variables may
        change later."""
        try:
            made: Undo | Failure = undo(result)
        except Exception as error:
            made = as_failure(error)
        self._steps.append((place, step, static, made))

    def in_reverse(self) -> list[tuple[int, str, str, Undo | Failure]]:
        return sorted(self._steps, key=lambda entry: entry[0], reverse=True)

    def report(self) -> dict[str, object]:
        """What the last event of the run says of it."""
        return {"done": self.done, "failed": self.failed}


async def compensated(run: Run, undone: Undone, error: BaseException) -> Any:
    """Take everything back, then raise the error for which. What cannot be taken back does not keep the rest from it."""
    for _, step, static, undo in undone.in_reverse():
        path = f"{step}.compensate"
        try:
            await _taken_back(run, path, f"{static}.compensate", step, undo)
        except Divergence:
            raise
        except Failure as failure:
            failed = run.cleared(failure, path)
            run.note("compensation.failed", path, failure_payload(failed))
            undone.failed.append({"step": step, "error": failed.code, "message": failed.message})
        else:
            run.note("compensation.completed", path, {})
            undone.done.append(step)
    raise error


async def _taken_back(run: Run, path: str, static: str, step: str, undo: Undo | Failure) -> None:
    from .trying import try_tool

    if isinstance(undo, Failure):
        raise undo
    run.note("compensation.started", path, {"of": step, "op": undo.op.name})
    await try_tool(run, path, static, undo.op, undo.arguments, undo.retry or standard_retry())


def standard_retry() -> Retry:
    """How often a compensation is tried that does not say so itself."""
    from .retrying import Retry

    return Retry(5, 1.0, 60.0, ("timeout", "unavailable", "rate_limited"))
