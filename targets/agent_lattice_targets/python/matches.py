"""`Match` as Python: of values as a `match` statement, of types as conditions.

Cases of values are of one type, so that true and 1 never meet.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from agent_lattice import plan, unions

from agent_lattice_targets.python.alternatives import condition
from agent_lattice_targets.python.frames import Place
from agent_lattice_targets.python.layout import statement
from agent_lattice_targets.python.scopes import narrowed_subject

if TYPE_CHECKING:
    from agent_lattice_targets.python.bodies import Body


def match_lines(op: plan.Match, place: Place, out: Body) -> None:
    """The statements of a match; every value of the subject has its own case or falls to `otherwise`."""
    if not op.cases:
        out.block(op.otherwise or (), place)
    elif narrowed_subject(op):
        _any_lines(op, place, out)
    elif op.cases[0].types:
        _type_lines(op, place, out)
    else:
        _value_lines(op, place, out)


def _value_lines(op: plan.Match, place: Place, out: Body) -> None:
    out.statement(place, "match ", out.term(op.subject, place), ":")
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


def _type_lines(op: plan.Match, place: Place, out: Body) -> None:
    """A test for the members that each case is for; the last case of all needs none."""
    subject = _subject(op, place, out)
    options = unions.alternatives(op.subject.type)
    for at, case in enumerate(op.cases):
        if at == len(op.cases) - 1 and op.otherwise is None and at:
            out.put(place, "else:")
        else:
            test = condition(subject, case.types, options, out.guard)
            out.statement(place, "elif " if at else "if ", test, ":")
        out.inner_block(case.body, place.inner())
    if op.otherwise:
        out.put(place, "else:")
        out.inner_block(op.otherwise, place.inner())


def _subject(op: plan.Match, place: Place, out: Body) -> ast.expr:
    """What is tested: a name or fields of one, or else a name for the value."""
    node = out.term(op.subject, place)
    inner = node
    while isinstance(inner, ast.Subscript) and isinstance(inner.slice, ast.Constant):
        inner = inner.value
    if isinstance(inner, ast.Name):
        return node
    annotation = out.annotations.of(op.subject.type)
    name, is_new = place.frame.name_for("subject", annotation, out.names.taken)
    out.statement(place, f"{name}: {annotation} = " if is_new else f"{name} = ", node)
    return ast.Name(name)


def _any_lines(op: plan.Match, place: Place, out: Body) -> None:
    """A value is decoded as the type of each case in turn until it fits one: inside that, the subject is what was made."""
    subject = out.term(op.subject, place)
    out.imports.add("checks")
    for at, case in enumerate(op.cases):
        (type,) = case.types
        annotation = out.annotations.of(type)
        fitting, _ = place.frame.name_for("fitting", f"tuple[{annotation}] | None", out.names.taken)
        call = ast.Call(ast.Attribute(ast.Name("checks"), "fitting"), [subject, out.check(type)], [])
        test = ast.NamedExpr(ast.Name(fitting), call)
        out.statement(place, "elif " if at else "if ", test, ":")
        inner = place.inner()
        name, is_new = out.bind(out.bindings.case(case), inner)
        out.put(inner, f"{name}: {annotation} = {fitting}[0]" if is_new else f"{name} = {fitting}[0]")
        out.block(case.body, inner)
    if op.otherwise:
        out.put(place, "else:")
        out.inner_block(op.otherwise, place.inner())
