"""A store in memory at which processes die, and to which others write meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from agent_lattice_runtime.crashing import Crash
from agent_lattice_runtime.stores.memory import MemoryStore

from agent_lattice.simulating.choices import Choices

if TYPE_CHECKING:
    from agent_lattice_runtime.stores import Batch

MOST_CRASHES = 12


class MortalStore:
    """Hands everything to a store in memory. `meanwhile(n)` is called before commit n, by which the process may die."""

    def __init__(self, memory: MemoryStore, order: Choices, percent: int, tell: Callable[[str], None]) -> None:
        self.memory = memory
        self.meanwhile: Callable[[int], None] = lambda commit: None
        self.commits = 0
        self.crashes = 0
        self._order = order
        self._percent = percent
        self._tell = tell

    def append(self, batch: Batch) -> None:
        self.commits += 1
        self.meanwhile(self.commits)
        dies = self._order.some(f"crash {self.commits}", self._percent, 2) if self.crashes < MOST_CRASHES else 0
        if dies != 1:
            self.memory.append(batch)
        if dies:
            self.crashes += 1
            what = ", ".join(f"{event[3]} {event[2]}".strip() for _, events in batch for event in events)
            self._tell(f"the process dies {'before' if dies == 1 else 'after'} it has stored {what}")
            raise Crash

    def __getattr__(self, name: str) -> Any:
        return getattr(self.memory, name)
