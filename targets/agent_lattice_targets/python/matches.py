"""`Match` as a `match` statement, or as a chain of `if` where one would mix up true and 1."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from agent_lattice import plan
from agent_lattice_targets.python.frames import Place
from agent_lattice_targets.python.layout import statement

if TYPE_CHECKING:
    from agent_lattice_targets.python.bodies import Body

_CEL = ast.Attribute(ast.Name("cel"), "equals")


def match_lines(op: plan.Match, place: Place, out: Body) -> None:
    """The statements of a match; every value of the subject has its own case or falls to `otherwise`."""
    subject = out.term(op.subject, place)
    sorts = {type(value) for case in op.cases for value in case.values}
    if not op.cases:
        out.block(op.otherwise or (), place)
    elif int in sorts and bool in sorts:
        _chain(op, subject, place, out)
    else:
        _statement(op, subject, place, out)


def _statement(op: plan.Match, subject: ast.expr, place: Place, out: Body) -> None:
    out.statement(place, "match ", subject, ":")
    inner = place.inner()
    for case in op.cases:
        values = [ast.Constant(value) for value in case.values]
        pattern: ast.expr = values[0]
        for value in values[1:]:
            pattern = ast.BinOp(pattern, ast.BitOr(), value)
        out.lines.extend(statement(inner.indent, "case ", pattern, ":").split("\n"))
        out.inner_block(case.body, inner.inner())
    if op.otherwise:
        out.put(inner, "case _:")
        out.inner_block(op.otherwise, inner.inner())


def _chain(op: plan.Match, subject: ast.expr, place: Place, out: Body) -> None:
    name = out.names.fresh("subject")
    out.statement(place, f"{name} = ", subject)
    for number, case in enumerate(op.cases):
        tests: list[ast.expr] = [ast.Call(_CEL, [ast.Name(name), ast.Constant(value)], []) for value in case.values]
        test = tests[0] if len(tests) == 1 else ast.BoolOp(ast.Or(), tests)
        last = number == len(op.cases) - 1 and op.otherwise is None and number > 0
        if last:
            out.put(place, "else:")
        else:
            out.statement(place, "elif " if number else "if ", test, ":")
        out.inner_block(case.body, place.inner())
    if op.otherwise:
        out.put(place, "else:")
        out.inner_block(op.otherwise, place.inner())
