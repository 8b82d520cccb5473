"""The flow of a graph: its nodes checked in an order in which what is read is known, each seeing what the others made."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from agent_lattice import plan
from agent_lattice.dataflow import variables
from agent_lattice.declarations.graph_cover import complete
from agent_lattice.declarations.graph_edges import END_NAME, Draft, Edges
from agent_lattice.declarations.graph_names import Elsewhere
from agent_lattice.diagnostics import Code, Label, Report
from agent_lattice.expr.narrow import Facts, narrowed
from agent_lattice.fitting import MISMATCH, condition
from agent_lattice.kind import Binding, Scope
from agent_lattice.nets.joins import Joins
from agent_lattice.nets.net import END, START
from agent_lattice.nets.order import Order
from agent_lattice.records import record
from agent_lattice.structure_names import alias
from agent_lattice.terms import Const, Var
from agent_lattice.tree import Name
from agent_lattice.types import NULL, UNKNOWN, Null, Optional, Type, assignable, optional

NO_VALUE = Code("LAT3021", "end-without-value")
SEVERAL_ENDS = Code("LAT3022", "several-ends")
RETURN_IN_NODE = Code("LAT3023", "return-in-node")

Scopes = Callable[[Report], Scope]
"""Makes the scope of a graph's parameters anew, for a report."""


def checked_flow(
    statements: Iterable[Any], output: Type, graph: Name, scopes: Scopes, report: Report
) -> tuple[plan.Flow, list[Binding], bool]:
    """The flow of a graph's body, its names, and whether something in it could not be understood. Types that one node
    gives to another across a cycle are found first."""
    edges = Edges(statements, graph, report)
    checker = FlowChecker(edges, output, report)
    known: dict[str, Type] = {}
    while True:
        before, found = dict(known), Report()
        base = scopes(found)
        checked = checker.run(base, found, known)
        if not checked.missed or known == before:
            break
    report.found += found.found
    read = {checker.names.get(term.name, term.name) for term in variables((checked.variables, checked.nodes))}
    for binding in base.body.bindings:
        binding.used |= binding.name in read
    flow = plan.Flow(checked.variables, checked.nodes, checker.joins)
    return flow, base.body.bindings, edges.unclear or base.body.unclear


@record(frozen=False)
class Pass:
    """What one pass over the nodes has found. `missed`: a type was needed that was not known yet."""

    variables: plan.Block
    nodes: tuple[plan.FlowNode, ...]
    missed: bool


def failing_ways(edges: Edges) -> dict[int, int]:
    """How many of the first ways of each node are those of its failure."""
    return {place: sum(bool(draft.first.codes) for draft in drafts) for place, drafts in enumerate(edges.ways)}


class FlowChecker:
    """Checks the nodes of a graph."""

    def __init__(self, edges: Edges, output: Type, report: Report) -> None:
        self.edges = edges
        self.output = output
        self.joins = Joins(edges.net())
        self.net = self.joins.net
        self.order = Order(self.joins, failing_ways(edges))
        self.names = {self.alias(name): name for name in edges.defined}
        """What terms call values that may not be there, and their names."""
        self._sequence = self._sorted()
        self._check_ends(report)

    def _sorted(self) -> list[int]:
        """The nodes, each behind those that come before it in a turn; unreachable ones last."""
        loops, count = self.joins.loops, len(self.edges.nodes)
        missing = {place: sum(not loops.goes_back(arc) for arc in arcs) for place, arcs in self.net.arcs_in.items()}
        queue, found = deque([START]), []
        while queue:
            place = queue.popleft()
            if place < count:
                found.append(place)
            for arc in self.net.arcs_out(place):
                if not loops.goes_back(arc):
                    missing[arc.target] -= 1
                    if missing[arc.target] == 0:
                        queue.append(arc.target)
        return found + sorted(set(range(count)) - set(found))

    def run(self, base: Scope, report: Report, types: dict[str, Type]) -> Pass:
        """Check all nodes; `types` are those of names as far as they are known, and are completed."""
        self.report, self.base, self.types = report, base, types
        self.missed = False
        self.facts: dict[tuple[int, int], Facts] = {}
        self.loop_scopes: dict[int, Scope] = {}
        made_variables = base.block(self.edges.variables)
        made = {place: self._node(place) for place in self._sequence}
        nodes = tuple(made[place] for place in range(len(self.edges.nodes)))
        return Pass(made_variables, nodes, self.missed)

    def _scope(self, place: int) -> Scope:
        """The names that a node can see, in the scope of steps of the loops around it."""
        outer = self.base
        for loop in self.joins.loops.around(place) if place in self.net.reachable else ():
            if loop.number not in self.loop_scopes:
                name = outer.path + self.net.names[loop.entries[0]]
                self.loop_scopes[loop.number] = outer.turn(name, concurrent=False)
            outer = self.loop_scopes[loop.number]
        names = outer.inner(self._known_there(place))
        names.own = Elsewhere(self, place)
        return names.inner()

    def _known_there(self, place: int) -> Facts:
        """What is known of values where a node starts: what its only way into it has proved."""
        arcs = self.net.arcs_in.get(place, [])
        if len(arcs) != 1:
            return frozenset()
        source, way = self.net.origins.get(arcs[0].source, (arcs[0].source, arcs[0].way))
        return self.facts.get((source, way), frozenset())

    def _node(self, place: int) -> plan.FlowNode:
        node, scope = self.edges.nodes[place], self._scope(place)
        body = scope.block(node.statements)
        for op in plan.walk(body):
            if isinstance(op, plan.Return):
                self.report.add(
                    RETURN_IN_NODE,
                    "a node cannot return from the graph",
                    op.span,
                    help=f"put it on an edge: `{node.name} -> return …`",
                )
        defines = tuple((name, binding.type) for name, binding in scope.own.items())
        self.types.update(defines)
        scope.facts = frozenset(fact for fact in scope.facts if fact[0][0] not in scope.own)
        ways = complete(tuple(self._ways(place, scope)), node.name, self.report)
        maybe = self._maybe((body, ways))
        return plan.FlowNode(node.name, body, defines, ways, maybe, node.span)

    def _ways(self, place: int, scope: Scope) -> Iterator[plan.Way]:
        failed: Facts = frozenset()
        for number, draft in enumerate(self.edges.ways[place]):
            inner = scope.inner(failed)
            edge = draft.first
            guard = condition(edge.guard, inner, self.report) if edge.guard is not None else None
            if guard is not None and not draft.bound:
                failed |= narrowed(guard, False)
            if guard is not None:
                inner = inner.inner(narrowed(guard, True))
            if not edge.codes:
                self.facts[place, number] = inner.facts
            codes = tuple(code.text for code in edge.codes if code.text != "error") if edge.codes else None
            targets = tuple(name.text for name in draft.targets)
            leaf = edge.leaf.check(inner) if edge.leaf is not None else None
            if leaf is None and targets == (END_NAME,) and END not in self.joins.waits:
                leaf, targets = self._result(place, draft), ()
            yield plan.Way(targets, leaf, guard, draft.bound, codes, edge.span)

    def _result(self, place: int, draft: Draft) -> plan.Op:
        """The value of the node before the end, where the graph has a result."""
        node, target = self.edges.nodes[place], draft.targets[0]
        nothing = plan.Return(Const(None, type=NULL), target.span)
        if isinstance(self.output, Null):
            return nothing
        if draft.first.codes or len(node.statements) != 1 or [name.text for name in node.defines] != [node.name]:
            if not isinstance(self.output, Optional) and not self.edges.unclear:
                self.report.add(
                    NO_VALUE,
                    f"there is no value to end with: the result is `{self.output}`",
                    target.span,
                    help="say what it is: `-> return …`",
                )
            return nothing
        type = self.types.get(node.name, self.output)
        if not assignable(type, self.output):
            message = f"the result is `{self.output}`, the value of `{node.name}` is `{type}`"
            self.report.add(MISMATCH, message, target.span, help="say what it is: `-> return …`")
        return plan.Return(Var(node.name, type=type, span=target.span), target.span)

    def _maybe(self, where: Any) -> tuple[str, ...]:
        """The names of other nodes that are read although they may not be there."""
        return tuple(sorted({self.names[term.name] for term in variables(where) if term.name in self.names}))

    def alias(self, name: str) -> str:
        """What terms call the value of a node that may not be there."""
        return alias(name, self.edges.defined)

    def type_elsewhere(self, name: str, place: int) -> tuple[Type, str]:
        """The type of a name of another node as this one sees it, and what terms call it."""
        source = self.edges.defined[name]
        type = self.types.get(name)
        if type is None:
            self.missed = True
        if type is None or place not in self.net.reachable or source not in self.net.reachable:
            return type or UNKNOWN, ""
        certain = bool(self.joins.findings) or self.order.before(source, place)  # what meets wrongly is said once
        return (type, "") if certain else (optional(type), self.alias(name))

    def _check_ends(self, report: Report) -> None:
        """Two ways that end side by side have two results."""
        if END in self.joins.waits and not isinstance(self.output, Null):
            first, second = self.net.arcs_in[END][:2]
            spans = [self._span(arc.source, arc.way) for arc in (first, second)]
            report.add(
                SEVERAL_ENDS,
                f"several ways end side by side, but there is one result `{self.output}`",
                spans[1],
                related=(Label(spans[0], "this one ends at the same time"),),
                help="let them meet in a node that makes the result",
            )

    def _span(self, place: int, way: int) -> Any:
        place, way = self.net.origins.get(place, (place, way))
        return self.edges.ways[place][way].first.span
