"""Nets played out token by token: the brute force that the analyses are compared with."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from agent_lattice.nets.net import END, START, Arc, Net
from hypothesis import strategies

Marking = frozenset[Arc]
BEGIN = Arc(-1, 0, START)


class Unsound(Exception):
    """Two tokens where one is expected."""


class Game:
    """All markings of a net in which the places of `waits` take one token from each arc, all others any token."""

    def __init__(self, net: Net, waits: frozenset[int]) -> None:
        self.net = net
        self.waits = waits
        self.arcs: dict[int, list[Arc]] = {place: list(arcs) for place, arcs in net.arcs_in.items()}
        self.arcs[START] = [BEGIN]
        self.moves: dict[Marking, list[tuple[int, Marking | None]]] = {}

    def play(self) -> None:
        """Visit every marking. Raises Unsound for a marking with too many tokens."""
        stack = [frozenset({BEGIN})]
        while stack:
            marking = stack.pop()
            if marking in self.moves:
                continue
            self.moves[marking] = list(self._moves(marking))
            stack.extend(after for _, after in self.moves[marking] if after is not None)

    def enabled(self, marking: Marking) -> list[int]:
        """The places that can take their tokens."""
        found = []
        for place, arcs in self.arcs.items():
            there = [arc for arc in arcs if arc in marking]
            if place not in self.waits and len(there) > 1:
                raise Unsound
            if there and (place not in self.waits or len(there) == len(arcs)):
                found.append(place)
        return found

    def _moves(self, marking: Marking) -> Iterator[tuple[int, Marking | None]]:
        """Each place that can go on, with the marking after it; None when the run has ended with an error."""
        for place in self.enabled(marking):
            rest = marking - set(self.arcs[place])
            if place == END:
                yield place, rest
            for number, way in enumerate(self.net.ways[place]):
                made = frozenset(Arc(place, number, target) for target in way.targets)
                if rest & made:
                    raise Unsound
                yield place, (rest | made if way.targets else None)

    def completes(self) -> bool:
        """Whether every marking can still come to a proper end: an error, or END with no token left anywhere; and
        some run comes to END."""
        if END in self.net.reachable and not any(place == END for moves in self.moves.values() for place, _ in moves):
            return False
        good: set[Marking | None] = {None, frozenset()}
        before: dict[Marking | None, list[Marking]] = {}
        for marking, moves in self.moves.items():
            for place, after in moves:
                if place == END and after:
                    return False
                before.setdefault(after, []).append(marking)
        stack = list(good)
        while stack:
            for marking in before.get(stack.pop(), ()):
                if marking not in good:
                    good.add(marking)
                    stack.append(marking)
        return all(marking in good for marking in self.moves)

    def together(self) -> set[tuple[int, int]]:
        """Pairs of places that can go on in one marking."""
        return {
            (left, right)
            for marking in self.moves
            for left, right in product(self.enabled(marking), repeat=2)
            if left != right
        }

    def certain(self) -> dict[int, frozenset[int]]:
        """The places that every run has visited when it comes to a place: over all markings and what was visited."""
        found: dict[int, frozenset[int]] = {}
        states = {(frozenset({BEGIN}), frozenset())}
        stack: list[tuple[Marking, frozenset[int]]] = list(states)
        while stack:
            marking, visited = stack.pop()
            for place, after in self.moves[marking]:
                found[place] = found.get(place, visited) & visited
                if after is not None and (state := (after, visited | {place})) not in states:
                    states.add(state)
                    stack.append(state)
        return found


def sound_waits(net: Net) -> list[frozenset[int]]:
    """Every choice of places that wait with which the net is sound."""
    meetings = [place for place, arcs in net.arcs_in.items() if len(arcs) > 1]
    found = []
    for chosen in product((False, True), repeat=len(meetings)):
        waits = frozenset(place for place, waits in zip(meetings, chosen, strict=True) if waits)
        game = Game(net, waits)
        try:
            game.play()
        except Unsound:
            continue
        if game.completes():
            found.append(waits)
    return found


@strategies.composite
def nets(draw: strategies.DrawFn, most: int = 7) -> Net:
    """Small nets: mostly forward ways, some back, some forks, some that fail."""
    from agent_lattice.nets.net import Way

    count = draw(strategies.integers(3, most)) + 2
    ways: list[list[Way]] = [[] for _ in range(count)]
    for place in [START, *range(2, count)]:
        later = [END, *range(max(place, 1) + 1, count)]
        everything = [END, *range(2, count)]
        for _ in range(draw(strategies.sampled_from([1, 1, 2, 2, 3]))):
            pool = everything if draw(strategies.integers(0, 5)) == 0 else later
            size = draw(strategies.sampled_from([1, 1, 1, 2, 2, 3, 0 if place != START else 1]))
            targets = draw(
                strategies.lists(strategies.sampled_from(pool), min_size=min(size, 1), max_size=size, unique=True)
            )
            ways[place].append(Way(tuple(sorted(targets)) if size else ()))
    return Net(["start", "end", *(f"n{place}" for place in range(2, count))], ways).with_forks_apart()


class Grown:
    """A net that grows out of one arc by replacing arcs and places: in itself sound."""

    def __init__(self, draw: strategies.DrawFn) -> None:
        self.draw = draw
        self.ways: list[list[tuple[int, ...]]] = [[(END,)], []]

    def grow(self, steps: int) -> None:
        for _ in range(steps):
            place = self.draw(strategies.sampled_from([START, *range(2, len(self.ways))]))
            way = self.draw(strategies.integers(0, len(self.ways[place]) - 1))
            if self.ways[place][way]:
                target = self.draw(strategies.sampled_from(self.ways[place][way]))
                self._replace(place, way, target)

    def _new(self, *ways: tuple[int, ...]) -> int:
        self.ways.append(list(ways))
        return len(self.ways) - 1

    def _replace(self, place: int, way: int, target: int) -> None:
        """Put something between a place and one of its targets."""
        match self.draw(strategies.sampled_from(["step", "choice", "parallel", "loop", "loop", "entries", "fail"])):
            case "step":
                made = self._new((target,))
            case "choice":
                join = self._new((target,))
                made = self._new((self._new((join,)),), (join,), (self._new((join,)),))
            case "parallel":
                join = self._new((target,))
                made = self._new((self._new((join,)), self._new((join,))))
            case "loop":
                made = self._new((target,))
                self.ways[made].insert(0, (self._new((made,)),))
            case "entries":
                first, second = self._new((target,)), self._new((target,))
                self.ways[first].insert(0, (second,))
                self.ways[second].insert(0, (first,))
                made = self._new((first,), (second,))
            case _:
                made = self._new((), (target,))
        self.ways[place][way] = tuple(made if other == target else other for other in self.ways[place][way])


@strategies.composite
def grown_nets(draw: strategies.DrawFn) -> Net:
    """Nets with loops, forks and choices inside each other, some with a further arc that may or may not fit."""
    from agent_lattice.nets.net import Way

    grown = Grown(draw)
    grown.grow(draw(strategies.integers(1, 7)))
    for _ in range(draw(strategies.sampled_from([0, 0, 1, 2]))):
        place = draw(strategies.integers(2, len(grown.ways) - 1))
        target = draw(strategies.sampled_from([END, *range(2, len(grown.ways))]))
        if (target,) not in grown.ways[place]:
            grown.ways[place].insert(0, (target,))
    ways = [[Way(tuple(dict.fromkeys(targets))) for targets in each] for each in grown.ways]
    return Net(["start", "end", *(f"n{place}" for place in range(2, len(ways)))], ways).with_forks_apart()
