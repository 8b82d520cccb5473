"""A few threads for effects that run side by side; made when they are first needed."""

from __future__ import annotations

from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from time import perf_counter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .branches import Task
    from .yielded import Call

    Ended = tuple[Task, Call, Any, BaseException | None]
    Timed = tuple[Task, Call, Any, BaseException | None, float]

LIMIT = 32  # threads; more calls than that wait for their turn
FEW = 4  # threads: calls that end at once are done sooner by these than by many, which take the interpreter from each other
LONG = 0.001  # seconds that such a call does not take


class Workers:
    """Does calls in threads and hands back (task, call, value, error) in the order in which they end. There are few threads
    until calls have turned out to take long."""

    def __init__(self) -> None:
        self._todo: SimpleQueue[tuple[Task, Call] | None] = SimpleQueue()
        self._done: SimpleQueue[Timed | None] = SimpleQueue()
        self._threads = 0
        self._most = FEW
        self._busy = 0
        self._long = 0  # calls that took long, less those since that did not

    def submit(self, task: Task, call: Call) -> None:
        """Have the call done as soon as a thread is free."""
        self._busy += 1
        if self._threads < min(self._busy, self._most):
            self._start()
        self._todo.put((task, call))

    def _start(self) -> None:
        self._threads += 1
        # daemons: a tool that hangs must not keep the process alive after a second interruption
        Thread(target=self._work, name=f"effect-{self._threads}", daemon=True).start()

    def _widen(self) -> None:
        """Give a thread to each call that has none."""
        self._most = LIMIT
        while self._threads < min(self._busy, LIMIT):
            self._start()

    def outcome(self, wait: bool, seconds: float | None = None) -> Ended | None:
        """The next call that has come to its end; None when there is none yet and `wait` is false or the seconds are over, or on `wake`."""
        try:
            ended = self._next(seconds) if wait else self._done.get(False)
        except Empty:
            return None
        if ended is None:
            return None
        self._busy -= 1
        task, call, value, error, took = ended
        self._long = self._long + 1 if took > LONG else max(0, self._long - 1)
        if self._long == FEW:
            self._widen()
        return task, call, value, error

    def _next(self, seconds: float | None) -> Timed | None:
        """Wait for a call to come to its end."""
        if self._threads < min(self._busy, LIMIT):
            with suppress(Empty):
                return self._done.get(True, LONG if seconds is None else min(seconds, LONG))
            self._widen()
        return self._done.get(True, seconds)

    def wake(self) -> None:
        """End a wait for the next outcome; may be called from a signal handler."""
        self._done.put(None)

    def close(self) -> None:
        """Let the threads end when they have nothing left to do."""
        for _ in range(self._threads):
            self._todo.put(None)

    def _work(self) -> None:
        while (item := self._todo.get()) is not None:
            task, call = item
            assert call.function is not None
            value, failure, begin = None, None, perf_counter()
            try:
                value = call.function(*call.arguments)
            except BaseException as error:  # SystemExit of a tool, for one: it belongs to the branch, not to us
                failure = error if isinstance(error, Exception) else RuntimeError(repr(error))
            self._done.put((task, call, value, failure, perf_counter() - begin))
