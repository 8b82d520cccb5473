"""Variables that concurrent branches write: the outcome would depend on which is faster. Linear in writes per variable."""

from __future__ import annotations

from collections import defaultdict

from agent_lattice import plan
from agent_lattice.diagnostics import Code, Label, Report
from agent_lattice.graph import Graph, Node

CONCURRENT_WRITES = Code("LAT4001", "concurrent-writes")


def writers(graph: Graph, report: Report) -> None:
    """Report a variable that two branches of one `parallel` set, or that a `for … parallel` sets although it lives outside."""
    homes = {node.op.name: node.region for node in graph.nodes.values() if isinstance(node.op, plan.Var)}
    merged = {node.op.name for node in graph.nodes.values() if isinstance(node.op, plan.Var) and node.op.merge}
    writes: dict[str, list[Node]] = defaultdict(list)
    for node in graph.nodes.values():
        if isinstance(node.op, plan.Set) and node.op.name not in merged:
            writes[node.op.name].append(node)
    for name, nodes in writes.items():
        _check_items(name, nodes, homes.get(name, ()), report)
        _check_branches(name, nodes, report)


def _check_items(name: str, nodes: list[Node], home: tuple[str, ...], report: Report) -> None:
    for node in nodes:
        inner = node.region[len(home) :]
        if any(region.endswith("[parallel]") for region in inner):
            report.add(
                CONCURRENT_WRITES,
                f"items that run side by side all set `{name}`",
                node.span,
                help="`yield` a value for each item and combine them behind, or declare it with `merge`",
            )
            return


def _check_branches(name: str, nodes: list[Node], report: Report) -> None:
    """Two writes under the same fork but in different branches of it."""
    branch_at: dict[str, tuple[str, Node]] = {}
    for node in nodes:
        for region in node.region:
            fork, _, branch = region.rpartition("/")
            if not fork:
                continue
            other = branch_at.setdefault(fork, (branch, node))
            if other[0] != branch:
                report.add(
                    CONCURRENT_WRITES,
                    f"two parallel branches set `{name}`",
                    node.span,
                    related=(Label(other[1].span, f"the branch `{other[0]}` sets it here"),),
                    help="let each branch name its own value and combine them behind, or declare it with `merge`",
                )
                return
