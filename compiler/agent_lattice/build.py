"""Operations to graph: every body, whatever it was written as, becomes nodes and edges."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agent_lattice import plan
from agent_lattice.graph import END, START, Edge, Graph, Node
from agent_lattice.nets.net import Arc
from agent_lattice.source import NOWHERE

Loose = list[tuple[str, str]]
"""Ends that wait for what comes next: node id and label of the edge."""


def build(workflow: plan.Workflow, *, whole: bool = True) -> Graph:
    """The graph of a workflow. The edge labelled `falls` into the end is a body that ends without `return`."""
    builder = _Builder(Graph(workflow, whole=whole))
    return builder.run() if workflow.flow is None else builder.run_flow(workflow.flow)


class _Builder:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.region: tuple[str, ...] = ()
        self.counts: dict[str, int] = {}
        self.first = ""
        self.finishing = False

    def run(self) -> Graph:
        graph = self.graph
        graph.nodes[START] = Node(START, "start", graph.workflow.name, span=graph.workflow.span)
        graph.nodes[END] = Node(END, "end", "end", span=graph.workflow.span)
        for id, label in self.block(graph.workflow.body, [(START, "")]):
            if not isinstance(graph.nodes[id].op, plan.Return):
                graph.edges.append(Edge(id, END, f"{label} falls".strip()))
        return graph

    def run_flow(self, flow: plan.Flow) -> Graph:
        """The graph of a body that is one: what its nodes do, and its edges."""
        graph = self.graph
        graph.nodes[START] = Node(START, "start", graph.workflow.name, span=graph.workflow.span)
        graph.nodes[END] = Node(END, "end", "end", span=graph.workflow.span)
        entries = {flow.nodes[1].name: END}
        ends = {flow.nodes[0].name: self.block(flow.variables, [(START, "")])}
        for node in flow.nodes[2:]:
            self.first = ""
            ends[node.name] = self.block(node.body, []) if node.body else [(self._node(node, [], sort="node"), "")]
            entries[node.name] = self.first
        numbers = {node.name: number for number, node in enumerate(flow.nodes)}
        for place, node in enumerate(flow.nodes):
            for number, way in enumerate(node.ways):
                failed = [(entries.get(node.name, START), "")]
                loose = failed if way.codes is not None else ends[node.name]
                loose = [(id, label or _way_label(way)) for id, label in loose]
                if way.leaf is not None:
                    self.block((way.leaf,), loose)
                for target in way.targets:
                    back = flow.joins.loops.goes_back(Arc(place, number, numbers[target]))
                    self._connect(loose, entries[target], back=back)
        return graph

    def block(self, ops: plan.Block, loose: Loose) -> Loose:
        for op in ops:
            loose = self._op(op, loose)
        return loose

    def _op(self, op: plan.Op, loose: Loose) -> Loose:
        special: Callable[[Any, Loose], Loose] | None = getattr(self, f"_{type(op).__name__.lower()}", None)
        if special:
            return special(op, loose)
        return [(self._node(op, loose), "")]

    def _node(self, op: Any, loose: Loose, *, sort: str = "", label: str = "") -> str:
        sort = sort or type(op).__name__.lower()
        id = self._id(getattr(op, "step", None) or f"{sort}:{getattr(op, 'name', '')}".rstrip(":"))
        self.graph.nodes[id] = Node(
            id,
            sort,
            label or id,
            self.region,
            op if sort not in ("merge", "join", "node") else None,
            getattr(op, "span", NOWHERE),
        )
        self._connect(loose, id)
        self.first = self.first or id
        return id

    def _id(self, wanted: str) -> str:
        count = self.counts[wanted] = self.counts.get(wanted, 0) + 1
        return wanted if count == 1 else f"{wanted}#{count}"

    def _connect(self, loose: Loose, target: str, *, back: bool = False) -> None:
        self.graph.edges.extend(Edge(source, target, label, back) for source, label in loose)

    def _inside(self, region: str, ops: plan.Block, loose: Loose) -> Loose:
        outer, self.region = self.region, (*self.region, region)
        try:
            return self.block(ops, loose)
        finally:
            self.region = outer

    def _if(self, op: plan.If, loose: Loose) -> Loose:
        id = self._node(op, loose, label=shorten(op.condition.span.text))
        return self.block(op.then, [(id, "yes")]) + self.block(op.otherwise, [(id, "no")])

    def _match(self, op: plan.Match, loose: Loose) -> Loose:
        id = self._node(op, loose, label=shorten(op.subject.span.text))
        ends: Loose = []
        for case in op.cases:
            ends += self.block(case.body, [(id, _values(case))])
        return ends + (self.block(op.otherwise, [(id, "else")]) if op.otherwise is not None else [])

    def _parallel(self, op: plan.Parallel, loose: Loose) -> Loose:
        fork = self._node(op, loose)
        ends = [self._inside(f"{fork}/{branch.name}", branch.body, [(fork, branch.name)]) for branch in op.branches]
        if any(not end for end in ends):
            return []
        join = self._node(op, [loose for end in ends for loose in end] or [(fork, "")], sort="join", label="join")
        return [(join, "")]

    def _race(self, op: plan.Race, loose: Loose) -> Loose:
        """It goes on when enough branches have ended, so not when fewer than that can."""
        fork = self._node(op, loose)
        made = [self._inside(f"{fork}/{branch.name}", branch.body, [(fork, branch.name)]) for branch in op.branches]
        ends = [end for end in made if end]
        if len(ends) < op.need:
            return []
        return [(self._node(op, [loose for end in ends for loose in end], sort="join", label="join"), "")]

    def _try(self, op: plan.Try, loose: Loose) -> Loose:
        """Handlers start where the body does: it may fail anywhere. `finish` also comes behind what leaves the workflow."""
        id = self._node(op, loose)
        ends = self.block(op.otherwise, self.block(op.body, [(id, "")]))
        for handler in op.handlers:
            ends += self.block(handler.body, [(id, f"catch {', '.join(handler.codes)}".strip())])
        if not op.finish or ends:
            return self._finish(op.finish, ends)
        self._connect(self._finish(op.finish, [(id, "finally")]), END)
        return []

    def _finish(self, block: plan.Block, loose: Loose) -> Loose:
        outer, self.finishing = self.finishing, True
        try:
            return self.block(block, loose)
        finally:
            self.finishing = outer

    def _each(self, op: plan.Each, loose: Loose) -> Loose:
        id = self._node(op, loose, label=f"{op.step}: at most {op.at_most}")
        ends = self._inside(f"{op.step}[{'parallel' if op.width > 1 else ''}]", op.body, [(id, "each")])
        self._connect(ends, id, back=True)
        return [(id, "done")]

    def _loop(self, op: plan.Loop, loose: Loose) -> Loose:
        id = self._node(op, loose, label=f"{op.step}: at most {op.at_most}")
        ends = self._inside(f"{op.step}[]", op.body, [(id, "again")])
        self._connect(ends, id, back=True)
        return [(id, "done")]

    def _return(self, op: plan.Return, loose: Loose) -> Loose:
        """In a `finally`, where it is a mistake of its own, nothing is said of what follows."""
        id = self._node(op, loose)
        self._connect([(id, "")], END)
        return [(id, "")] if self.finishing else []

    def _fail(self, op: plan.Fail, loose: Loose) -> Loose:
        self._connect([(self._node(op, loose), "")], END)
        return []


def _values(case: plan.Case) -> str:
    values = [
        "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
        for value in case.values
    ]
    return ", ".join([*values, *map(str, case.types)])


def _way_label(way: plan.Way) -> str:
    """When a way is taken, in the words of the source."""
    if way.codes is not None:
        return f"on {', '.join(way.codes) or 'error'}"
    guard = shorten(way.guard.span.text) if way.guard is not None else ""
    return f"{guard} at most {way.at_most}".strip() if way.at_most is not None else guard


def shorten(text: str) -> str:
    """Text of the source on one line of at most 60 characters."""
    flat = " ".join(text.split())
    return flat if len(flat) <= 60 else f"{flat[:59]}…"
