"""Ctrl-C and SIGTERM while a run goes on: stop cleanly, the log valid, the run ready to be resumed."""

from __future__ import annotations

from .engine import interrupt

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any, Self
else:
    try:  # the core alone: its wrapper makes enumerations of all constants
        import _signal as signal
    except ImportError:
        import signal


class interruptible:
    """While the block runs, SIGINT and SIGTERM raise KeyboardInterrupt, but not in the middle of a write effect, whose
    outcome would be lost; a second signal does not wait for that. Elsewhere than in the main thread it does nothing."""

    __slots__ = ("_before",)

    def __init__(self) -> None:
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            try:
                self._before[number] = signal.signal(number, self._taken)
            except ValueError:
                break
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _taken(self, number: int, frame: object) -> None:
        interrupt()


class draining(interruptible):
    """While the block runs, the first SIGINT or SIGTERM calls `stop`, which is to return at once; the second one raises
    KeyboardInterrupt. `asked` is the number of the first one, 0 without one."""

    __slots__ = ("_stop", "asked")

    def __init__(self, stop: Callable[[], None]) -> None:
        super().__init__()
        self._stop = stop
        self.asked = 0

    def _taken(self, number: int, frame: object) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = number
        self._stop()
