"""Ctrl-C and SIGTERM while a run goes on: stop cleanly, the log valid, the run ready to be resumed."""

from __future__ import annotations

from .engine import interrupt

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from types import TracebackType
    from typing import Any
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

    def __enter__(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            try:
                self._before[number] = signal.signal(number, _interrupted)
            except ValueError:
                return

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)


def _interrupted(number: int, frame: object) -> None:
    interrupt()
