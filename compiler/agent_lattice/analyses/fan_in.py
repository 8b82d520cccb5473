"""Where ways of a graph meet: of several that exclude each other, or all of several at once. Near-linear."""

from __future__ import annotations

from agent_lattice import plan
from agent_lattice.analyses.cycles import way_of
from agent_lattice.diagnostics import Code, Label, Report
from agent_lattice.graph import Graph
from agent_lattice.nets.joins import Lost, Mixed, Stuck, Torn
from agent_lattice.nets.net import START, Arc

UNSAFE = Code("LAT3011", "unsafe-fan-in")
NEVER_COMPLETE = Code("LAT3012", "join-never-completes")
TORN = Code("LAT3013", "edge-leaves-parallel")
LOST = Code("LAT3014", "parallel-way-only-fails")


def fan_in(graph: Graph, report: Report) -> None:
    """Report meetings of ways that may or may not come together, joins that wait for what may not come, edges that leave
    a cycle while something of it still runs, and ways beside others that only fail."""
    flow = graph.workflow.flow
    if flow is None or not graph.whole:
        return
    for finding in flow.joins.findings:
        match finding:
            case Mixed(place=place, exclusive=exclusive, together=together):
                _report_mixed(flow, place, exclusive, together, report)
            case Stuck(place=place, arrives=arrives, missing=missing):
                _report_stuck(flow, place, arrives, missing, report)
            case Torn(first=first, second=second):
                _report_torn(flow, first, second, report)
            case Lost(goes_on=goes_on, fails=fails):
                _report_lost(flow, goes_on, fails, report)


def _report_mixed(
    flow: plan.Flow, place: int, exclusive: tuple[Arc, Arc], together: tuple[Arc, Arc], report: Report
) -> None:
    name = flow.nodes[place].name
    report.add(
        UNSAFE,
        f"some of the ways to `{name}` come together and some exclude each other",
        way_of(flow, together[1]).span,
        related=[
            Label(way_of(flow, arc).span, text)
            for arc, text in ((together[0], "comes together with it"), (exclusive[1], "excludes one of them"))
            if way_of(flow, arc) is not way_of(flow, together[1])
        ],
        notes=(
            f"together: {_path(flow, together[0])} and {_path(flow, together[1])}",
            f"either one: {_path(flow, exclusive[0])} or {_path(flow, exclusive[1])}",
        ),
        help="let those that come together meet in a node of their own first",
    )


def _report_stuck(flow: plan.Flow, place: int, arrives: Arc, missing: Arc, report: Report) -> None:
    name, source = flow.nodes[place].name, flow.joins.net.names[missing.source]
    report.add(
        NEVER_COMPLETE,
        f"`{name}` waits for `{source}`, which may take another way",
        way_of(flow, missing).span,
        related=(Label(way_of(flow, arrives).span, "this one arrives and waits"),),
        notes=(f"arrives: {_path(flow, arrives)}", f"may be missing: {_path(flow, missing)}"),
        help=f"let every way that starts beside it lead to `{name}`, or fail",
    )


def _report_torn(flow: plan.Flow, first: Arc, second: Arc, report: Report) -> None:
    report.add(
        TORN,
        "this edge leaves a cycle while another part of it goes on",
        way_of(flow, second).span,
        related=(Label(way_of(flow, first).span, "taken in the same turn"),),
        notes=(f"both: {_path(flow, first)} and {_path(flow, second)}",),
        help="let the parts meet in one node, and leave the cycle from there",
    )


def _report_lost(flow: plan.Flow, goes_on: Arc, fails: Arc, report: Report) -> None:
    net = flow.joins.net
    report.add(
        LOST,
        f"`{net.names[fails.target]}` only leads to errors, while `{net.names[goes_on.target]}` runs beside it",
        way_of(flow, fails).span,
        help="nothing would wait for it: fail before or behind the parallel part",
    )


def _path(flow: plan.Flow, arc: Arc) -> str:
    """A way from the start, or from what dominates both, to the end of an arc."""
    net = flow.joins.net
    found = net.path({START}, arc.source) or [arc.source]
    names = [net.names[place] for place in (*found, arc.target) if place < len(flow.nodes)]
    return " → ".join(names if len(names) <= 8 else ["…", *names[-7:]])


__all__ = ["fan_in"]
