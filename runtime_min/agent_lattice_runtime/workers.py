"""A few threads for effects that run side by side; made when they are first needed."""

from __future__ import annotations

from queue import Empty, SimpleQueue
from threading import Thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .branches import Task
    from .yielded import Call

    Ended = tuple[Task, Call, Any, BaseException | None]

LIMIT = 32  # threads; more calls than that wait for their turn


class Workers:
    """Does calls in threads and hands back (task, call, value, error) in the order in which they end."""

    def __init__(self) -> None:
        self._todo: SimpleQueue[tuple[Task, Call] | None] = SimpleQueue()
        self._done: SimpleQueue[Ended | None] = SimpleQueue()
        self._threads = 0
        self._busy = 0

    def submit(self, task: Task, call: Call) -> None:
        """Have the call done as soon as a thread is free."""
        self._busy += 1
        if self._busy > self._threads and self._threads < LIMIT:
            self._threads += 1
            # daemons: a tool that hangs must not keep the process alive after a second interruption
            Thread(target=self._work, name=f"effect-{self._threads}", daemon=True).start()
        self._todo.put((task, call))

    def outcome(self, wait: bool, seconds: float | None = None) -> Ended | None:
        """The next call that has come to its end; None when there is none yet and `wait` is false or the seconds are over, or on `wake`."""
        try:
            outcome = self._done.get(wait, seconds)
        except Empty:
            return None
        if outcome is not None:
            self._busy -= 1
        return outcome

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
            try:
                outcome = (task, call, call.function(*call.arguments), None)
            except BaseException as error:  # SystemExit of a tool, for one: it belongs to the branch, not to us
                self._done.put((task, call, None, error if isinstance(error, Exception) else RuntimeError(repr(error))))
            else:
                self._done.put(outcome)
