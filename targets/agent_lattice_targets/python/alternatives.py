"""Conditions on a value of a union: which of its alternatives it is. Type checkers follow them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from copy import deepcopy

from agent_lattice import types, unions

Guard = Callable[[types.Record], str]
"""The name of the function that tells whether a value is that record."""

_CLASSES: dict[type[types.Type], str] = {
    types.Bool: "bool",
    types.Int: "int",
    types.Uint: "int",
    types.Float: "float",
    types.String: "str",
    types.Bytes: "bytes",
    types.Timestamp: "cel_time.Timestamp",
    types.Duration: "cel_time.Duration",
    types.ListType: "list",
    types.MapType: "dict",
    types.Record: "dict",
}


def condition(value: ast.expr, wanted: Sequence[types.Type], options: Sequence[types.Type], guard: Guard) -> ast.expr:
    """Whether the value, which is one of `options`, is one of `wanted`."""
    tests = [_test(value, one, options, guard) for one in wanted]
    tests = list({ast.dump(test): test for test in tests}.values())
    return tests[0] if len(tests) == 1 else ast.BoolOp(ast.Or(), tests)


def _test(value: ast.expr, one: types.Type, options: Sequence[types.Type], guard: Guard) -> ast.expr:
    if isinstance(one, types.Null):
        return ast.Compare(deepcopy(value), [ast.Is()], [ast.Constant(None)])
    several = unions.records(options)
    if isinstance(one, types.Record) and len(several) > 1:
        return _record_test(value, one, options, several, guard)
    name = _class(one)
    found = _is_instance(value, name)
    if name == "int" and any(_class(option) == "bool" for option in options):
        return _both(found, ast.UnaryOp(ast.Not(), _is_instance(value, "bool")))
    return found


def _record_test(
    value: ast.expr, one: types.Record, options: Sequence[types.Type], several: list[types.Record], guard: Guard
) -> ast.expr:
    told = unions.discriminator(several)
    if told is None:
        return ast.Call(ast.Name(guard(one)), [deepcopy(value)], [])
    field = ast.Subscript(deepcopy(value), ast.Constant(told.field))
    values = [ast.Constant(known) for known, record in told.records.items() if record == one]
    tests: list[ast.expr] = [ast.Compare(field, [ast.Eq()], [constant]) for constant in values]
    found = tests[0] if len(tests) == 1 else ast.BoolOp(ast.Or(), tests)
    return found if len(several) == len(options) else _both(_is_instance(value, "dict"), found)


def _both(left: ast.expr, right: ast.expr) -> ast.expr:
    return ast.BoolOp(ast.And(), [left, right])


def _class(type: types.Type) -> str:
    return _CLASSES.get(types.widened(type).__class__, "object")


def _is_instance(value: ast.expr, name: str) -> ast.expr:
    return ast.Call(ast.Name("isinstance"), [deepcopy(value), ast.Name(name)], [])
