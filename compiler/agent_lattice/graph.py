"""The graph of a workflow: what can run after what. Targets draw it, analyses walk it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from agent_lattice import plan
from agent_lattice.records import field, record
from agent_lattice.source import NOWHERE, Span

if TYPE_CHECKING:
    import networkx

START, END = "start", "end"


@record
class Node:
    """A place of the graph. `sort` is the operation's name, or start, end, join; `region` the branches and loops around it."""

    id: str
    sort: str
    label: str
    region: tuple[str, ...] = ()
    op: plan.Op | None = field(default=None, compare=False, repr=False)
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@record
class Edge:
    """`source` is directly followed by `target`; the label says when. `back` closes a bounded loop."""

    source: str
    target: str
    label: str = ""
    back: bool = False


class Graph:
    """A workflow as nodes by id and edges, both in source order. `whole`: no way is missing because of a mistake in the source."""

    def __init__(self, workflow: plan.Workflow, *, whole: bool = True) -> None:
        self.workflow = workflow
        self.whole = whole
        self.nodes: dict[str, Node] = {}
        self.edges: list[Edge] = []

    @cached_property
    def successors(self) -> dict[str, list[Edge]]:
        found: dict[str, list[Edge]] = {id: [] for id in self.nodes}
        for edge in self.edges:
            found[edge.source].append(edge)
        return found

    @cached_property
    def predecessors(self) -> dict[str, list[Edge]]:
        found: dict[str, list[Edge]] = {id: [] for id in self.nodes}
        for edge in self.edges:
            found[edge.target].append(edge)
        return found

    @cached_property
    def reachable(self) -> set[str]:
        """Nodes that a way leads to from the start, itself included."""
        found, stack = {START}, [START]
        while stack:
            for edge in self.successors[stack.pop()]:
                if edge.target not in found:
                    found.add(edge.target)
                    stack.append(edge.target)
        return found

    @cached_property
    def networkx(self) -> networkx.MultiDiGraph[str]:
        """The same graph for algorithms; node attribute `node`, edge attribute `edge`. Made on first use: the import is slow."""
        import networkx

        made: networkx.MultiDiGraph[str] = networkx.MultiDiGraph(name=self.workflow.name)
        made.add_nodes_from((id, {"node": node}) for id, node in self.nodes.items())
        made.add_edges_from((edge.source, edge.target, {"edge": edge}) for edge in self.edges)
        return made
