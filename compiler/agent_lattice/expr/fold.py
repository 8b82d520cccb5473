"""Constant folding: an operation on constants that does not fail is done now."""

from __future__ import annotations

from agent_lattice.expr.fits import is_unknown
from agent_lattice.records import replace
from agent_lattice.terms import Const, Term, parts


def folded(term: Term) -> Term:
    """The constant that an operation on scalar constants gives, or the term itself: known not to fail if it gives a value."""
    if not all(isinstance(part, Const) and not is_unknown(part.type) for part in parts(term)):
        return term
    from agent_lattice_runtime.cel import CelError

    from agent_lattice.expr.evaluate import value_of

    try:
        value = value_of(term, {})
    except CelError:
        return term
    if value is not None and not isinstance(value, bool | int | float | str | bytes):
        return replace(term, fails=False)
    return Const(value, type=term.type, span=term.span)
