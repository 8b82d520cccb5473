"""A net without circles: one level for the whole, one for a turn of each loop; a loop inside a level is a single unit."""

from __future__ import annotations

from collections import deque

from agent_lattice.nets.loops import Loop, Loops
from agent_lattice.nets.net import END, START, Arc

Unit = int
"""A place by its number, a loop behind all places; TURN and OVER are where a turn of a loop starts and ends."""

TURN, OVER = -1, -2


class Level:
    """Units that arcs join without a circle, what dominates what, and how many arcs leave the units a unit dominates."""

    def __init__(self, loops: Loops, loop: Loop | None) -> None:
        self.loops = loops
        self.net = loops.net
        self.loop = loop
        self.start: Unit = START if loop is None else TURN
        self.end: Unit = END if loop is None else OVER
        self.ins: dict[Unit, list[tuple[Arc, Unit]]] = {self.start: []}
        self.outs: dict[Unit, list[tuple[Arc, Unit]]] = {self.start: []}
        if loop is not None:
            for at, entry in enumerate(loop.entries):
                self.add(Arc(TURN, at, entry), TURN, self.unit(entry))

    @property
    def number(self) -> int | None:
        """That of its loop."""
        return self.loop.number if self.loop else None

    def unit(self, place: int) -> Unit:
        """What stands for a place of this level: itself, or the loop around it."""
        around = self.loops.around(place)
        depth = self.loop.depth if self.loop else 0
        return place if len(around) == depth else len(self.net.ways) + around[depth].number

    def inner(self, unit: Unit) -> Loop | None:
        """The loop that a unit is."""
        number = unit - len(self.net.ways)
        return self.loops.all[number] if number >= 0 else None

    def add(self, arc: Arc, source: Unit, target: Unit) -> None:
        for unit in (source, target):
            self.ins.setdefault(unit, [])
            self.outs.setdefault(unit, [])
        self.outs[source].append((arc, target))
        self.ins[target].append((arc, source))

    def order_units(self) -> None:
        """Find a topological order, the dominators and the counts; called once, when all arcs are there."""
        self.order = self._sorted()
        self.above: dict[Unit, Unit] = {}
        self.kids: dict[Unit, list[Unit]] = {unit: [] for unit in self.order}
        self._depth = {self.start: 0}
        self._jump = {self.start: self.start}
        for unit in self.order[1:]:
            self._place_below(unit, self._meeting([source for _, source in self.ins[unit]]))
        self.index = self._numbered()
        self.sizes = dict.fromkeys(self.order, 1)
        """How many units each unit dominates."""
        for unit in reversed(self.order[1:]):
            self.sizes[self.above[unit]] += self.sizes[unit]
        self.leaving, self.failing = self._counted()

    def _sorted(self) -> list[Unit]:
        missing = {unit: len(arcs) for unit, arcs in self.ins.items()}
        queue, found = deque([self.start]), []
        while queue:
            found.append(queue.popleft())
            for _, target in self.outs[found[-1]]:
                missing[target] -= 1
                if missing[target] == 0:
                    queue.append(target)
        return found

    def _place_below(self, unit: Unit, parent: Unit) -> None:
        self.above[unit] = parent
        self.kids[parent].append(unit)
        self._depth[unit] = self._depth[parent] + 1
        jump = self._jump[parent]
        even = self._depth[parent] - self._depth[jump] == self._depth[jump] - self._depth[self._jump[jump]]
        self._jump[unit] = self._jump[jump] if even else parent

    def _meeting(self, units: list[Unit]) -> Unit:
        """The nearest unit that dominates all of these (each counts as its own)."""
        found = units[0]
        for unit in units[1:]:
            found = self.meeting(found, unit)
        return found

    def meeting(self, left: Unit, right: Unit) -> Unit:
        """The nearest unit that dominates both, or is one of them."""
        left, right = (left, right) if self._depth[left] >= self._depth[right] else (right, left)
        left = self._up(left, self._depth[right])
        while left != right:
            ours, theirs = self._jump[left], self._jump[right]
            left, right = (ours, theirs) if ours != theirs else (self.above[left], self.above[right])
        return left

    def _up(self, unit: Unit, depth: int) -> Unit:
        while self._depth[unit] > depth:
            unit = self._jump[unit] if self._depth[self._jump[unit]] >= depth else self.above[unit]
        return unit

    def kid_above(self, unit: Unit, parent: Unit) -> Unit:
        """The one directly below `parent` that dominates `unit`, which `parent` dominates."""
        return self._up(unit, self._depth[parent] + 1)

    def dominates(self, upper: Unit, lower: Unit) -> bool:
        return self._depth[lower] >= self._depth[upper] and self._up(lower, self._depth[upper]) == upper

    def _numbered(self) -> dict[Unit, int]:
        """Numbers in which a unit and all it dominates follow each other."""
        index: dict[Unit, int] = {}
        stack = [self.start]
        while stack:
            unit = stack.pop()
            index[unit] = len(index)
            stack.extend(reversed(self.kids[unit]))
        return index

    def _counted(self) -> tuple[dict[Unit, int], dict[Unit, bool]]:
        """For each unit: how many arcs leave what it dominates (the end counts as one), and whether a run may fail in there."""
        leaving = {unit: int(unit == self.end) for unit in self.order}
        failing = {unit: self.fails(unit) for unit in self.order}
        for unit in self.order:
            for _, target in self.outs[unit]:
                leaving[unit] += 1
                leaving[self.above[target]] -= 1
        for unit in reversed(self.order[1:]):
            leaving[self.above[unit]] += leaving[unit]
            failing[self.above[unit]] |= failing[unit]
        return leaving, failing

    def fails(self, unit: Unit) -> bool:
        if inner := self.inner(unit):
            return any(self.net.may_fail(place) for place in inner.body)
        return unit >= 0 and self.net.may_fail(unit)


def levels(loops: Loops) -> dict[int | None, Level]:
    """The level of the whole under None, that of each loop under its number."""
    made: dict[int | None, Level] = {None: Level(loops, None)}
    made |= {loop.number: Level(loops, loop) for loop in loops.all}
    for arc in loops.net.arcs():
        common = loops.common(arc.source, arc.target)
        depth = common.depth if common else 0
        for left in loops.around(arc.source)[depth:]:
            level = made[left.number]
            level.add(arc, level.unit(arc.source), OVER)
        level = made[common.number if common else None]
        back = common is not None and arc.target in common.entries
        level.add(arc, level.unit(arc.source), OVER if back else level.unit(arc.target))
    for level in made.values():
        level.order_units()
    return made
