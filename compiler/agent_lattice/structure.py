"""Flow to blocks: a graph with cycles, choices, forks and joins as operations inside each other, so that targets know one
shape of body only.

Along the dominators of each level (see `nets.levels`): what a node alone leads to stands inside its choice; where ways
meet, the meeting comes behind all of them, under a condition when it may have been bypassed. A loop is a loop, its exits
are what comes behind it; one with several entries starts with a choice among them. This is the method of Ramsey's
"Beyond Relooper" (2022), with flags in the place of labelled jumps, and with forks.
"""

from __future__ import annotations

from collections.abc import Iterable

from agent_lattice import plan
from agent_lattice.dataflow import leaves
from agent_lattice.nets.levels import OVER, TURN, Level, Unit
from agent_lattice.nets.loops import Loop
from agent_lattice.nets.net import END, START, Arc
from agent_lattice.records import replace
from agent_lattice.structure_names import Names, is_set, negated
from agent_lattice.terms import Const, Term
from agent_lattice.types import NULL

NO_TURN_LEFT = "the bounds of a cycle did not end it"


def structured(workflow: plan.Workflow) -> plan.Workflow:
    """The workflow with a body of blocks; one that has no flow is returned as it is."""
    if workflow.flow is None:
        return workflow
    return replace(workflow, body=_Structure(workflow, workflow.flow).body(), flow=None)


class _Structure:
    def __init__(self, workflow: plan.Workflow, flow: plan.Flow) -> None:
        self.flow = flow
        self.joins = flow.joins
        self.net = flow.joins.net
        self.loops = flow.joins.loops
        self.names = Names(workflow, flow)
        self.flags: dict[tuple[int | None, Unit], str] = {}
        """The variable that says whether a unit of a level is to be visited, where that is not certain."""
        self.again: dict[int, str] = {}
        """The variable that says whether a loop takes another turn, for loops that can also be left."""
        self.entry: dict[int, str] = {}
        """The variable that says where a loop with several entries starts its turn."""

    def body(self) -> plan.Block:
        level = self.joins.levels[None]
        ops = [*self.flow.variables, *self.names.hoisted(), *self.names.counters()]
        return (*ops, *self.region(level, START))

    def region(self, level: Level, unit: Unit) -> list[plan.Op]:
        """A unit and all that it dominates."""
        ops: list[plan.Op] = []
        following: Unit | None = unit
        while following is not None:
            following = self._append(level, following, ops)
        return ops

    def _append(self, level: Level, unit: Unit, ops: list[plan.Op]) -> Unit | None:
        """Add a unit and what it dominates; a last part that stands at the same depth is left to the caller."""
        meetings = self._meetings(level, unit)
        ops += self._flags(level, unit, meetings)
        ops += self._own(level, unit)
        batches = self.joins.batches(level, unit, meetings)
        last = batches.pop() if batches and self._is_plain(level, batches[-1]) else None
        rest, tail = self._ways(level, unit)
        ops += rest
        if tail is not None:
            if not batches and last is None:
                return tail
            ops += self.region(level, tail)
        for batch in batches:
            ops += self._meet(level, batch)
        return last[0] if last else None

    def _is_plain(self, level: Level, batch: list[Unit]) -> bool:
        return len(batch) == 1 and (level.number, batch[0]) not in self.flags

    def _meetings(self, level: Level, unit: Unit) -> list[Unit]:
        """The units directly below one that come behind its ways: where ways meet, and all that a loop is left for."""
        waits_for_end = END in self.joins.waits
        return [
            kid
            for kid in level.kids[unit]
            if kid != OVER
            and (kid != END or waits_for_end)
            and (len(level.ins[kid]) > 1 or level.inner(unit) is not None)
        ]

    def _flags(self, level: Level, unit: Unit, meetings: list[Unit]) -> list[plan.Op]:
        """The variables that say which meetings are to be visited, and where loops with several entries start."""
        certain = self.joins.certain(level, unit, meetings)
        made: list[plan.Op] = []
        for kid in meetings:
            if kid not in certain:
                name = self.flags[level.number, kid] = self.names.fresh(f"to_{self._name(level, kid)}")
                made.append(self.names.flag(name))
            if (inner := level.inner(kid)) is not None and len(inner.entries) > 1:
                self.entry[inner.number] = self.names.fresh("next_step")
                made.append(self.names.choice(self.entry[inner.number]))
        return made

    def _pending(self, level: Level, arc: Arc) -> bool:
        """Whether a run goes on behind an arc; it does not where the arc ends it with a result."""
        return arc.target != END or END in self.joins.waits

    def _name(self, level: Level, unit: Unit) -> str:
        inner = level.inner(unit)
        return self.net.names[inner.entries[0] if inner else unit]

    def _meet(self, level: Level, batch: list[Unit]) -> list[plan.Op]:
        """Meetings that are independent of each other, side by side if there are several."""
        made = [(self._name(level, unit), self._guarded(level, unit)) for unit in batch]
        return self._side_by_side(made)

    def _guarded(self, level: Level, unit: Unit) -> list[plan.Op]:
        ops = self.region(level, unit)
        flag = self.flags.get((level.number, unit))
        return [plan.If(is_set(flag), tuple(ops), ())] if flag else ops

    @staticmethod
    def _side_by_side(parts: list[tuple[str, list[plan.Op]]]) -> list[plan.Op]:
        parts = [(name, ops) for name, ops in parts if ops]
        if len(parts) < 2:
            return [op for _, ops in parts for op in ops]
        return [plan.Parallel(tuple(plan.Branch(name, tuple(ops)) for name, ops in parts))]

    def _own(self, level: Level, unit: Unit) -> list[plan.Op]:
        """What a unit itself does."""
        inner = level.inner(unit)
        if inner is not None:
            return self._loop(inner)
        if unit == END:
            return [plan.Return(Const(None, type=NULL))]
        if unit in (START, TURN) or unit >= len(self.flow.nodes):
            return []
        node = self.flow.nodes[unit]
        return [] if self._events(unit) else [*node.body, *self.names.keep(node)]

    def _events(self, unit: Unit) -> list[int]:
        """The numbers of the ways that a failure of the node takes."""
        ways = self.flow.nodes[unit].ways if 0 <= unit < len(self.flow.nodes) else ()
        return [number for number, way in enumerate(ways) if way.codes is not None]

    def _loop(self, loop: Loop) -> list[plan.Op]:
        level = self.joins.levels[loop.number]
        bounds = sum(self.flow.nodes[at].ways[way].at_most or 0 for at, way in self._bounded_in(loop))
        most = (1 + bounds) * len(loop.entries)  # from entry to entry, a turn each, before a bounded way is taken again
        goes_on = any(
            not self.loops.goes_back(arc) or self.loops.common(arc.source, arc.target) is not loop
            for arc, _ in level.ins[OVER]
            if self._pending(level, arc)
        )
        head: list[plan.Op] = []
        if goes_on:
            self.again[loop.number] = self.names.fresh("again")
            head = [self.names.flag(self.again[loop.number])]
        body = (*head, *self.region(level, TURN))
        until = negated(is_set(self.again[loop.number])) if goes_on else None
        entry = self.flow.nodes[loop.entries[0]]
        step = self.names.loop_step(loop)
        made = plan.Loop(step, None, most, body, until, entry.span, self.names.exports(loop))
        return [made] if goes_on else [made, self.names.stop(NO_TURN_LEFT)]

    def _bounded_in(self, loop: Loop) -> Iterable[tuple[int, int]]:
        for place in sorted(loop.body):
            if place < len(self.flow.nodes):
                for number, way in enumerate(self.flow.nodes[place].ways):
                    if way.at_most is not None:
                        yield place, number

    def _ways(self, level: Level, unit: Unit) -> tuple[list[plan.Op], Unit | None]:
        """What follows a unit, and the unit that goes on at the same depth, if that is how it goes on."""
        if level.inner(unit) is not None:
            return [], None
        if unit == TURN:
            return self._turn(level)
        if unit == END:
            return [], None
        if unit >= len(self.flow.nodes):
            return self._way(level, unit, 0)
        events = self._events(unit)
        chosen = [number for number in range(len(self.flow.nodes[unit].ways)) if number not in events]
        if not events:
            return self._choice(level, unit, chosen)
        return self._try(level, unit, events, chosen)

    def _turn(self, level: Level) -> tuple[list[plan.Op], Unit | None]:
        """The start of a turn: at the entry that was set."""
        assert level.loop is not None
        if len(level.outs[TURN]) == 1:
            return [], level.outs[TURN][0][1]
        name = self.entry[level.loop.number]
        ops: list[plan.Op] = []
        for arc, unit in reversed(level.outs[TURN]):
            body = self._to(level, TURN, arc, unit)
            ops = (
                [plan.If(self.names.chosen(name, self.net.names[arc.target]), tuple(body), tuple(ops))] if ops else body
            )
        return ops, None

    def _try(self, level: Level, unit: Unit, events: list[int], chosen: list[int]) -> tuple[list[plan.Op], Unit | None]:
        node = self.flow.nodes[unit]
        handlers = tuple(
            plan.Handler(node.ways[number].codes or (), tuple(self._ended(level, unit, number))) for number in events
        )
        body = (*node.body, *self.names.keep(node))
        if all(leaves(handler.body) for handler in handlers):
            rest, tail = self._choice(level, unit, chosen)
            return [plan.Try(body, handlers, (), node.span), *rest], tail
        rest, tail = self._choice(level, unit, chosen)
        rest = [*rest, *(self.region(level, tail) if tail is not None else [])]
        return [plan.Try(body, handlers, tuple(rest), node.span)], None

    def _choice(self, level: Level, unit: Unit, ways: list[int]) -> tuple[list[plan.Op], Unit | None]:
        """The first way whose condition holds. One that is left over when all others end the run needs no block."""
        if len(ways) == 1:
            return self._way(level, unit, ways[0])
        largest = max(ways, key=lambda number: self._size(level, unit, number))
        made = {number: self._ended(level, unit, number) for number in ways if number != largest}
        if all(leaves(tuple(ops)) for ops in made.values()):
            return self._left_over(level, unit, ways, made, largest)
        made[largest] = self._ended(level, unit, largest)
        open_ways = [number for number in ways if not leaves(tuple(made[number]))]
        if len(open_ways) == 1:
            ops, _ = self._left_over(level, unit, ways, made, open_ways[0])
            return ops, None
        return _chain([(self.names.guard(unit, number), made[number]) for number in ways]), None

    def _size(self, level: Level, unit: Unit, number: int) -> int:
        """How much a way leads to that stands below it."""
        return sum(
            level.sizes[target]
            for arc, target in level.outs[unit]
            if arc.way == number and self._is_inline(level, unit, target)
        )

    def _left_over(
        self, level: Level, unit: Unit, ways: list[int], made: dict[int, list[plan.Op]], rest: int
    ) -> tuple[list[plan.Op], Unit | None]:
        """One way without a block of its own, since all others end the run."""
        at = ways.index(rest)
        ops: list[plan.Op] = [
            plan.If(guard, tuple(made[number]), ())
            for number in ways[:at]
            if (guard := self.names.guard(unit, number)) is not None
        ]
        guard = self.names.guard(unit, rest)
        if guard is not None and ways[at + 1 :]:
            others = [(self.names.guard(unit, number), made[number]) for number in ways[at + 1 :]]
            ops.append(plan.If(negated(guard), tuple(_chain(others)), ()))
        if rest in made:
            return [*ops, *made[rest]], None
        following, tail = self._way(level, unit, rest)
        return [*ops, *following], tail

    def _ended(self, level: Level, unit: Unit, number: int) -> list[plan.Op]:
        """A way with all that stands in it."""
        ops, tail = self._way(level, unit, number)
        return [*ops, *(self.region(level, tail) if tail is not None else [])]

    def _way(self, level: Level, unit: Unit, number: int) -> tuple[list[plan.Op], Unit | None]:
        """What a way does; a single unit that it leads to and that stands below it alone is left to the caller."""
        counted = self.names.count(unit, number)
        leaf = self.flow.nodes[unit].ways[number].leaf if unit < len(self.flow.nodes) else None
        if leaf is not None:
            return [*counted, leaf], None
        arcs = [(arc, target) for arc, target in level.outs[unit] if arc.way == number]
        if len(arcs) == 1 and self._is_inline(level, unit, arcs[0][1]):
            return counted, arcs[0][1]
        jumps: list[plan.Op] = []
        parts: list[tuple[str, list[plan.Op]]] = []
        for arc, target in arcs:
            ops = self._to(level, unit, arc, target)
            if self._is_inline(level, unit, target):
                parts.append((self._name(level, target), ops))
            else:
                jumps += ops
        return [*counted, *jumps, *self._side_by_side(parts)], None

    def _is_inline(self, level: Level, unit: Unit, target: Unit) -> bool:
        """Whether a unit stands where the way to it is."""
        return target not in (OVER, END) and len(level.ins[target]) == 1 and level.above[target] == unit

    def _to(self, level: Level, unit: Unit, arc: Arc, target: Unit) -> list[plan.Op]:
        """What taking an arc does at once: go to where it leads, or note that it is to be visited."""
        if self._is_inline(level, unit, target):
            return self.region(level, target)
        return self._jump(level, arc, target)

    def _jump(self, level: Level, arc: Arc, target: Unit) -> list[plan.Op]:
        if target == OVER:
            return self._leave(level, arc)
        flag = self.flags.get((level.number, target))
        noted: list[plan.Op] = [self.names.set_flag(flag)] if flag else []
        return [*noted, *self._enter(level.inner(target), arc)]

    def _enter(self, loop: Loop | None, arc: Arc) -> list[plan.Op]:
        """Note where a loop with several entries is entered."""
        if loop is None or loop.number not in self.entry:
            return []
        return [self.names.set_choice(self.entry[loop.number], self.net.names[arc.target])]

    def _leave(self, level: Level, arc: Arc) -> list[plan.Op]:
        """The end of a turn: another one, or what the arc leads to outside."""
        loop = level.loop
        assert loop is not None
        if arc.target in loop.entries:
            noted: list[plan.Op] = [self.names.set_flag(self.again[loop.number])] if loop.number in self.again else []
            return [*noted, *self._enter(loop, arc)]
        outer = self.joins.levels[loop.outer.number if loop.outer else None]
        target = next(target for other, target in outer.outs[outer.unit(arc.source)] if other == arc)
        return self._jump(outer, arc, target)


def _chain(outcomes: list[tuple[Term | None, list[plan.Op]]]) -> list[plan.Op]:
    """Conditions tried in their order; the last one is not tested."""
    _, ops = outcomes[-1]
    for guard, body in reversed(outcomes[:-1]):
        assert guard is not None
        ops = [plan.If(guard, tuple(body), tuple(ops))]
    return ops
