"""A driver that decides in which order branches go on and effects end, in time that only it lets pass."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from agent_lattice_runtime.engine import Loop

from agent_lattice.simulating.choices import Choices
from agent_lattice.simulating.clock import Clock

if TYPE_CHECKING:
    from agent_lattice_runtime.branches import Task
    from agent_lattice_runtime.stores import Store
    from agent_lattice_runtime.yielded import Call

_TAKES = (0, 3_000_000, 250_000_000, 40_000_000_000)  # nanoseconds that an effect may take
_SLOW = 30  # of a hundred effects so many take time


class ScheduledLoop(Loop):
    """Performs every effect in this thread, at the virtual time at which it ends. `late` is told the step of a call that nobody
    waits for any more."""

    def __init__(self, store: Store, order: Choices, clock: Clock, late: Callable[[str], None]) -> None:
        super().__init__(store, apart=True)
        self._late = late
        self._order = order
        self._clock = clock
        self._ready = _Shuffled(order)
        self._ends: dict[Call, tuple[int, bool]] = {}  # when it is over, and whether nobody waits for it any more then

    def _start(self, calls: list[tuple[Task, Call]]) -> None:
        for task, call in calls:
            if task.run.over:
                task.body.close()
            elif call.function is None:
                self._ready.append((task, None, None))
            else:
                self._submit(task, call)

    def _submit(self, task: Task, call: Call) -> None:
        deps = call.arguments[-1]
        self._in_flight[call] = task
        deps.cancelled = lambda: task.cancelled or call not in self._in_flight
        takes = _TAKES[self._order.some(f"slow {call.step}", _SLOW, len(_TAKES) - 1)]
        limit = int(call.timeout * 10**9) if call.timeout else takes + 1
        self._ends[call] = (self._clock.now + min(takes, limit), takes >= limit)

    def _collect(self, seconds: float | None = None) -> None:
        """Let time pass until the next effect ends, or somebody's pause, or so many seconds are over."""
        until = [] if seconds is None else [self._clock.now + int(max(0.0, seconds) * 10**9)]
        if self._pauses is not None and (due := self._pauses.next()) is not None:
            until.append(due * 1000)
        going = {call: self._ends[call][0] for call in self._in_flight}
        first = min(going, key=lambda call: going[call], default=None)
        if first is not None and all(going[first] <= moment for moment in until):
            self._clock.advance(going[first])
            self._finish_call(first)
        elif until:
            self._clock.advance(min(until))
        if self._pauses is not None:
            self._wake(self._pauses.due(self._clock.now // 1000))

    def _finish_call(self, call: Call) -> None:
        task = self._in_flight.pop(call)
        late = self._ends.pop(call)[1]
        assert call.function is not None
        value = None
        if late:
            self._late(call.step)
        if not late or self._order.some(f"happens late {call.step}", 50):
            value = call.function(*call.arguments)
        self._ready.append((task, call.late() if late and call.late is not None else value, None))

    def die(self) -> None:
        """The process has died: of the effects that were going on some happen all the same, and nobody learns of it."""
        for call in list(self._in_flight):
            if call.function is not None and self._order.some(f"happens {call.step}", 50):
                call.function(*call.arguments)
        self._in_flight.clear()


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
