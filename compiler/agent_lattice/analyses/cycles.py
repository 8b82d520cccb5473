"""Cycles of a graph: each must have a bound. So each can be left, since behind a bound there is another way. Near-linear."""

from __future__ import annotations

from agent_lattice import plan
from agent_lattice.diagnostics import Code, Edit, Fix, Label, Report, Severity
from agent_lattice.graph import Graph
from agent_lattice.nets.net import Arc
from agent_lattice.source import Span

UNBOUNDED = Code("LAT3010", "cycle-without-bound")
IDLE_BOUND = Code("LAT3025", "bound-without-cycle", Severity.WARNING)


def cycles(graph: Graph, report: Report) -> None:
    """Report cycles that nothing bounds, and bounds that bound nothing."""
    flow = graph.workflow.flow
    if flow is None or not graph.whole:
        return
    for circle in flow.joins.loops.unbounded:
        _report_circle(flow, circle, report)
    _report_idle(flow, report)


def _report_circle(flow: plan.Flow, arcs: list[Arc], report: Report) -> None:
    """A circle of arcs; the last one is the one to bound."""
    net, closing = flow.joins.net, arcs[-1]
    ways = [way_of(flow, arc) for arc in arcs]
    names = [flow.joins.net.names[arc.source] for arc in arcs if arc.source < len(flow.nodes)]
    way, lost = ways[-1], closing.source in net.stranded
    has_other = len(flow.nodes[net.origins.get(closing.source, (closing.source, 0))[0]].ways) > 1
    fix = Fix("add `at most 3`", (Edit(way.span.after(), " at most 3"),), safe=False) if has_other else None
    report.add(
        UNBOUNDED,
        "nothing says how often this cycle may run",
        way.span,
        related=[Label(other.span, "on the cycle") for other in ways[:-1] if other is not way],
        notes=(" → ".join([*names, names[0]]), *(["no way leads out of it"] if lost else [])),
        help="write `at most N` behind one of its edges; when it is used up, the next edge is tried",
        fix=fix,
    )


def way_of(flow: plan.Flow, arc: Arc) -> plan.Way:
    """The way of the source that an arc belongs to."""
    place, way = flow.joins.net.origins.get(arc.source, (arc.source, arc.way))
    return flow.nodes[place].ways[way]


def _report_idle(flow: plan.Flow, report: Report) -> None:
    net, loops = flow.joins.net, flow.joins.loops
    for arc in net.arcs():
        way = way_of(flow, arc)
        if arc.source >= len(flow.nodes) or way.at_most is None:
            continue
        if loops.common(arc.source, arc.target) is None:
            text = way.span.text
            found = text.rfind("at most")
            bound = Span(way.span.source, way.span.start + len(text[:found].rstrip()), way.span.end)
            fix = Fix("remove the bound", (Edit(bound, ""),)) if found > 0 else None
            report.add(
                IDLE_BOUND,
                "this edge is on no cycle, so it is taken once at most",
                way.span,
                help="remove its bound",
                fix=fix,
            )
