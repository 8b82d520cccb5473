"""`Try` as a `try` that only keeps the class of the failure; what is done about it stands behind it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from agent_lattice import plan
from agent_lattice.dataflow import leaves

from agent_lattice_targets.python.frames import Place

if TYPE_CHECKING:
    from agent_lattice_targets.python.bodies import Body


def attempt(op: plan.Try, place: Place, out: Body) -> None:
    """The statements of a `Try`."""
    out.imports.add("Failure")
    failed, is_new = place.frame.name_for("failed", "str", out.names.taken)
    out.put(place, f'{failed}{": str" if is_new else ""} = ""')
    out.put(place, "try:")
    inner = place.inner()
    out.inner_block(op.body, inner)
    place.own.update(inner.own)
    out.put(place, "except Failure as failure:")
    out.statement(place.inner(), f"{failed} = ", _caught(op, place))
    for at, handler in enumerate(op.handlers):
        only = len(op.handlers) == 1  # what there is no handler for has gone on its way
        out.put(place, f"{'elif' if at else 'if'} {failed if only else _is_for(handler, failed)}:")
        out.inner_block(handler.body, place.inner())
    if op.otherwise:
        after = place
        if not all(leaves(handler.body) for handler in op.handlers):
            out.put(place, "else:")
            after = place.inner()
        out.inner_block(op.otherwise, after)


def _caught(op: plan.Try, place: Place) -> ast.expr:
    """The class of the failure, if there is a handler for it; else it goes on its way."""
    codes = [ast.Constant(code) for handler in op.handlers for code in handler.codes or ("",)]
    return ast.Call(ast.Attribute(ast.Name(place.context), "caught"), [ast.Name("failure"), *codes], [])


def _is_for(handler: plan.Handler, failed: str) -> str:
    if not handler.codes:
        return failed
    if len(handler.codes) == 1:
        return f'{failed} == "{handler.codes[0]}"'
    listed = ", ".join(f'"{code}"' for code in handler.codes)
    return f"{failed} in ({listed})"
