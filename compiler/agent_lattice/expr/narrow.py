"""Which optional values a condition proves to be there."""

from __future__ import annotations

from agent_lattice.expr.fits import may_be_null, present
from agent_lattice.terms import Apply, FieldOf, Logic, Term, Var
from agent_lattice.types import Dyn, ListType, Type, Unknown

Path = tuple[str, ...]
"""A variable and fields from it: `order.customer.name`."""

_EQUAL = {"equal": True, "equal_deep": True, "unequal": False, "unequal_deep": False}
_NULL = {"is_null": False, "not_null": True}


def path(term: Term) -> Path | None:
    """The access path that a term reads, if it is one."""
    match term:
        case Var(name=name):
            return (name,)
        case FieldOf(record=record, name=name):
            outer = path(record)
            return (*outer, name) if outer else None
    return None


def narrowed(condition: Term, truth: bool) -> frozenset[Path]:
    """The paths that are not null when the condition is `truth`, or when it raises an error.

    The second half matters because `&&` and `||` absorb errors: what stands behind a failed operand is still evaluated.
    """
    match condition:
        case Logic(operator=operator, operands=operands):
            sets = [narrowed(operand, truth) for operand in operands]
            if (operator == "and") is truth:
                return frozenset().union(*sets)
            return sets[0].intersection(*sets[1:])
        case Apply(function="not", args=(operand,)):
            return narrowed(operand, not truth)
        case Apply(function=function, args=(operand,)) if _NULL.get(function) is truth:
            return _paths(operand)
        case Apply(function=function, args=(left, right)) if _EQUAL.get(function) is truth and not condition.fails:
            return _paths(left, unless=right) | _paths(right, unless=left)
        case Apply(function="in_plain" | "in_list", args=(item, items)) if truth and not condition.fails:
            listed = present(items.type)
            nullable = not isinstance(listed, ListType) or _could_be_null(listed.item)
            return frozenset() if nullable else _paths(item)
    return frozenset()


def _paths(term: Term, unless: Term | None = None) -> frozenset[Path]:
    if unless is not None and _could_be_null(unless.type):
        return frozenset()
    found = path(term)
    return frozenset((found,)) if found else frozenset()


def _could_be_null(type: Type) -> bool:
    return may_be_null(type) or isinstance(type, Dyn | Unknown)
