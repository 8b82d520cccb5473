"""`Each` and `Loop`: as a map of a function, or as a plain loop where the body may end the workflow or set variables."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from agent_lattice import plan, types
from agent_lattice.terms import Term

from agent_lattice_targets.python.frames import Place
from agent_lattice_targets.python.scopes import (
    after_reads,
    after_terms,
    all_terms,
    has_steps,
    leaves,
    outer_writes,
    returns,
)
from agent_lattice_targets.python.steps import context_call
from agent_lattice_targets.python.tidy import is_untyped

if TYPE_CHECKING:
    from agent_lattice_targets.python.bodies import Body


def each(op: plan.Each, place: Place, out: Body) -> None:
    """The statements of an `Each`."""
    if op.width == 1 and (returns(op.body) or outer_writes(op.body)):
        _plain_each(op, place, out)
    else:
        _mapped_each(op, place, out)


def _mapped_each(op: plan.Each, place: Place, out: Body) -> None:
    function = out.names.fresh(f"each_{op.item.strip('_') or 'item'}")
    inside = place.function()
    item, _ = out.bind(out.bindings.item(op), inside)
    params = ["ctx: Context", f"{item}: {out.annotations.of(op.item_type)}"]
    out.open_function(place, function, params, out.annotations.of(op.value.type) if op.value else "None")
    out.nonlocals(outer_writes(op.body), inside)
    out.proved_fields([*all_terms(op.body), *after_terms(op)], inside)
    out.function_block(op.body, inside, after_reads(op))
    if op.value is not None and not leaves(op.body):
        _give(op.value, inside, out)
    out.close_function(inside)
    numbers = (ast.Constant(op.at_most), ast.Constant(op.width))
    items = out.term(op.items, place)
    out.mark(place, op.span)
    call = context_call(place.context, "map", op.step.rpartition(".")[2], items, *numbers, ast.Name(function))
    binding = out.bindings.of(op).get(op.name or "")
    before = out.target(binding, place, annotated=False) if binding is not None and binding.read else ""
    out.statement(place, before, ast.Await(call))


def _give(value: Term, inside: Place, out: Body) -> None:
    """The result of a turn."""
    node = out.term(value, inside)
    if is_untyped(node):
        name = out.names.nested("value", 1)
        out.statement(inside, f"{name}: {out.annotations.of(value.type)} = ", node)
        node = ast.Name(name)
    out.statement(inside, "return ", node)


def _plain_each(op: plan.Each, place: Place, out: Body) -> None:
    items = out.term(op.items, place)
    binding = out.bindings.of(op).get(op.name or "")
    name = ""
    out.mark(place, op.span)
    if binding is not None and binding.read:
        name, is_new = out.bind(binding, place)
        annotation = f": {out.annotations.of(op.type)}" if is_new else ""
        out.put(place, f"{name}{annotation} = []")
    inner = place.inner()
    item, _ = out.bind(out.bindings.item(op), inner)
    bounded = context_call(place.context, "bounded", op.step.rpartition(".")[2], items, ast.Constant(op.at_most))
    out.loops += 1
    if has_steps(op.body):
        index = out.names.nested("index", out.loops)
        counted = ast.Call(ast.Name("enumerate"), [bounded], [])
        out.statement(place, f"for {index}, {item} in ", counted, ":")
        _turn(op.step, index, inner, out)
    else:
        out.statement(place, f"for {item} in ", bounded, ":")
    out.inner_block(op.body, inner, after_reads(op))
    if op.value is not None and not leaves(op.body):
        value = out.term(op.value, inner)
        append = ast.Call(ast.Attribute(ast.Name(name), "append"), [value], [])
        out.statement(inner, "" if name else "_ = ", append if name else value)
    out.loops -= 1


def loop(op: plan.Loop, place: Place, out: Body) -> None:
    """The statements of a `Loop`."""
    out.mark(place, op.span)
    binding = out.bindings.of(op).get(op.name or "")
    name = ""
    if binding is not None and binding.read:
        name, _ = out.bind(binding, place, types.BOOL)
        out.put(place, f"{name} = False")
    steps = has_steps(op.body)
    out.loops += 1
    turn = out.names.nested("turn" if steps else "_turn", out.loops)
    out.put(place, f"for {turn} in range({op.at_most}):")
    inner = place.inner()
    if steps:
        _turn(op.step, turn, inner, out)
    out.inner_block(op.body, inner, after_reads(op))
    if op.until is not None and not leaves(op.body):
        out.statement(inner, "if ", out.term(op.until, inner), ":")
        if name:
            out.put(inner.inner(), f"{name} = True")
        out.put(inner.inner(), "break")
    out.loops -= 1


def _turn(step: str, index: str, inner: Place, out: Body) -> None:
    """The context of a turn."""
    context = out.names.nested("at", out.loops)
    call = context_call(inner.context, "at", step.rpartition(".")[2], ast.Name(index))
    out.statement(inner, f"{context} = ", call)
    inner.context = context
