"""A failing run made small: as few decisions as possible, and each as plain as possible."""

from __future__ import annotations

from collections.abc import Callable

from agent_lattice.simulating.choices import Decisions

_MOST = 600  # runs that are tried
Fails = Callable[[Decisions], bool]


def shrunk(taken: Decisions, fails: Fails) -> Decisions:
    """Decisions with which a run still fails. Leaves out groups of them, large ones first, then takes smaller numbers."""
    return _Shrinking(taken, fails).smallest()


class _Shrinking:
    def __init__(self, taken: Decisions, fails: Fails) -> None:
        self._best = dict(sorted(taken.items()))
        self._fails = fails
        self._left = _MOST

    def smallest(self) -> Decisions:
        before = None
        while before != self._best and self._left > 0:
            before = dict(self._best)
            self._leave_out()
            for label in list(self._best):
                self._lower(label)
        return self._best

    def _try(self, decisions: Decisions) -> bool:
        """Take these if a run still fails with them."""
        if self._left <= 0:
            return False
        self._left -= 1
        if not self._fails(decisions):
            return False
        self._best = decisions
        return True

    def _leave_out(self) -> None:
        size = max(1, len(self._best))
        while size >= 1 and self._left > 0:
            start = 0
            while start < len(self._best):
                labels = list(self._best)
                gone = set(labels[start : start + size])
                if not self._try({label: value for label, value in self._best.items() if label not in gone}):
                    start += size
            size //= 2

    def _lower(self, label: str) -> None:
        """A smaller number: 1, else by halves, else by one."""
        if label not in self._best or self._best[label] == 1 or self._try(self._best | {label: 1}):
            return
        low, high = 1, self._best[label]
        while high - low > 1 and self._left > 0:
            middle = (low + high) // 2
            if self._try(self._best | {label: middle}):
                high = middle
            else:
                low = middle
