"""Which places have done their work for certain when a token comes to another."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType

from agent_lattice.nets.joins import Joins
from agent_lattice.nets.net import START, Arc


class Order:
    """What is before what in every run of a net. `failing` says how many of a place's first ways are those of its failure:
    on these it has not done its work."""

    def __init__(self, joins: Joins, failing: Mapping[int, int] = MappingProxyType({})) -> None:
        self.joins = joins
        self.net = joins.net
        self.failing = {place: count for place, count in failing.items() if count}
        self._certain: dict[int, frozenset[int]] = {}

    def before(self, place: int, reader: int) -> bool:
        """Whether `place` has done its work in every run that comes to `reader` (for the first time, and so each time)."""
        if place == reader:
            return False
        return self._dominates(place, reader) or (bool(self.joins.waits) and place in self._visited(reader))

    def may_be_before(self, place: int, reader: int) -> bool:
        """Whether `place` can have done its work when a run comes to `reader`."""
        return reader in self._following(place)

    def _is_done(self, arc: Arc) -> bool:
        """Whether an arc is taken when its source has done its work."""
        return arc.way >= self.failing.get(arc.source, 0)

    def _done(self, place: int) -> int:
        """Where a place has done its work: a place of its own if it can also fail."""
        return place + len(self.net.ways) if place in self.failing else place

    @cached_property
    def _numbers(self) -> dict[int, tuple[int, int]]:
        """The first and the last number of what a place dominates."""
        import networkx  # slow to import, and only graph bodies need it

        graph: networkx.DiGraph[int] = networkx.DiGraph()
        graph.add_node(START)
        graph.add_edges_from(
            (self._done(arc.source) if self._is_done(arc) else arc.source, arc.target) for arc in self.net.arcs()
        )
        graph.add_edges_from((place, self._done(place)) for place in self.failing if place in self.net.reachable)
        kids: dict[int, list[int]] = {}
        for place, above in sorted(networkx.immediate_dominators(graph, START).items()):
            if above is not None and place != above:
                kids.setdefault(above, []).append(place)
        first: dict[int, int] = {}
        found: dict[int, tuple[int, int]] = {}
        stack = [(START, False)]
        while stack:
            place, done = stack.pop()
            if done:
                found[place] = (first[place], len(first))
                continue
            first[place] = len(first)
            stack.append((place, True))
            stack.extend((kid, False) for kid in kids.get(place, ()))
        return found

    def _dominates(self, place: int, reader: int) -> bool:
        if self._done(place) not in self._numbers or reader not in self._numbers:
            return False
        first, last = self._numbers[self._done(place)]
        return first <= self._numbers[reader][0] < last

    def _visited(self, reader: int) -> frozenset[int]:
        """The places visited for certain, with those that only a join that waits makes certain."""
        if not self._certain:
            self._certain = self._solve()
        return self._certain[reader]

    def _solve(self) -> dict[int, frozenset[int]]:
        """The greatest solution of: a place that waits has seen what any of its arcs has seen, any other what all have."""
        bits: dict[int, int] = dict.fromkeys(self.net.reachable, -1)
        bits[START] = 0
        queue = deque(sorted(self.net.reachable - {START}))
        waiting = set(queue)
        while queue:
            place = queue.popleft()
            waiting.discard(place)
            arcs = self.net.arcs_in[place]
            seen = [bits[arc.source] | (1 << arc.source if self._is_done(arc) else 0) for arc in arcs]
            new = seen[0]
            for other in seen[1:]:
                new = new | other if place in self.joins.waits else new & other
            if new != bits[place]:
                bits[place] = new
                following = {arc.target for arc in self.net.arcs_out(place)} - waiting - {START}
                waiting |= following
                queue.extend(sorted(following))
        places = sorted(self.net.reachable)
        return {reader: frozenset(place for place in places if seen >> place & 1) for reader, seen in bits.items()}

    @cached_property
    def _reached(self) -> dict[int, set[int]]:
        return {}

    def _following(self, place: int) -> set[int]:
        """What ways lead to from a place, itself only when it is in a loop."""
        if place not in self._reached:
            found: set[int] = set()
            for arc in self.net.arcs_out(place):
                if self._is_done(arc) and arc.target not in found:
                    found |= self.net.after(arc.target)
            self._reached[place] = found
        return self._reached[place]
