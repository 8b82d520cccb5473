"""The coroutines of a run side by side: tasks, the groups they form, and whose failure counts."""

from __future__ import annotations

from .errors import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from typing import Any

    from .engine import Join
    from .run import Run

    Body = Coroutine[Any, Any, Any]


class Cancelled(BaseException):
    """Thrown into a branch whose sibling has failed, where it wants to start its next effect."""


class Group:
    """The branches of one Join."""

    __slots__ = ("bodies", "cancelled", "errors", "open", "parent", "results", "tasks", "width")

    cancelled: bool

    def __init__(self, parent: Task, join: Join) -> None:
        self.parent = parent
        self.bodies: Iterator[Callable[[], Body]] = iter(join.bodies)
        self.width = join.width
        self.open = 0
        self.cancelled = parent.cancelled
        self.tasks: list[Task] = []
        self.results: list[Any] = []
        self.errors: dict[int, BaseException] = {}

    def cancel(self) -> None:
        """No branch, nor any branch of a branch, starts another effect."""
        self.cancelled = True
        for task in self.tasks:
            task.cancelled = True
            if task.children is not None:
                task.children.cancel()

    def outcome(self) -> BaseException | None:
        """What the parent is to be told instead of the results."""
        own = [error for _, error in sorted(self.errors.items()) if not is_cancellation(error)]
        if own:
            return own[0]
        return Cancelled() if self.errors else None


def is_cancellation(error: BaseException) -> bool:
    """Whether a branch ended because it was told to, not on its own."""
    return isinstance(error, Cancelled) or (isinstance(error, Failure) and error.code == "cancelled")


class Task:
    """One coroutine of a run: its body, or a branch."""

    __slots__ = ("body", "cancelled", "children", "group", "index", "run")

    cancelled: bool

    def __init__(self, run: Run, body: Body, group: Group | None = None, index: int = 0) -> None:
        self.run = run
        self.body = body
        self.group = group
        self.index = index
        self.cancelled = group is not None and group.cancelled
        self.children: Group | None = None


def was_stopped(value: Any) -> bool:
    """Whether the outcome of an effect is only that waiting for it was given up."""
    failure = getattr(value, "failure", None)
    return isinstance(failure, Failure) and failure.code == "cancelled"


def as_failure(error: BaseException) -> Failure:
    """Any exception as a typed failure: what is not one already is a defect."""
    if isinstance(error, Failure):
        return error
    if isinstance(error, Cancelled):
        return Failure("cancelled", "the run was stopped")
    if isinstance(error, RecursionError):
        return Failure("internal", "the workflow calls itself too deeply")
    code = getattr(error, "failure_class", None)  # how an exception of the language says what it is
    return Failure("internal", f"{type(error).__name__}: {error}") if code is None else Failure(code, str(error))
