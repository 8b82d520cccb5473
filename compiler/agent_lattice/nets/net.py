"""A net: places that a token visits, and the ways out of each. A run starts with one token at START and ends at END.

A place with several ways takes one of them; a way with several targets puts a token on each. Whether a place with
several ways into it waits for one token or for all follows from the net: see `joins`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

from agent_lattice.records import record

START, END = 0, 1
"""Places of every net; the others follow."""


@record
class Way:
    """One way out of a place: the places it leads to (none: it ends the run with an error). `bounded`: taken a limited
    number of times."""

    targets: tuple[int, ...]
    bounded: bool = False


@record
class Arc:
    """One target of a way: from `source` by its way number `way` to `target`."""

    source: int
    way: int
    target: int


class Net:
    """Places by number, with a name each, and their ways in the order of the source. END has none."""

    def __init__(
        self, names: Sequence[str], ways: Sequence[Sequence[Way]], origins: dict[int, tuple[int, int]] | None = None
    ) -> None:
        self.names = tuple(names)
        self.ways = tuple(tuple(each) for each in ways)
        self.origins = origins or {}
        """Of each place that stands for a fork: the place and the number of the way that it was."""

    def __repr__(self) -> str:
        shown = (
            f"{name}: {' | '.join(' & '.join(self.names[t] for t in way.targets) or 'fail' for way in ways)}"
            for name, ways in zip(self.names, self.ways, strict=True)
        )
        return f"<{'; '.join(shown)}>"

    def with_forks_apart(self) -> Net:
        """The same net where a place either takes one of several ways or starts several things: other forks get a place
        of their own behind all places, which may lie outside of the loop that the way leaves."""
        names, ways = list(self.names), [list(each) for each in self.ways]
        origins: dict[int, tuple[int, int]] = {}
        for place in range(len(self.names)):
            for at, way in enumerate(self.ways[place]):
                if len(way.targets) > 1 and len(self.ways[place]) > 1:
                    ways[place][at] = Way((len(names),), way.bounded)
                    origins[len(names)] = (place, at)
                    names.append(self.names[place])
                    ways.append([Way(way.targets)])
        return Net(names, ways, origins)

    @cached_property
    def reachable(self) -> frozenset[int]:
        """Places that some way leads to from START, itself included."""
        return frozenset(self.after(START))

    @cached_property
    def finishing(self) -> frozenset[int]:
        """Reachable places from which ways lead to END."""
        return self._before({END})

    @cached_property
    def stranded(self) -> frozenset[int]:
        """Reachable places from which no way leads to END or to a failure."""
        return self.reachable - self._before({END} | {place for place in self.reachable if self.may_fail(place)})

    def _before(self, places: set[int]) -> frozenset[int]:
        found = sorted(places & self.reachable)
        seen = set(found)
        for place in found:
            for arc in self.arcs_in[place]:
                if arc.source not in seen:
                    seen.add(arc.source)
                    found.append(arc.source)
        return frozenset(found)

    def after(self, place: int) -> set[int]:
        """The place itself and all that ways lead to from it."""
        found, stack = {place}, [place]
        while stack:
            for way in self.ways[stack.pop()]:
                for target in way.targets:
                    if target not in found:
                        found.add(target)
                        stack.append(target)
        return found

    @cached_property
    def arcs_in(self) -> dict[int, list[Arc]]:
        """The arcs into each reachable place from reachable places, in the order of the source."""
        found: dict[int, list[Arc]] = {place: [] for place in sorted(self.reachable)}
        for arc in self.arcs():
            found[arc.target].append(arc)
        return found

    def arcs(self) -> Iterator[Arc]:
        """All arcs from reachable places."""
        for place in sorted(self.reachable):
            yield from self.arcs_out(place)

    def arcs_out(self, place: int) -> Iterator[Arc]:
        for number, way in enumerate(self.ways[place]):
            for target in way.targets:
                yield Arc(place, number, target)

    def forks(self, place: int) -> bool:
        """Whether a way out of the place starts several things."""
        return any(len(way.targets) > 1 for way in self.ways[place])

    def may_fail(self, place: int) -> bool:
        """Whether a way out of the place ends the run with an error."""
        return any(not way.targets for way in self.ways[place])

    def path(self, sources: set[int], target: int, within: frozenset[int] | set[int] | None = None) -> list[int]:
        """A shortest path from one of the places to another, both ends included; empty when there is none."""
        before: dict[int, int | None] = {target: None}
        queue = [target]
        for place in queue:
            if place in sources:
                found: list[int] = [place]
                while (following := before[found[-1]]) is not None:
                    found.append(following)
                return found
            for arc in self.arcs_in.get(place, ()):
                if arc.source not in before and (within is None or arc.source in within or arc.source in sources):
                    before[arc.source] = place
                    queue.append(arc.source)
        return []
