"""The calls that are going on in threads: who waits for each, for how long, and what has come to its end."""

from __future__ import annotations

from heapq import heappop, heappush
from time import monotonic

from .branches import was_stopped
from .workers import Workers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .branches import Task
    from .models import Deps
    from .run import Run
    from .yielded import Call

    Landed = tuple[Task, Any, BaseException | None]


class Flights:
    """Calls by the task that waits for them; false when there are none. `stopping` says whether the loop is being stopped."""

    __slots__ = ("_calls", "_deadlines", "_stopping", "_workers")

    def __init__(self, stopping: Callable[[], bool]) -> None:
        self._workers = Workers()
        self._calls: dict[Call, Task] = {}
        self._deadlines: list[tuple[float, int, Call]] = []
        self._stopping = stopping

    def __len__(self) -> int:
        return len(self._calls)

    def start(self, task: Task, call: Call) -> None:
        """Have the call done in a thread. Whoever does it can ask whether the outcome is still wanted."""
        calls, stopping = self._calls, self._stopping
        deps: Deps = call.arguments[-1]
        calls[call] = task
        deps.cancelled = lambda: task.cancelled or stopping() or call not in calls
        if call.timeout:
            heappush(self._deadlines, (monotonic() + call.timeout, id(call), call))
        self._workers.submit(task, call)

    def landed(self, seconds: float | None) -> list[Landed]:
        """Wait, at most so many seconds, for one call to come to its end, or for `wake`; all that have, and those whose time is
        over."""
        found: list[Landed] = []
        wait, timeout = True, self._patience(seconds)
        while (outcome := self._workers.outcome(wait, timeout)) is not None:
            wait = False
            task, call, value, error = outcome
            wanted = self._calls.pop(call, None) is not None
            if wanted and not (self._stopping() and was_stopped(value)):
                found.append((task, value, error))
        return found + self._expired()

    def _patience(self, seconds: float | None) -> float | None:
        if not self._deadlines:
            return seconds
        left = max(0.0, self._deadlines[0][0] - monotonic())
        return left if seconds is None else min(left, seconds)

    def _expired(self) -> list[Landed]:
        """Nobody waits any longer for the calls whose time is over."""
        found: list[Landed] = []
        while self._deadlines and self._deadlines[0][0] <= monotonic():
            call = heappop(self._deadlines)[2]
            task = self._calls.pop(call, None)
            if task is not None and call.late is not None:
                found.append((task, call.late(), None))
        return found

    def give_up(self, run: Run) -> list[Task]:
        """The cancelled tasks of a run that wait for something which nobody would miss; they do not wait any longer."""
        found = [
            (call, task)
            for call, task in self._calls.items()
            if task.run is run and task.cancelled and not call.write and not call.settles
        ]
        for call, _ in found:
            del self._calls[call]
        return [task for _, task in found]

    def wake(self) -> None:
        """End a wait in `landed`; may be called from a signal handler and from any thread."""
        self._workers.wake()

    def close(self) -> None:
        """Let the threads end when they have nothing left to do."""
        self._workers.close()
