"""`Each` and `Loop`: as a map of a function, or as a plain loop where the body may end the workflow or set variables."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from agent_lattice import plan, types
from agent_lattice.dataflow import after_reads, after_terms, all_terms, leaves, outer_writes
from agent_lattice.terms import Term

from agent_lattice_targets.python.context_calls import context_call, local
from agent_lattice_targets.python.frames import Place
from agent_lattice_targets.python.merging import (
    combine,
    copy_params,
    copy_types,
    given_back,
    merged_names,
    open_copies,
    parts_of,
)
from agent_lattice_targets.python.scopes import has_steps, returns
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
    copies = merged_names(op.body, place)
    types = [*([out.annotations.of(op.value.type)] if op.value else []), *copy_types(copies, place, out)]
    result = "None" if not types else types[0] if len(types) == 1 else f"tuple[{', '.join(types)}]"
    params = ["ctx: Context", f"{item}: {out.annotations.of(op.item_type)}", *copy_params(copies, place, out)]
    out.open_function(place, function, params, result)
    out.nonlocals(outer_writes(op.body).difference(copies), inside)
    open_copies(copies, inside, out)
    out.proved_fields([*all_terms(op.body), *after_terms(op)], inside)
    out.function_block(op.body, inside, after_reads(op))
    if types and not leaves(op.body):
        give(op.value, given_back(copies, inside), inside, out)
    out.close_function(inside)
    numbers = (ast.Constant(op.at_most), ast.Constant(op.width))
    items = out.term(op.items, place)
    out.mark(place, op.span)
    call = context_call(place.context, "map", local(op.step), items, *numbers, ast.Name(function))
    if copies:
        _take_apart(op, call, copies, place, out)
    else:
        out.statement(place, _results(op, place, out), ast.Await(call))


def _results(op: plan.Each, place: Place, out: Body) -> str:
    """The left side of an assignment of what the items gave; "" when nobody reads it."""
    binding = out.bindings.of(op).get(op.name or "")
    return out.target(binding, place, annotated=False) if binding is not None and binding.read else ""


def _take_apart(op: plan.Each, call: ast.expr, copies: list[str], place: Place, out: Body) -> None:
    """Run the items, which also give back their copies of variables, and combine those."""
    results = out.names.fresh(f"{op.item.strip('_') or 'item'}_results")
    out.statement(place, f"{results} = ", ast.Await(call))
    alone = len(copies) == 1 and op.value is None
    before = _results(op, place, out)
    if before:
        out.statement(place, before, parts_of(results, 0))
    for index, name in enumerate(copies, 0 if op.value is None else 1):
        combine(name, parts_of(results, None if alone else index), place, out)


def give(value: Term | None, copies: list[str], inside: Place, out: Body) -> None:
    """The result of a turn: the value, and the copies of variables."""
    parts: list[ast.expr] = [ast.Name(copy) for copy in copies]
    if value is not None:
        node = out.term(value, inside)
        if is_untyped(node):
            name = out.names.nested("value", 1)
            out.statement(inside, f"{name}: {out.annotations.of(value.type)} = ", node)
            node = ast.Name(name)
        parts.insert(0, node)
    out.statement(inside, "return ", parts[0] if len(parts) == 1 else ast.Tuple(parts))


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
    bounded = context_call(place.context, "bounded", local(op.step), items, ast.Constant(op.at_most))
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
    kept, out.kept = out.kept, out.kept | set(op.exports)
    out.inner_block(op.body, inner, after_reads(op))
    out.kept = kept
    if op.until is not None and not leaves(op.body):
        out.statement(inner, "if ", out.term(op.until, inner), ":")
        if name:
            out.put(inner.inner(), f"{name} = True")
        out.put(inner.inner(), "break")
    out.loops -= 1
    for exported in (out.bindings.of(op)[name] for name in op.exports):
        if id(exported) in out.bound:
            place.own[exported.name] = out.bound[id(exported)]


def _turn(step: str, index: str, inner: Place, out: Body) -> None:
    """The context of a turn."""
    context = out.names.nested("at", out.loops)
    call = context_call(inner.context, "at", local(step), ast.Name(index))
    out.statement(inner, f"{context} = ", call)
    inner.context = context
