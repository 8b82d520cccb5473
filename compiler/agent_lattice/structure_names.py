"""The variables that a graph needs when it becomes blocks, and the conditions made of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from agent_lattice import plan
from agent_lattice.dataflow import defined, variables
from agent_lattice.nets.loops import Loop
from agent_lattice.records import replace
from agent_lattice.terms import Apply, Chain, Const, Logic, Template, Term, Text, Var
from agent_lattice.types import BOOL, INT, NULL, STRING, Type, optional


def is_set(name: str) -> Term:
    return Var(name, type=BOOL)


_OPPOSITES = {"equal": "unequal", "equal_deep": "unequal_deep", "is_null": "not_null"}
_OPPOSITES |= {opposite: word for word, opposite in _OPPOSITES.items()}


def negated(term: Term) -> Term:
    """The condition that holds when the other one does not, as a reader would write it."""
    match term:
        case Apply(function="not", args=(inner,)):
            return inner
        case Apply(function=function) if function in _OPPOSITES:
            return replace(term, function=_OPPOSITES[function])
    return Apply("not", (term,), type=BOOL, fails=term.fails, span=term.span)


def alias(name: str, taken: Iterable[str]) -> str:
    """What the value of a node is called where it may not be there."""
    wanted = f"{name}_or_null"
    while wanted in taken:
        wanted += "_"
    return wanted


class Names:
    """Names of variables that no source has given, and the operations that declare and set them."""

    def __init__(self, workflow: plan.Workflow, flow: plan.Flow) -> None:
        self.flow = flow
        self.loops = flow.joins.loops
        self.types: dict[str, Type] = {name: type for node in flow.nodes for name, type in node.defines}
        self.maybe = sorted({name for node in flow.nodes for name in node.maybe})
        self.aliases = {name: alias(name, self.types) for name in self.maybe}
        self._taken = {*(param.name for param in workflow.params), *self.types, *self.aliases.values()}
        for op in plan.walk(workflow.body):
            self._taken.update(defined(op), [op.item] if isinstance(op, plan.Each) else [])
        self._counters = dict(self._bounded())
        self._exports = self._read_outside()

    def fresh(self, wanted: str) -> str:
        """A name that nothing has yet."""
        name, count = wanted, 1
        while name in self._taken:
            count += 1
            name = f"{wanted}_{count}"
        self._taken.add(name)
        return name

    def flag(self, name: str) -> plan.Op:
        return plan.Var(name, BOOL, Const(False, type=BOOL))

    def set_flag(self, name: str) -> plan.Op:
        return plan.Set(name, Const(True, type=BOOL))

    def choice(self, name: str) -> plan.Op:
        return plan.Var(name, STRING, Const("", type=STRING))

    def set_choice(self, name: str, value: str) -> plan.Op:
        return plan.Set(name, Const(value, type=STRING))

    def chosen(self, name: str, value: str) -> Term:
        return Apply("equal", (Var(name, type=STRING), Const(value, type=STRING)), type=BOOL)

    def stop(self, message: str) -> plan.Op:
        return plan.Fail("internal", Template((Text(message),)))

    def hoisted(self) -> list[plan.Op]:
        """Declarations of values that are read where they may not be there."""
        return [plan.Var(self.aliases[name], optional(self.types[name]), Const(None, type=NULL)) for name in self.maybe]

    def keep(self, node: plan.FlowNode) -> list[plan.Op]:
        """Make the values of a node known to those that read them without being sure of them."""
        return [
            plan.Set(self.aliases[name], Var(name, type=type)) for name, type in node.defines if name in self.aliases
        ]

    def counters(self) -> list[plan.Op]:
        return [plan.Var(name, INT, Const(0, type=INT)) for name in self._counters.values()]

    def count(self, unit: int, number: int) -> list[plan.Op]:
        """Count that a bounded way is taken."""
        name = self._counters.get((unit, number))
        one = ("add_int", Const(1, type=INT))
        return [plan.Set(name, Chain(Var(name, type=INT), (one,), type=INT))] if name else []

    def guard(self, unit: int, number: int) -> Term | None:
        """When a way is taken, if those before it are not: None for always."""
        way = self.flow.nodes[unit].ways[number]
        name = self._counters.get((unit, number))
        if name is None:
            return way.guard
        most = Const(way.at_most, type=INT)
        left = Apply("less_int_int", (Var(name, type=INT), most), type=BOOL)
        return left if way.guard is None else Logic("and", (left, way.guard), type=BOOL, fails=way.guard.fails)

    def _bounded(self) -> Iterator[tuple[tuple[int, int], str]]:
        for place in range(len(self.flow.nodes)):
            for number, way in enumerate(self.flow.nodes[place].ways):
                if way.at_most is not None:
                    target = way.targets[0] if way.targets else "end"
                    yield (place, number), self.fresh(f"{self.flow.nodes[place].name}_to_{target}")

    def loop_step(self, loop: Loop) -> str:
        """The static step id of a loop: the entries of the loops around it, and its own."""
        names: list[str] = []
        around: Loop | None = loop
        while around is not None:
            names.append(self.flow.nodes[around.entries[0]].name)
            around = around.outer
        return ".".join(reversed(names))

    def exports(self, loop: Loop) -> tuple[str, ...]:
        """The names that are made in a loop and read outside of it."""
        return tuple(sorted(self._exports.get(loop.number, ())))

    def _read_outside(self) -> dict[int, set[str]]:
        makers = {name: place for place, node in enumerate(self.flow.nodes) for name, _ in node.defines}
        inside = {name for name, place in makers.items() if self.loops.innermost.get(place) is not None}
        found: dict[int, set[str]] = {}
        if not inside:
            return found
        for place, node in enumerate(self.flow.nodes):
            read = (
                {term.name for term in variables((node.body, node.ways))} & inside
                if place in self.loops.innermost
                else ()
            )
            here = set(self.loops.around(place)) if read else set()
            for name in read:
                for loop in self.loops.around(makers[name]):
                    if loop not in here:
                        found.setdefault(loop.number, set()).add(name)
        return found
