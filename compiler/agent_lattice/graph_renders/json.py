"""Graphs as JSON: `{"graphs": [{"workflow", "nodes": [...], "edges": [...]}]}`, nodes and edges in source order."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from agent_lattice import plan
from agent_lattice.graph import Graph, Node
from agent_lattice.graph_renders.wording import edge_text, node_lines
from agent_lattice.source import NOWHERE


def render(graphs: Iterable[Graph]) -> str:
    """One JSON object and a line end."""
    return json.dumps({"graphs": [data(graph) for graph in graphs]}, ensure_ascii=False, indent=2) + "\n"


def data(graph: Graph) -> dict[str, Any]:
    """A graph as plain data. `region` names the branches and loops around a node, the outermost first."""
    edges = [
        {"source": edge.source, "target": edge.target, "when": edge_text(edge), "back": edge.back}
        for edge in graph.edges
    ]
    nodes = [_node(node, graph.workflow) for node in graph.nodes.values()]
    return {"workflow": graph.workflow.name, "nodes": nodes, "edges": edges}


def _node(node: Node, workflow: plan.Workflow) -> dict[str, Any]:
    return {
        "id": node.id,
        "sort": node.sort,
        "label": "\n".join(node_lines(node, workflow)),
        "step": getattr(node.op, "step", None),
        "region": list(node.region),
        "place": None if node.span.source is NOWHERE.source else node.span.place,
    }
