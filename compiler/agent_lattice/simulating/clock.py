"""Time that passes only when it is told to."""

from __future__ import annotations

START = 1_767_225_600 * 10**9  # 2026-01-01T00:00:00Z, in nanoseconds since 1970


class Clock:
    """A clock at `now`, in nanoseconds since 1970; calling it gives that, too."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> int:
        return self.now

    def advance(self, to: int) -> None:
        """Let it be then, unless that is over."""
        self.now = max(self.now, to)

    def sleep(self, seconds: float) -> None:
        """Let so much time pass."""
        self.now += int(max(0.0, seconds) * 10**9)
