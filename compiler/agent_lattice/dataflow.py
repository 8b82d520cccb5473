"""Which names operations read, define and change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from agent_lattice import plan
from agent_lattice.records import fields, is_record
from agent_lattice.source import NOWHERE, Span
from agent_lattice.terms import Template, Term, Var, reads, template_reads


def own_terms(op: plan.Op) -> Iterator[Term | Template]:
    """What an operation itself evaluates, before the blocks inside it run."""
    match op:
        case plan.Tool(args=args, undo=undo):
            yield from (value for _, value in args)
            if undo is not None:
                yield from (value for _, value in undo.args)
        case plan.Call(args=args) | plan.Run(args=args) | plan.Emit(payload=args):
            yield from (value for _, value in args)
        case plan.Signal(within=within, otherwise=otherwise):
            yield from (within, otherwise)
        case plan.Approve(question=question, args=args, within=within):
            yield question
            yield from (value for _, value in args)
            yield within
        case plan.Ask(system=system, prompt=prompt, checks=checks):
            yield from (text for text in (system, prompt) if text is not None)
            yield from (check.condition for check in checks)
        case (
            plan.Let(value=value)
            | plan.Narrow(value=value)
            | plan.Var(value=value)
            | plan.Set(value=value)
            | plan.Return(value=value)
            | plan.Wait(value=value)
        ):
            yield value
        case plan.If(condition=value) | plan.Match(subject=value) | plan.Each(items=value):
            yield value
        case plan.Fail(message=message):
            yield message


def after_terms(op: plan.Op, place: int | None = None) -> Iterator[Term]:
    """What is evaluated at the end of the blocks inside an operation: `yield` and `until` of loops, the values of the
    branches of a race; of these only that of the block `place`, when it is given."""
    match op:
        case plan.Each(value=Term() as value) | plan.Loop(until=Term() as value):
            yield value
        case plan.Race(values=values):
            yield from values if place is None else (values[place],)


def all_terms(block: plan.Block) -> Iterator[Term | Template]:
    """What a block and the blocks inside it evaluate."""
    for op in plan.walk(block):
        yield from own_terms(op)
        yield from after_terms(op)


def own_reads(op: plan.Op) -> frozenset[str]:
    """The variables that an operation itself reads; its own result, which checks and a compensation see, is not one."""
    return _reads(own_terms(op)) - ({op.name} if isinstance(op, plan.Ask | plan.Tool) else set())


def after_reads(op: plan.Op, place: int | None = None) -> frozenset[str]:
    """The variables that are read at the end of the blocks inside an operation, or of its block `place`."""
    return _reads(after_terms(op, place))


def _reads(values: Iterable[Term | Template]) -> frozenset[str]:
    found: set[str] = set()
    for value in values:
        found |= template_reads(value) if isinstance(value, Template) else reads(value)
    return frozenset(found)


def outer_reads(block: plan.Block) -> set[str]:
    """The names a block reads that it does not define before."""
    found: set[str] = set()
    known: set[str] = set()
    for op in block:
        found |= own_reads(op) - known
        if isinstance(op, plan.Try):
            found |= outer_reads(op.body) - known
            known.update(defined(op))
        for place, inner in enumerate(plan.blocks(op)):
            below = {op.item} if isinstance(op, plan.Each) else error_names(op, place)
            found |= outer_reads(inner) - known - below
            found |= after_reads(op, place) - known - below - {name for part in inner for name in defined(part)}
        known.update(defined(op))
    return found


def error_names(op: plan.Op, place: int) -> set[str]:
    """The name that the block `place` of an operation has for the failure it handles."""
    if not isinstance(op, plan.Try) or not 0 < place <= len(op.handlers):
        return set()
    name = op.handlers[place - 1].name
    return {name} if name else set()


def outer_writes(block: plan.Block) -> set[str]:
    """The variables a block changes that it does not declare."""
    found: set[str] = set()
    known: set[str] = set()
    for op in block:
        if isinstance(op, plan.Set):
            found |= {op.name} - known
        for inner in plan.blocks(op):
            found |= outer_writes(inner) - known
        known.update(defined(op))
    return found


def defined(op: plan.Op) -> tuple[str, ...]:
    """The names that an operation makes visible to what follows it in its block."""
    match op:
        case (
            plan.Tool(name=name)
            | plan.Ask(name=name)
            | plan.Call(name=name)
            | plan.Run(name=name)
            | plan.Race(name=name)
            | plan.Signal(name=name)
            | plan.Approve(name=name)
            | plan.Let(name=name)
            | plan.Narrow(name=name)
            | plan.Var(name=name)
            | plan.Race(name=name)
            | plan.Signal(name=name)
            | plan.Approve(name=name)
            | plan.Let(name=name)
            | plan.Narrow(name=name)
            | plan.Var(name=name)
        ):
            return (name,)
        case plan.Each(name=str() as name):
            return (name,)
        case plan.Loop(name=name, exports=exports):
            return (*([name] if name else []), *exports)
        case plan.Try(body=body):
            return tuple(name for inner in body for name in defined(inner))
        case plan.Parallel(branches=branches):
            return tuple(name for branch in branches for inner in branch.body for name in defined(inner))
    return ()


def span_of(op: plan.Op) -> Span:
    """Where an operation stands in the source."""
    span: Span = getattr(op, "span", NOWHERE)
    return span


def variables(value: Any) -> Iterator[Var]:
    """Every variable in a term, an operation, or anything made of them."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, Var):
            yield item
        elif isinstance(item, tuple):
            stack.extend(item)
        elif is_record(item) and item.__class__.__module__ != "agent_lattice.types":
            stack.extend(getattr(item, f.name) for f in fields(item) if f.name not in ("span", "type"))


def leaves(block: plan.Block) -> bool:
    """Whether a block never goes on to what follows it."""
    if not block:
        return False
    match block[-1]:
        case plan.Return() | plan.Fail():
            return True
        case plan.If(then=then, otherwise=otherwise):
            return leaves(then) and leaves(otherwise)
        case plan.Match(cases=cases, otherwise=otherwise):
            return all(leaves(case.body) for case in cases) and (otherwise is None or leaves(otherwise))
        case plan.Try(body=body, handlers=handlers, otherwise=otherwise, finish=finish):
            handled = all(leaves(handler.body) for handler in handlers)
            return leaves(finish) or (handled and (leaves(body) or leaves(otherwise)))
    return False
