"""Workflows that call themselves, directly or through others: no bound on steps would hold."""

from __future__ import annotations

from agent_lattice import plan
from agent_lattice.diagnostics import Code, Label, Report

CALL_CYCLE = Code("LAT3006", "call-cycle")


def call_cycles(workflows: dict[str, plan.Workflow], report: Report) -> None:
    """Report each circle of calls once, with every call on it."""
    calls = [
        (name, op)
        for name, workflow in workflows.items()
        for op in plan.walk(workflow.body)
        if isinstance(op, plan.Call)
    ]
    if not calls:
        return
    import networkx

    graph: networkx.MultiDiGraph[str] = networkx.MultiDiGraph()
    graph.add_edges_from((name, op.workflow, {"op": op}) for name, op in calls)
    for circle in sorted(map(sorted, networkx.strongly_connected_components(graph))):
        inside = [(name, op) for name, op in calls if name in circle and op.workflow in circle]
        if inside:
            _report(inside, report)


def _report(calls: list[tuple[str, plan.Call]], report: Report) -> None:
    (name, first), *others = calls
    text = f"`{name}` calls itself" if first.workflow == name else "workflows call each other in a circle"
    related = [Label(op.span, f"`{caller}` calls `{op.workflow}`") for caller, op in others]
    report.add(
        CALL_CYCLE,
        text,
        first.span,
        related=related,
        help="repeat with `loop at most N` or `for`: every run must be bounded",
    )
