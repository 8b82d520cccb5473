"""The coroutines of a run side by side: tasks, the groups they form, and whose failure counts."""

from __future__ import annotations

from .errors import Failure
from .yielded import Contest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from typing import Any

    from .run import Run
    from .yielded import Join

    Body = Coroutine[Any, Any, Any]


class Cancelled(BaseException):
    """Thrown into a coroutine that nobody needs any more, where it wants to start its next effect: a sibling has failed, or
    has won, or the run is cancelled."""


class Group:
    """The branches of one Join."""

    __slots__ = ("bodies", "cancelled", "contest", "errors", "open", "parent", "results", "tasks", "width", "won")

    cancelled: bool

    def __init__(self, parent: Task, join: Join) -> None:
        self.parent = parent
        self.bodies: Iterator[Callable[[], Body]] = iter(join.bodies)
        self.width = join.width
        self.contest = join if isinstance(join, Contest) else None
        self.won: list[int] = list(self.contest.decided or ()) if self.contest else []
        self.open = 0
        self.cancelled = parent.cancelled
        self.tasks: list[Task] = []
        self.results: list[Any] = []
        self.errors: dict[int, BaseException] = {}

    def unwanted(self, index: int) -> bool:
        """Whether a branch that begins now has no effects to make any more: only what the log says of it counts."""
        decided = self.contest is not None and len(self.won) == self.contest.need
        return self.cancelled or (decided and index not in self.won)

    def ended(self, index: int, value: Any, error: BaseException | None) -> bool:
        """A branch has come to its end. Whether the others are to be stopped because of that."""
        self.open -= 1
        if error is None:
            self.results[index] = value
        else:
            self.errors[index] = error
        if self.contest is None:
            return error is not None and not self.cancelled
        return self._contested(self.contest, index, error is None) and not self.cancelled

    def _contested(self, contest: Contest, index: int, well: bool) -> bool:
        if len(self.won) == contest.need:
            return False  # decided before
        if not well:
            return len(self.errors) > contest.width - contest.need
        self.won.append(index)
        if len(self.won) < contest.need:
            return False
        self.won.sort()
        contest.taken(self.won)
        return True

    def cancel(self) -> None:
        """No branch, nor any branch of a branch, starts another effect."""
        self.cancelled = True
        for task in self.tasks:
            task.cancelled = True
            if task.children is not None:
                task.children.cancel()

    def outcome(self) -> tuple[list[Any], BaseException | None]:
        """What the parent is told: the results, or in their place an error."""
        decided = self.contest is not None and len(self.won) == self.contest.need
        if decided and not any(index in self.errors for index in self.won):
            return [self.results[index] for index in self.won], None
        own = [error for _, error in sorted(self.errors.items()) if not is_cancellation(error)]
        if own:
            return [], own[0]
        return self.results, Cancelled() if self.errors else None


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
        self.cancelled = group is not None and group.unwanted(index)
        self.children: Group | None = None

    def cancel(self) -> None:
        """Neither it nor any branch of it starts another effect."""
        self.cancelled = True
        if self.children is not None:
            self.children.cancel()


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
