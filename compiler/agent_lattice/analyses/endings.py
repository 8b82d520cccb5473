"""Ways through a workflow that end without a result. Linear."""

from __future__ import annotations

from agent_lattice.diagnostics import Code, Label, Report
from agent_lattice.graph import END, START, Graph
from agent_lattice.types import Null, Optional

MISSING_RETURN = Code("LAT3002", "missing-return")


def endings(graph: Graph, report: Report) -> None:
    """Report a workflow that owes a result and has a way to its end without `return`."""
    workflow = graph.workflow
    if isinstance(workflow.type, Null | Optional):
        return
    falling = [edge for edge in graph.predecessors[END] if edge.label.endswith("falls")]
    if not falling:
        return
    last = graph.nodes[falling[0].source]
    way = falling[0].label.removesuffix("falls").strip()
    text = "after this" if last.id != START else "the body does nothing"
    label = Label(
        last.span, f"{text}, on the way `{way}`, nothing is returned" if way else f"{text} nothing is returned"
    )
    report.add(
        MISSING_RETURN,
        f"`{workflow.name}` can end without its result `{workflow.type}`",
        workflow.span,
        related=(label,) if last.id != START else (),
        help="end every way with `return` or `fail`",
    )
