"""Values of which it is not known yet what they are: of a union, or of `any`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_lattice.diagnostics import Code, did_you_mean
from agent_lattice.expr import tree
from agent_lattice.expr.fits import merged, present
from agent_lattice.expr.tree import Expr, show
from agent_lattice.terms import FieldOf, Term
from agent_lattice.types import AnyValue, Literal, Record, Type, Union
from agent_lattice.unions import discriminator, records, united

if TYPE_CHECKING:
    from agent_lattice.expr.check import Checker

NOT_NARROWED = Code("LAT2007", "not-narrowed")


def field(check: Checker, target: Term, owner: Union, expr: tree.Select) -> Term:
    """A field that every member of a union has; its type is one that all of theirs fit."""
    name = expr.name.text
    declared = [one.fields[name].type for one in records(owner.members) if name in one.fields]
    if len(declared) == len(owner.members):
        type = _common(declared)
        if type is not None:
            return FieldOf(target, name, type=type, fails=target.fails, span=expr.span)
        message = f"`{name}` is of another type in each member of `{owner}`"
        return _narrow_first(check, message, owner, name, expr)
    if declared:
        others = [f"`{one}`" for one in owner.members if not isinstance(one, Record) or name not in one.fields]
        message = f"`{show(expr.target)}` may be {_listed(others)} here, which has no field `{name}`"
        return _narrow_first(check, message, owner, name, expr)
    known = sorted({field for one in records(owner.members) for field in one.fields})
    help, fix = did_you_mean(name, known, expr.name.span)
    message = f"no member of `{owner}` has a field `{name}`"
    check.report.add(NOT_NARROWED, message, expr.name.span, help=help or _advice(owner, name, expr.target), fix=fix)
    return check.wrong(expr.span)


def not_narrowed(check: Checker, target: Term, owner: Type, expr: tree.Select) -> Term:
    """Report that a field of an `any` is read."""
    message = f"`{show(expr.target)}` is `any`: nothing is known of its fields"
    check.report.add(NOT_NARROWED, message, expr.name.span, help=_any_advice(expr.target))
    return check.wrong(expr.span)


def is_comparable(check: Checker, term: Term, expr: Expr) -> bool:
    """Whether a value may be compared; an `any` may not, which is reported."""
    if not isinstance(present(term.type), AnyValue):
        return True
    message = f"`{show(expr)}` is `any`: it can only be compared with null"
    check.report.add(NOT_NARROWED, message, expr.span, help=_any_advice(expr))
    return False


def _any_advice(expr: Expr) -> str:
    return f"say what it should be: `let value = {show(expr)} as T`, or `match` with `case is T`"


def _common(types: list[Type]) -> Type | None:
    found: Type | None = types[0]
    for type in types[1:]:
        found = merged(found, type) if found is not None else None
    return found if found is not None else united(types)


def _narrow_first(check: Checker, message: str, owner: Union, name: str, expr: tree.Select) -> Term:
    check.report.add(NOT_NARROWED, message, expr.name.span, help=_advice(owner, name, expr.target))
    return check.wrong(expr.span)


def _advice(owner: Union, name: str, target: Expr) -> str:
    """How to find out which member a value is."""
    subject = show(target)
    meant = next((one for one in records(owner.members) if name in one.fields), None)
    told = discriminator(records(owner.members)) if len(records(owner.members)) == len(owner.members) else None
    if told and meant:
        value = next(value for value, one in told.records.items() if one == meant)
        return f"test `{subject}.{told.field} == {Literal((value,))}` first, or `match {subject}.{told.field}`"
    return f"find out which it is: `match {subject} {{ case is {meant or owner.members[0]} {{ … }} … }}`"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
