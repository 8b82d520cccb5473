"""Edges and nodes of a graph as written, and the ways that they are: what is wrong with them before anything is typed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from agent_lattice.diagnostics import Code, Edit, Fix, Label, Report, did_you_mean
from agent_lattice.expr.tree import Expr, shown
from agent_lattice.kind import DUPLICATE_STEP
from agent_lattice.kinds.fail import check_error_class
from agent_lattice.nets.net import Net
from agent_lattice.nets.net import Way as NetWay
from agent_lattice.printer import Printer
from agent_lattice.records import field, record
from agent_lattice.source import NOWHERE, Span
from agent_lattice.tree import Block, Bound, Junk, Name

UNKNOWN_NODE = Code("LAT1250", "unknown-node")
NOT_A_NODE = Code("LAT1251", "not-a-node")
RESERVED_NODE = Code("LAT1252", "reserved-node-name")
NO_EDGES = Code("LAT3016", "node-without-edges")
FORK_AND_CHOICE = Code("LAT3018", "fork-and-choice")
UNREACHABLE_EDGE = Code("LAT3019", "unreachable-edge")
NO_START = Code("LAT3024", "graph-without-start")

START_NAME, END_NAME, ANY_ERROR = "start", "end", "error"


@record
class Edge:
    """`a, b -> c when e at most 2`; `leaf` is a `return` or `fail` in the place of targets."""

    sources: tuple[Name, ...]
    targets: tuple[Name, ...]
    leaf: Any
    guard: Expr | None
    otherwise: bool
    codes: tuple[Name, ...]
    bound: Bound | None
    span: Span = field(default=NOWHERE, compare=False)

    @property
    def has_condition(self) -> bool:
        return self.guard is not None or self.otherwise or self.bound is not None

    def show(self, out: Printer) -> None:
        out.line(f"{_listed(self.sources)} -> ", *self._target(), *self._clause())

    def _target(self) -> Iterable[Any]:
        if self.leaf is None:
            return (_listed(self.targets),)
        if hasattr(self.leaf, "value"):
            return ("return ", shown(self.leaf.value))
        return (f"fail {self.leaf.code} " if self.leaf.code else "fail ", self.leaf.message.raw)

    def _clause(self) -> Iterable[Any]:
        if self.guard is not None:
            yield from (" when ", shown(self.guard))
        elif self.codes:
            yield f" on {_listed(self.codes)}"
        elif self.otherwise:
            yield " otherwise"
        if self.bound:
            yield f" at most {self.bound.number.raw}"


@record
class NodeBlock:
    """`node review { … }`: a node of several statements."""

    name: Name
    body: Block
    span: Span = field(default=NOWHERE, compare=False)

    def show(self, out: Printer) -> None:
        out.block(f"node {self.name}", self.body)


@record
class Node:
    """A node: its name, its statements, and the names that they define."""

    name: str
    statements: tuple[Any, ...]
    defines: tuple[Name, ...]
    span: Span


@record
class Draft:
    """A way out of a node before its expressions are checked: its edges (one, or several that fork)."""

    edges: tuple[Edge, ...]
    targets: tuple[Name, ...]

    @property
    def first(self) -> Edge:
        return self.edges[0]

    @property
    def bound(self) -> int | None:
        return self.first.bound.number.value if self.first.bound else None


def _listed(names: Sequence[Name]) -> str:
    return ", ".join(map(str, names))


class Edges:
    """The nodes of a graph in the order of the source, the start and the end before them, and the ways out of each."""

    def __init__(self, statements: Iterable[Any], graph: Name, report: Report) -> None:
        self.report = report
        self.unclear = False
        self.graph = graph
        self.variables: list[Any] = []
        self.nodes = [Node(START_NAME, (), (), graph.span), Node(END_NAME, (), (), graph.span)]
        self.edges: list[Edge] = []
        for statement in statements:
            self._sort(statement)
        self.numbers = {node.name: number for number, node in reversed(list(enumerate(self.nodes)))}
        self.defined = self._defined()
        by_source: dict[int, list[Edge]] = {number: [] for number in range(len(self.nodes))}
        for edge in self.edges:
            for number in self._sources(edge):
                by_source[number].append(edge)
        self.ways = [self._ways(node, by_source[number]) for number, node in enumerate(self.nodes)]
        loose = [node for node, ways in zip(self.nodes, self.ways, strict=True) if not ways and node.name != END_NAME]
        if not self.unclear:
            for node in loose:
                self._report_no_edges(node)
        self.unclear |= bool(loose)

    def net(self) -> Net:
        """Their net, with the forks apart."""
        ways = [[self._net_way(draft) for draft in drafts] for drafts in self.ways]
        return Net([node.name for node in self.nodes], ways).with_forks_apart()

    def _net_way(self, draft: Draft) -> NetWay:
        leaf = draft.first.leaf
        targets = [self.numbers[name.text] for name in draft.targets]
        if leaf is not None and hasattr(leaf, "value"):
            targets = [self.numbers[END_NAME]]
        return NetWay(tuple(targets), draft.first.bound is not None)

    def _sort(self, statement: Any) -> None:
        """Take a statement for what it is: a node, an edge, a variable."""
        if isinstance(statement, Junk):
            self.unclear = True
        elif isinstance(statement, Edge):
            self.edges.append(statement)
        elif statement.__class__.__name__ == "Var":
            self.variables.append(statement)
        elif statement.__class__.__name__ == "Budget":
            pass  # what the whole graph may use is no node of it
        elif isinstance(statement, NodeBlock):
            inner = statement.body.statements
            names = tuple(name for part in inner if (name := _name_of(part)) is not None)
            self._add(Node(statement.name.text, inner, names, statement.span), statement.name)
        elif (name := _name_of(statement)) is not None:
            self._add(Node(name.text, (statement,), (name,), statement.span), name)
        else:
            self.unclear = True
            self.report.add(
                NOT_A_NODE,
                "a node of a graph has a name",
                statement.span,
                help="give the step a name, or put it into a node of its own: `node name { … }`",
            )

    def _add(self, node: Node, name: Name) -> None:
        if name.text in (START_NAME, END_NAME):
            self.unclear = True
            self.report.add(
                RESERVED_NODE,
                f"`{name}` is where every graph {name.text}s",
                name.span,
                help="call the node something else",
            )
            return
        self.nodes.append(node)

    def _defined(self) -> dict[str, int]:
        """The node that defines a name; a name that two define is reported."""
        found: dict[str, int] = {}
        places: dict[str, Span] = {}
        for number, node in enumerate(self.nodes):
            for name in node.defines:
                if name.text in found:
                    self.unclear = True
                    self.report.add(
                        DUPLICATE_STEP,
                        f"there is another step named `{name}`",
                        name.span,
                        related=(Label(places[name.text], "the first one is here"),),
                        help="a step's name is its identity in events and replays: give each step its own",
                    )
                found.setdefault(name.text, number)
                places.setdefault(name.text, name.span)
        return found

    def _sources(self, edge: Edge) -> list[int]:
        """The nodes that an edge leaves, if all its names are those of nodes."""
        good = True
        for names, wrong in ((edge.sources, END_NAME), (edge.targets, START_NAME)):
            for name in names:
                if name.text not in self.numbers or name.text == wrong:
                    good = False
                    self._report_unknown(name, wrong)
        for code in edge.codes:
            if code.text != ANY_ERROR:
                check_error_class(code, self.report)
        if not good:
            self.unclear = True
            return []
        return list(dict.fromkeys(self.numbers[name.text] for name in edge.sources))

    def _report_unknown(self, name: Name, wrong: str) -> None:
        if name.text == wrong:
            text = "nothing follows the end" if wrong == END_NAME else "nothing leads back to the start"
            self.report.add(UNKNOWN_NODE, text, name.span, help="name a node")
            return
        known = [node.name for node in self.nodes if node.name != wrong]
        help, fix = did_you_mean(name.text, known, name.span)
        self.report.add(UNKNOWN_NODE, f"this graph has no node `{name}`", name.span, help=help, fix=fix)

    def _ways(self, node: Node, edges: list[Edge]) -> list[Draft]:
        """The ways out of a node: unconditional edges together, each other edge by itself; those on errors first."""
        events = [edge for edge in edges if edge.codes]
        plain = [edge for edge in edges if not edge.codes and not edge.has_condition]
        chosen = [edge for edge in edges if not edge.codes and edge.has_condition]
        if plain and (chosen or (any(edge.leaf is not None for edge in plain) and len(plain) > 1)):
            self._report_mixed(node, plain, chosen)
        drafts = [Draft((edge,), edge.targets) for edge in (*events, *chosen)]
        if plain:
            targets = {name.text: name for edge in reversed(plain) for name in reversed(edge.targets)}
            drafts.append(Draft(tuple(plain), tuple(reversed(targets.values()))))
        self._check_order(chosen)
        return drafts

    def _report_no_edges(self, node: Node) -> None:
        at = self.graph.span
        if node.name == START_NAME:
            first = self.nodes[2].name if len(self.nodes) > 2 else END_NAME
            self.report.add(NO_START, f"nothing starts in `{self.graph}`", at, help=f"write `start -> {first}`")
        else:
            last = self.edges[-1].span if self.edges else node.span
            fix = Fix(
                f"add `{node.name} -> end`", (Edit(last.after(), f"\n{_margin(last)}{node.name} -> end"),), safe=False
            )
            span = Span(node.span.source, node.span.start, node.span.end)
            self.report.add(
                NO_EDGES, f"nothing follows `{node.name}`", span, help=f"write `{node.name} -> end`", fix=fix
            )

    def _report_mixed(self, node: Node, plain: list[Edge], chosen: list[Edge]) -> None:
        self.unclear = True
        edge = plain[-1]
        fix = Fix("add `otherwise`", (Edit(edge.span.after(), " otherwise"),)) if chosen and len(plain) == 1 else None
        related = (Label(chosen[0].span, "this edge is taken under a condition"),) if chosen else ()
        self.report.add(
            FORK_AND_CHOICE,
            f"edges out of `{node.name}` without a condition are all taken, so none of them can be a choice",
            edge.span,
            related=related,
            help="write `otherwise` if it is the other case; to start several things in one case, lead to a node that does",
            fix=fix,
        )

    def _check_order(self, chosen: list[Edge]) -> None:
        """Edges are tried in their order: nothing comes behind an `otherwise`."""
        last = next((edge for edge in chosen if edge.otherwise and edge.bound is None), None)
        if last is None:
            return
        for edge in chosen[chosen.index(last) + 1 :]:
            self.report.add(
                UNREACHABLE_EDGE,
                "this edge is never taken",
                edge.span,
                related=(Label(last.span, "`otherwise` takes everything before it is tried"),),
                help="edges are tried in their order: put `otherwise` last",
            )


def _margin(span: Span) -> str:
    """The white space before the line of a span."""
    text = span.source.text
    start = text.rfind("\n", 0, span.start) + 1
    return text[start : span.start] if not text[start : span.start].strip() else ""


def _name_of(statement: Any) -> Name | None:
    """The name that a statement gives to what it makes."""
    name = getattr(statement, "name", None)
    return name if isinstance(name, Name) and statement.__class__.__name__ not in ("Set", "Var") else None
