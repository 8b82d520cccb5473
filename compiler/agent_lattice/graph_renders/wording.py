"""What drawings say of nodes and edges, in the words of the language."""

from __future__ import annotations

from collections.abc import Iterator

from agent_lattice import plan, types
from agent_lattice.build import shorten
from agent_lattice.durations import written
from agent_lattice.graph import Edge, Node


def node_lines(node: Node, workflow: plan.Workflow) -> list[str]:
    """The text of a node of this workflow: what it is called, what it does when the name does not say it, and its limits."""
    if node.op is None:
        return [node.label, *(_budget(workflow.budget) if node.sort == "start" and workflow.budget else ())]
    return [*_act(node), *_clauses(node.op)]


def edge_text(edge: Edge) -> str:
    """When the edge is taken; "" for always. That a body just ends there is not said in drawings."""
    return edge.label.removesuffix("falls").strip()


def _act(node: Node) -> list[str]:
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
        case plan.Each() | plan.Loop() | plan.Race() as op:
            return _region(op)
        case plan.Wait() | plan.Signal() | plan.Approve() as op:
            return _pause(op)
        case plan.Try(finish=finish) if finish:
            return ["try … finally"]
    return [node.sort]


def _region(op: plan.Each | plan.Loop | plan.Race) -> list[str]:
    match op:
        case plan.Each(name=name, item=item, at_most=most, width=width):
            return [
                f"{name} = for {item}" if name else f"for {item}",
                f"at most {most}" + f" parallel {width}" * (width > 1),
            ]
        case plan.Loop(name=name, at_most=most):
            return [f"{name} = loop" if name else "loop", f"at most {most}"]
    return [f"{op.name} = parallel {f'any {op.need}' if op.many else 'first'}"]


def _pause(op: plan.Wait | plan.Signal | plan.Approve) -> list[str]:
    match op:
        case plan.Wait(value=value):
            return [f"wait {'until ' if value.type == types.TIMESTAMP else ''}{shorten(value.span.text)}"]
        case plan.Signal(name=name, signal=signal, within=within, otherwise=otherwise):
            return [name, f"signal {signal}", _deadline(within.span.text, otherwise.span.text)]
    return [op.name, f"approve {op.role}", _deadline(op.within.span.text, op.otherwise)]


def _deadline(within: str, otherwise: str) -> str:
    return shorten(f"within {within} else {otherwise}")


def _clauses(op: plan.Op) -> Iterator[str]:
    if isinstance(op, plan.Tool) and op.retry is not None:
        yield f"retry {op.retry.times} on {', '.join(op.retry.codes)}"
    timeout = getattr(op, "timeout", None)
    if timeout is not None:
        yield f"timeout {written(timeout)}"
    if isinstance(op, plan.Tool) and op.undo is not None:
        yield f"compensate {op.undo.operation}"


def _budget(budget: plan.Budget) -> Iterator[str]:
    given = {"usd": budget.usd, "tokens": budget.tokens, "calls": budget.requests}
    limits = [f"{name}: {limit:.12g}" for name, limit in given.items() if limit is not None]
    limits += [f"time: {written(budget.time)}"] if budget.time is not None else []
    yield f"budget {', '.join(limits)}"
