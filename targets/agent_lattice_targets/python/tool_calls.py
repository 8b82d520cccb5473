"""Calls of operations: what they are given, how often they are tried, and what takes them back."""

from __future__ import annotations

import ast
from collections.abc import Collection

from agent_lattice import plan
from agent_lattice.terms import reads

from agent_lattice_targets.python.context_calls import context_call, lambda_of, local
from agent_lattice_targets.python.frames import Place
from agent_lattice_targets.python.lines import Lines
from agent_lattice_targets.python.literals import data
from agent_lattice_targets.python.names import python_name


def tool_call(op: plan.Tool, place: Place, out: Lines, context: str) -> ast.expr:
    """The call of the context that makes the step, not awaited."""
    call = context_call(context, "tool", local(op.step), _operation(op.operation, out), out.arguments(op.args, place))
    if op.retry is not None:
        call.keywords.append(ast.keyword("retry", _retry(op.retry, out)))
    if op.timeout is not None:
        call.keywords.append(ast.keyword("timeout", ast.Constant(op.timeout)))
    if op.undo is not None:
        call.keywords.append(ast.keyword("undo", _undo(op, op.undo, place, out)))
    return call


def _operation(name: str, out: Lines) -> ast.expr:
    constant = out.names.operations[name]
    out.imports.add(constant)
    return ast.Name(constant)


def _retry(retry: plan.Retry, out: Lines) -> ast.expr:
    out.imports.add("Retry")
    values = [data(value) for value in (retry.times, retry.first, retry.longest, retry.codes)]
    return ast.Call(ast.Name("Retry"), values, [])


def _undo(op: plan.Tool, undo: plan.Undo, place: Place, out: Lines) -> ast.expr:
    """A function of the step's result: what takes it back."""
    out.imports.add("Undo")
    read = frozenset[str]().union(*(reads(value) for _, value in undo.args))
    given = _parameter(op.name, place.names(read - {op.name}).values()) if op.name in read else "_"
    inside = place.inner()
    inside.own[op.name] = (given, out.bindings.of(op)[op.name])
    parts = [_operation(undo.operation, out), out.arguments(undo.args, inside)]
    parts += [_retry(undo.retry, out)] if undo.retry is not None else []
    return lambda_of(given, ast.Call(ast.Name("Undo"), parts, []))


def _parameter(name: str, taken: Collection[str]) -> str:
    given = python_name(name)
    while given in taken:
        given += "_"
    return given
