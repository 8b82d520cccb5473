"""The loops of a net, one inside the other, and the net without the arcs that go back."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from agent_lattice.nets.net import Arc, Net
from agent_lattice.records import field, record

if TYPE_CHECKING:
    import networkx

_MOST_CIRCLES = 20
"""How many circles through the same places are told apart."""


@record(eq=False)
class Loop:
    """Places that can be visited again. A turn starts at one of `entries` (one, unless the loop is irreducible)."""

    number: int
    entries: tuple[int, ...]
    body: frozenset[int]
    outer: Loop | None
    depth: int = field(default=1)


class Loops:
    """All loops of the reachable part of a net; outer loops come before inner ones."""

    def __init__(self, net: Net) -> None:
        self.net = net
        self.all: list[Loop] = []
        self.innermost: dict[int, Loop | None] = dict.fromkeys(net.reachable)
        work: list[tuple[frozenset[int], Loop | None]] = [(net.reachable, None)]
        for places, outer in work:
            for body in self._knots(places, outer):
                loop = Loop(len(self.all), self._entries(body), body, outer, outer.depth + 1 if outer else 1)
                self.all.append(loop)
                self.innermost.update(dict.fromkeys(body, loop))
                work.append((body, loop))

    def _knots(self, places: frozenset[int], outer: Loop | None) -> list[frozenset[int]]:
        """Groups of places that lead to each other without a new turn of the outer loop, in the order of the source."""
        import networkx  # slow to import, and only graph bodies need it

        graph: networkx.DiGraph[int] = networkx.DiGraph()
        for place in sorted(places):
            for arc in self.net.arcs_out(place):
                if arc.target in places and not (outer and arc.target in outer.entries):
                    graph.add_edge(place, arc.target)
        knots = map(frozenset, networkx.strongly_connected_components(graph))
        return sorted((knot for knot in knots if len(knot) > 1 or graph.has_edge(*knot, *knot)), key=min)

    def _entries(self, body: frozenset[int]) -> tuple[int, ...]:
        return tuple(place for place in sorted(body) if any(arc.source not in body for arc in self.net.arcs_in[place]))

    def around(self, place: int) -> list[Loop]:
        """The loops a place is in, outermost first."""
        found: list[Loop] = []
        loop = self.innermost[place]
        while loop is not None:
            found.append(loop)
            loop = loop.outer
        return found[::-1]

    def common(self, left: int, right: int) -> Loop | None:
        """The innermost loop that two places share."""
        shared = None
        for ours, theirs in zip(self.around(left), self.around(right), strict=False):
            if ours is not theirs:
                break
            shared = ours
        return shared

    def goes_back(self, arc: Arc) -> bool:
        """Whether an arc starts a new turn of a loop that it does not leave."""
        if arc.source not in self.innermost or arc.target not in self.innermost:
            return False
        loop = self.common(arc.source, arc.target)
        return loop is not None and arc.target in loop.entries

    @cached_property
    def unbounded(self) -> list[list[Arc]]:
        """Circles of arcs of which none is bounded, in the order of the source; the last arc of each is the one that goes
        back, and no circle has it in common with another."""
        import networkx

        graph: networkx.DiGraph[int] = networkx.DiGraph()
        for arc in self.net.arcs():
            if not self.net.ways[arc.source][arc.way].bounded:
                graph.add_edge(arc.source, arc.target, arc=arc)
        knots = (sorted(knot) for knot in networkx.strongly_connected_components(graph))
        circles: list[list[Arc]] = []
        for knot in sorted(knots, key=lambda places: places[0]):
            if len(knot) > 1 or graph.has_edge(knot[0], knot[0]):
                circles += self._circles(graph.subgraph(knot).copy(), knot[0])
        return circles

    def _circles(self, knot: networkx.DiGraph[int], start: int) -> list[list[Arc]]:
        import networkx

        found: list[list[Arc]] = []
        while len(found) < _MOST_CIRCLES:
            try:
                circle = networkx.find_cycle(knot, start if not found else None)
            except networkx.NetworkXNoCycle:
                break
            arcs: list[Arc] = [knot.edges[edge[0], edge[1]]["arc"] for edge in circle]
            last = next((at for at, arc in enumerate(arcs) if self.goes_back(arc)), len(arcs) - 1)
            found.append(arcs[last + 1 :] + arcs[: last + 1])
            knot.remove_edge(arcs[last].source, arcs[last].target)
        return found
