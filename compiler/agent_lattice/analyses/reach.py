"""Steps that can never run: nothing leads to them from the start. Linear."""

from __future__ import annotations

from agent_lattice.diagnostics import Code, Edit, Fix, Label, Report
from agent_lattice.graph import START, Graph, Node
from agent_lattice.source import NOWHERE, Span

UNREACHABLE = Code("LAT3001", "unreachable-step")


def reach(graph: Graph, report: Report) -> None:
    """Report the first step of every unreachable stretch, with what ends the way before it."""
    seen = _from(graph, START, set())
    before = NOWHERE
    for node in graph.nodes.values():
        if node.op is None:
            continue
        if node.id not in seen and not graph.predecessors[node.id]:
            related = (Label(before, "no way leads past this"),) if before is not NOWHERE else ()
            report.add(
                UNREACHABLE,
                "this is never reached",
                node.span,
                related=related,
                help="remove it, or put it before what ends the way",
                fix=_removal(graph, node, seen),
            )
        before = node.span


def _from(graph: Graph, start: str, known: set[str]) -> set[str]:
    """Nodes reachable from `start`, itself included, without going through `known`."""
    found, stack = {start}, [start]
    while stack:
        for edge in graph.successors[stack.pop()]:
            if edge.target not in found and edge.target not in known:
                found.add(edge.target)
                stack.append(edge.target)
    return found


def _removal(graph: Graph, first: Node, seen: set[str]) -> Fix:
    """Remove the whole stretch: what follows the first step is no more reachable than it."""
    ends = [graph.nodes[id].span.end for id in _from(graph, first.id, seen) if graph.nodes[id].op is not None]
    return Fix("remove what is never reached", (Edit(Span(first.span.source, first.span.start, max(ends)), ""),))
