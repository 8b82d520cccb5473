"""`Match` as a `match` statement. Cases are of one type, so that true and 1 never meet."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from agent_lattice import plan

from agent_lattice_targets.python.frames import Place
from agent_lattice_targets.python.layout import statement

if TYPE_CHECKING:
    from agent_lattice_targets.python.bodies import Body


def match_lines(op: plan.Match, place: Place, out: Body) -> None:
    """The statements of a match; every value of the subject has its own case or falls to `otherwise`."""
    if not op.cases:
        out.block(op.otherwise or (), place)
        return
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
