"""What is decided in one simulated run: numbers by label. Nothing decided means the plainest run of all.

A number depends on the seed, the run and its label only, never on what was asked before it. So two runs with the same
decisions are in the same world even when they do things in another order, and any decision may be left out of a run
without changing what the others mean: that is how a failing run gets smaller.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

Decisions = dict[str, int]
"""Numbers above 0 by label; 0 is what stands for everything that is not there."""


class Choices:
    """The decisions of a run: those that are `given` or, without any, drawn for run `number` of a seed.

    `taken` are those that were asked for and are not 0.
    """

    def __init__(self, seed: int = 0, number: int = 0, given: Mapping[str, int] | None = None) -> None:
        self._prefix = f"{seed}\0{number}\0".encode()
        self._given = given
        self.taken: Decisions = {}

    def take(self, label: str, among: int) -> int:
        """A number from 0 to `among` - 1. A given one that is too large counts as the largest."""
        found = self._drawn(label) % among if self._given is None else min(self._given.get(label, 0), among - 1)
        return self._kept(label, found)

    def some(self, label: str, percent: int, among: int = 1) -> int:
        """A number from 1 to `among` in so many of a hundred runs, else 0."""
        if self._given is not None:
            return self.take(label, among + 1)
        drawn = self._drawn(label)
        return self._kept(label, 1 + drawn // 100 % among if drawn % 100 < percent else 0)

    def _drawn(self, label: str) -> int:
        return int.from_bytes(sha256(self._prefix + label.encode("utf-8", "surrogatepass")).digest()[:8], "big")

    def _kept(self, label: str, found: int) -> int:
        if found:
            self.taken[label] = found
        return found
