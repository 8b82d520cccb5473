"""Ways through a workflow that end without a result. Linear."""

from __future__ import annotations

from agent_lattice import plan
from agent_lattice.diagnostics import Code, Label, Report
from agent_lattice.graph import END, START, Graph, Node
from agent_lattice.types import Null, Optional

MISSING_RETURN = Code("LAT3002", "missing-return")


def endings(graph: Graph, report: Report) -> None:
    """Report a workflow that owes a result and has a way to its end without `return`."""
    workflow = graph.workflow
    if isinstance(workflow.type, Null | Optional) or not graph.whole:
        return
    falling = [
        edge for edge in graph.predecessors[END] if edge.label.endswith("falls") and edge.source in graph.reachable
    ]
    if not falling:
        return
    report.add(
        MISSING_RETURN,
        f"`{workflow.name}` can end without its result `{workflow.type}`",
        workflow.span,
        related=[
            _last(graph.nodes[edge.source], edge.label.removesuffix("falls").strip())
            for edge in falling
            if edge.source != START
        ],
        help="end every way with `return` or `fail`",
    )


def _last(node: Node, way: str) -> Label:
    """Where a way ends: the last operation on it, and which way out of that is meant."""
    match node.op:
        case plan.If():
            holds = "holds" if way == "yes" else "does not hold"
            return Label(node.op.condition.span, f"when this {holds}, nothing is returned")
        case plan.Match():
            values = "any other value" if way == "else" else f"`{way}`"
            return Label(node.op.subject.span, f"for {values} nothing is returned")
        case plan.Each() | plan.Loop():
            return Label(node.span, "when this loop is over, nothing is returned")
    return Label(node.span, "after this nothing is returned")
