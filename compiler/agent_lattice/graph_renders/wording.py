"""What drawings say of nodes and edges."""

from __future__ import annotations

from agent_lattice import plan
from agent_lattice.graph import Edge, Node


def node_lines(node: Node) -> list[str]:
    """The text of a node: what it is called, and what it does when the name does not say it."""
    match node.op:
        case plan.Tool(name=name, operation=operation):
            return [name, operation]
        case plan.Ask(name=name, model=model):
            return [name, f"ask {model}"]
        case plan.Run(name=name, agent=agent):
            return [name, f"run {agent}"]
        case plan.Call(name=name, workflow=workflow):
            return [name, f"call {workflow}"]
        case plan.Let(name=name) | plan.Narrow(name=name) | plan.Var(name=name) | plan.Set(name=name) as op:
            return [f"{type(op).__name__.lower()} {name}"]
        case plan.Emit(event=event):
            return [f"emit {event}"]
        case plan.Fail(code=code):
            return [f"fail {code}"]
        case plan.If() | plan.Match():
            return [f"{node.sort} {node.label}"]
        case plan.Each(name=name, item=item, at_most=most, width=width):
            return [
                f"{name} = for {item}" if name else f"for {item}",
                f"at most {most}" + f" parallel {width}" * (width > 1),
            ]
        case plan.Loop(name=name, at_most=most):
            return [f"{name} = loop" if name else "loop", f"at most {most}"]
    return [node.sort if node.op else node.label]


def edge_text(edge: Edge) -> str:
    """When the edge is taken; "" for always. That a body just ends there is not said in drawings."""
    return edge.label.removesuffix("falls").strip()
