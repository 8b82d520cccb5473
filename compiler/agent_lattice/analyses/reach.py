"""Steps that can never run: nothing leads to them from the start. Linear."""

from __future__ import annotations

from agent_lattice import plan
from agent_lattice.diagnostics import Code, Edit, Fix, Label, Report
from agent_lattice.graph import Graph, Node
from agent_lattice.source import NOWHERE, Span

UNREACHABLE = Code("LAT3001", "unreachable-step")


def reach(graph: Graph, report: Report) -> None:
    """Report the first step of every unreachable stretch, with what ends the way before it."""
    if not graph.whole:
        return
    if graph.workflow.flow is not None:
        _reach_nodes(graph.workflow.flow, report)
        return
    before = NOWHERE
    for node in graph.nodes.values():
        if node.op is None:
            continue
        if node.id not in graph.reachable and not graph.predecessors[node.id]:
            related = (Label(before, "no way leads past this"),) if before is not NOWHERE else ()
            report.add(
                UNREACHABLE,
                "this is never reached",
                node.span,
                related=related,
                help="remove it, or put it before what ends the way",
                fix=_removal(graph, node),
            )
        before = node.span


def _reach_nodes(flow: plan.Flow, report: Report) -> None:
    """Report the first of the nodes that lead to each other and that nothing leads to."""
    net = flow.joins.net
    covered = set(net.reachable)
    heads = set(range(2, len(flow.nodes))) - covered
    heads -= {target for place in heads for way in net.ways[place] for target in way.targets if target != place}
    for place in [*sorted(heads), *range(2, len(flow.nodes))]:
        if place not in covered:
            covered |= net.after(place)
            name = flow.nodes[place].name
            report.add(
                UNREACHABLE,
                "this is never reached",
                flow.nodes[place].span,
                help=f"lead to it: `… -> {name}`, or remove it",
            )


def _removal(graph: Graph, first: Node) -> Fix:
    """Remove the whole stretch: what follows the first step is no more reachable than it."""
    stretch, stack = {first.id}, [first.id]
    while stack:
        found = {edge.target for edge in graph.successors[stack.pop()]} - stretch - graph.reachable
        stretch |= found
        stack.extend(found)
    ends = [graph.nodes[id].span.end for id in stretch if graph.nodes[id].op is not None]
    edit = Edit(Span(first.span.source, first.span.start, max(ends)), "")
    return Fix("remove what is never reached", (edit,), safe=False)
