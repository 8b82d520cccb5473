"""A driver that decides in which order branches go on and effects end, in time that only it lets pass."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from agent_lattice_runtime.engine import Loop
from agent_lattice_runtime.flights import Flights

from agent_lattice.simulating.choices import Choices
from agent_lattice.simulating.clock import Clock

if TYPE_CHECKING:
    from agent_lattice_runtime.branches import Task
    from agent_lattice_runtime.flights import Landed
    from agent_lattice_runtime.stores import Store
    from agent_lattice_runtime.yielded import Call

_TAKES = (0, 3_000_000, 250_000_000, 40_000_000_000)  # nanoseconds that an effect may take
_SLOW = 30  # of a hundred effects so many take time
_TICK = 1_000  # nanoseconds: what is lost where a span of time becomes a float


class ScheduledLoop(Loop):
    """Performs every effect in this thread, at the virtual time at which it ends. `late` is told the step of a call that nobody
    waits for any more."""

    def __init__(self, store: Store, order: Choices, clock: Clock, late: Callable[[str], None]) -> None:
        super().__init__(store, apart=True)
        self._schedule.ready = _Shuffled(order)
        self._virtual = self._flights = _VirtualFlights(order, clock, late)

    def _start(self, calls: list[tuple[Task, Call]]) -> None:
        for _, call in calls:
            call.quick = False
        super()._start(calls)

    def die(self) -> None:
        """The process has died: of the effects that were going on some happen all the same, and nobody learns of it."""
        self._virtual.die()


class _VirtualFlights(Flights):
    """The calls that are going on: each is done when its end has come."""

    __slots__ = ("_clock", "_ends", "_late", "_order")

    def __init__(self, order: Choices, clock: Clock, late: Callable[[str], None]) -> None:
        super().__init__(lambda: False)
        self._order = order
        self._clock = clock
        self._late = late
        self._ends: dict[Call, tuple[int, bool]] = {}  # when it is over, and whether nobody waits for it any more then

    def start(self, task: Task, call: Call) -> None:
        calls = self._calls
        calls[call] = task
        call.arguments[-1].cancelled = lambda: task.cancelled or call not in calls
        takes = _TAKES[self._order.some(f"slow {call.step}", _SLOW, len(_TAKES) - 1)]
        limit = int(call.timeout * 10**9) if call.timeout else takes + 1
        self._ends[call] = (self._clock.now + min(takes, limit), takes >= limit)

    def landed(self, seconds: float | None) -> list[Landed]:
        """Let time pass until the next call ends, or so many seconds are over."""
        first = min(self._calls, key=lambda call: self._ends[call][0], default=None)
        until = None if seconds is None else self._clock.now + int(max(0.0, seconds) * 10**9) + _TICK
        if first is not None and (until is None or self._ends[first][0] <= until):
            self._clock.advance(self._ends[first][0])
            return [self._ended(first)]
        if until is not None:
            self._clock.advance(until)
        return []

    def _ended(self, call: Call) -> Landed:
        task, late = self._calls.pop(call), self._ends.pop(call)[1]
        assert call.function is not None
        value = None
        if late:
            self._late(call.step)
        if not late or self._order.some(f"happens late {call.step}", 50):
            value = call.function(*call.arguments)
        return task, call.late() if late and call.late is not None else value, None

    def die(self) -> None:
        """Do some of what is going on, and give up all of it."""
        for call in list(self._calls):
            if call.function is not None and self._order.some(f"happens {call.step}", 50):
                call.function(*call.arguments)
        self._calls.clear()


class _Shuffled(deque[Any]):
    """What can go on, in an order that is decided."""

    def __init__(self, order: Choices) -> None:
        super().__init__()
        self._order = order
        self._turns = 0

    def popleft(self) -> Any:
        if len(self) > 1:
            self._turns += 1
            chosen = self._order.some(f"turn {self._turns}", 40, len(self) - 1)
            self.rotate(-chosen)
            first = super().popleft()
            self.rotate(chosen)
            return first
        return super().popleft()
