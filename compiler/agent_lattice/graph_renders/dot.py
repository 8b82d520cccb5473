"""Graphs in the language of Graphviz."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from agent_lattice.graph import Graph
from agent_lattice.graph_renders.wording import edge_text, node_lines

_SHAPES = {
    "start": "oval",
    "end": "oval",
    "if": "diamond",
    "match": "diamond",
    "ask": "hexagon",
    "run": "doubleoctagon",
    "call": "component",
    "wait": "octagon",
    "signal": "octagon",
    "approve": "octagon",
    "parallel": "trapezium",
    "race": "trapezium",
    "join": "invtrapezium",
    "each": "parallelogram",
    "loop": "parallelogram",
}


def render(graphs: Iterable[Graph]) -> str:
    """The text of one digraph with a cluster for each workflow."""
    lines = ["digraph lattice {", "  node [shape=box, fontname=sans];", "  edge [fontname=sans];"]
    for number, graph in enumerate(graphs):
        lines.append(f"  subgraph cluster_{number} {{")
        lines += [f"    {line}" for line in _body(graph, f"w{number}_")]
        lines.append("  }")
    return "\n".join([*lines, "}"]) + "\n"


def _body(graph: Graph, prefix: str) -> Iterator[str]:
    names = {id: f"{prefix}n{number}" for number, id in enumerate(graph.nodes)}
    yield f"label={_quoted([graph.workflow.name])};"
    for node in graph.nodes.values():
        shape = f", shape={_SHAPES[node.sort]}" if node.sort in _SHAPES else ""
        yield f"{names[node.id]} [label={_quoted(node_lines(node, graph.workflow))}{shape}];"
    for edge in graph.edges:
        text = edge_text(edge)
        settings = [f"label={_quoted([text])}"] if text else []
        settings += ["style=dashed"] if edge.back else []
        style = f" [{', '.join(settings)}]" if settings else ""
        yield f"{names[edge.source]} -> {names[edge.target]}{style};"


def _quoted(lines: list[str]) -> str:
    return '"' + "\\n".join(line.replace("\\", "\\\\").replace('"', '\\"') for line in lines) + '"'
