"""Steps that can never run: nothing leads to them from the start. Linear."""

from __future__ import annotations

from agent_lattice.diagnostics import Code, Edit, Fix, Label, Report
from agent_lattice.graph import START, Graph
from agent_lattice.source import NOWHERE

UNREACHABLE = Code("LAT3001", "unreachable-step")


def reach(graph: Graph, report: Report) -> None:
    """Report the first step of every unreachable stretch, with what ends the way before it."""
    seen = {START}
    stack = [START]
    while stack:
        for edge in graph.successors[stack.pop()]:
            if edge.target not in seen:
                seen.add(edge.target)
                stack.append(edge.target)
    before = NOWHERE
    for node in graph.nodes.values():
        if node.op is None:
            continue
        if node.id not in seen and not graph.predecessors[node.id]:
            related = (Label(before, "no way leads past this"),) if before is not NOWHERE else ()
            fix = Fix("remove it", (Edit(node.span, ""),))
            report.add(
                UNREACHABLE,
                "this is never reached",
                node.span,
                related=related,
                help="remove it, or put it before what ends the way",
                fix=fix,
            )
        before = node.span
