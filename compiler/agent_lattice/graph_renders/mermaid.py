"""Graphs as a Mermaid flowchart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from agent_lattice.graph import Graph
from agent_lattice.graph_renders.wording import edge_text, node_lines

_SHAPES = {
    "start": ("([", "])"),
    "end": ("([", "])"),
    "if": ("{", "}"),
    "match": ("{", "}"),
    "ask": ("{{", "}}"),
    "run": ("{{", "}}"),
    "call": ("[[", "]]"),
    "wait": ("(", ")"),
    "signal": ("(", ")"),
    "approve": ("(", ")"),
    "parallel": ("[/", "\\]"),
    "race": ("[/", "\\]"),
    "join": ("[\\", "/]"),
    "each": ("[/", "/]"),
    "loop": ("[/", "/]"),
}


def render(graphs: Iterable[Graph]) -> str:
    """The text of one flowchart; several workflows are subgraphs of it."""
    drawn = list(graphs)
    lines = ["flowchart TD"]
    for number, graph in enumerate(drawn):
        prefix = f"w{number}_" if len(drawn) > 1 else ""
        body = list(_body(graph, prefix))
        if prefix:
            title = _quoted([graph.workflow.name])
            body = [f"subgraph {prefix}graph[{title}]", *(f"  {line}" for line in body), "end"]
        lines += [f"  {line}" for line in body]
    return "\n".join(lines) + "\n"


def _body(graph: Graph, prefix: str) -> Iterator[str]:
    names = {id: f"{prefix}n{number}" for number, id in enumerate(graph.nodes)}
    for node in graph.nodes.values():
        before, after = _SHAPES.get(node.sort, ("[", "]"))
        yield f"{names[node.id]}{before}{_quoted(node_lines(node, graph.workflow))}{after}"
    for edge in graph.edges:
        arrow = "-.->" if edge.back else "-->"
        text = edge_text(edge)
        label = f"|{_quoted([text])}|" if text else ""
        yield f"{names[edge.source]} {arrow}{label} {names[edge.target]}"


def _quoted(lines: list[str]) -> str:
    """Text between quotes; signs that Mermaid would read as markup are written as entities."""
    signs = {"&": "#amp;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "#": "#35;", "`": "#96;"}
    return '"' + "<br/>".join("".join(signs.get(char, char) for char in line) for line in lines) + '"'
