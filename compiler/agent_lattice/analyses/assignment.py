"""What a node of a graph reads of other nodes and of variables: is it there, and does nobody change it meanwhile?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from agent_lattice import plan
from agent_lattice.analyses.writers import CONCURRENT_WRITES, RACING_READ
from agent_lattice.dataflow import variables
from agent_lattice.diagnostics import Code, Label, Report
from agent_lattice.graph import Graph
from agent_lattice.nets.net import START
from agent_lattice.nets.order import Order
from agent_lattice.source import Span
from agent_lattice.structure_names import alias

NEVER_THERE = Code("LAT3026", "value-never-there")


def assignment(graph: Graph, report: Report) -> None:
    """Report values that are read while they may be made, values that are never there, and racing variables."""
    flow = graph.workflow.flow
    if flow is None or not graph.whole or flow.joins.findings:
        return
    failing = {place: sum(way.codes is not None for way in node.ways) for place, node in enumerate(flow.nodes)}
    order = Order(flow.joins, failing)
    by_name = {name: place for place, node in enumerate(flow.nodes) for name, _ in node.defines}
    for place, node in enumerate(flow.nodes):
        if node.maybe and place in flow.joins.net.reachable:
            _check_reads(flow, order, place, by_name, report)
    _check_variables(flow, report)


def _check_reads(flow: plan.Flow, order: Order, place: int, by_name: dict[str, int], report: Report) -> None:
    node = flow.nodes[place]
    aliases = {alias(name, by_name): name for name in node.maybe}
    for term in variables((node.body, node.ways)):
        name = aliases.get(term.name)
        if name is None:
            continue
        source = by_name[name]
        if flow.joins.concurrent(source, place):
            report.add(
                RACING_READ,
                f"`{name}` may be made at the same time",
                term.span,
                related=(Label(flow.nodes[source].span, f"runs beside `{node.name}`"),),
                notes=(f"both follow: {_path(flow, source)} and {_path(flow, place)}",),
                help=f"lead from `{flow.nodes[source].name}` to `{node.name}`, so that it waits",
            )
        elif not order.may_be_before(source, place):
            report.add(
                NEVER_THERE,
                f"`{name}` is never there yet",
                term.span,
                related=(Label(flow.nodes[source].span, f"no way leads from here to `{node.name}`"),),
                help="read it where it can have been made, or remove it",
            )


def _path(flow: plan.Flow, place: int) -> str:
    found = flow.joins.net.path({START}, place)
    return " → ".join(flow.joins.net.names[at] for at in found if at < len(flow.nodes))


def _check_variables(flow: plan.Flow, report: Report) -> None:
    """A variable that one node sets while another sets or reads it; one with a merge policy is made for that."""
    names = {op.name for op in flow.variables if isinstance(op, plan.Var) and op.merge is None}
    writes: dict[str, list[tuple[int, Span]]] = defaultdict(list)
    reads: dict[str, list[tuple[int, Span]]] = defaultdict(list)
    for place, node in enumerate(flow.nodes):
        for op in plan.walk(node.body):
            if isinstance(op, plan.Set) and op.name in names:
                writes[op.name].append((place, op.span))
        for term in variables((node.body, node.ways)) if writes or names else ():
            if term.name in names:
                reads[term.name].append((place, term.span))
    for name, places in writes.items():
        for at, (place, span) in enumerate(places):
            for there in _beside(flow, place, places[:at]):
                report.add(
                    CONCURRENT_WRITES,
                    f"two nodes that run side by side set `{name}`",
                    span,
                    related=(Label(there, "the other one sets it here"),),
                    help="give the variable a merge policy, or let each node make its own value",
                )
            for there in _beside(flow, place, reads[name]):
                report.add(
                    RACING_READ,
                    f"`{name}` may be set at the same time",
                    there,
                    related=(Label(span, "set here, side by side with the read"),),
                    help="lead from the one to the other, so that it waits",
                )


def _beside(flow: plan.Flow, place: int, others: list[tuple[int, Span]]) -> Iterator[Span]:
    return (span for other, span in others if flow.joins.concurrent(place, other))
