"""What a condition proves of values: which alternatives of its type a value is known not to be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from agent_lattice.expr.fits import may_be_null, present
from agent_lattice.terms import Apply, Const, FieldOf, Logic, Term, Value, Var
from agent_lattice.types import NULL, Dyn, ListType, Literal, Record, Type, Union, Unknown, primitive
from agent_lattice.unions import alternatives

Path = tuple[str, ...]
"""A variable and fields from it: `order.customer.name`."""

Fact = tuple[Path, Type]
"""A path, and an alternative of its type that its value is not: null, or a member of a union."""

Facts = frozenset[Fact]

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


def narrowed(condition: Term, truth: bool) -> Facts:
    """What is known when the condition is `truth`, or when it raises an error.

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
            return _not_null(operand)
        case Apply(function=function, args=(left, right)) if function in _EQUAL and not condition.fails:
            return _compared(left, right, _EQUAL[function] is truth) | _compared(right, left, _EQUAL[function] is truth)
        case Apply(function="in_plain" | "in_list", args=(item, items)) if truth and not condition.fails:
            listed = present(items.type)
            nullable = not isinstance(listed, ListType) or _could_be_null(listed.item)
            return frozenset() if nullable else _not_null(item)
    return frozenset()


def matched(subject: Term, values: Sequence[Value]) -> Facts:
    """What is known of a subject that equals one of some values."""
    if subject.fails or None in values:
        return frozenset()
    return _told(subject, values, equal=True) | _not_null(subject)


def unmatched(subject: Term, values: Iterable[Value]) -> Facts:
    """What is known of a subject that equals none of some values."""
    given = list(values)
    if subject.fails:
        return frozenset()
    return _told(subject, given, equal=False) | (_not_null(subject) if None in given else frozenset())


def matched_type(subject: Term, members: Iterable[Type]) -> Facts:
    """What is known of a subject whose value is of one of some alternatives."""
    found = path(subject)
    kept = list(members)
    return (
        frozenset((found, other) for other in alternatives(subject.type) if other not in kept) if found else frozenset()
    )


def _compared(term: Term, other: Term, equal: bool) -> Facts:
    """What `term == other`, or its opposite, says of the term."""
    facts = _not_null(term) if equal and not _could_be_null(other.type) else frozenset()
    return facts | _told(term, (other.value,), equal=equal) if isinstance(other, Const) else facts


def _told(term: Term, values: Sequence[Value], *, equal: bool) -> Facts:
    """What the value of a field says of the record that it is read from: a member of a union with another literal there
    is ruled out."""
    if not isinstance(term, FieldOf) or not isinstance(term.record.type, Union):
        return frozenset()
    found = path(term.record)
    if found is None:
        return frozenset()
    return frozenset(
        (found, member) for member in term.record.type.members if _rules_out(member, term.name, values, equal)
    )


def _rules_out(member: Type, field: str, values: Sequence[Value], equal: bool) -> bool:
    declared = member.fields.get(field) if isinstance(member, Record) else None
    if declared is None or not isinstance(declared.type, Literal):
        return False
    own = {(primitive(value), value) for value in declared.type.values}
    given = {(primitive(value), value) for value in values if isinstance(value, str | int)}
    return own.isdisjoint(given) if equal else own <= given


def _not_null(term: Term) -> Facts:
    found = path(term)
    return frozenset(((found, NULL),)) if found else frozenset()


def _could_be_null(type: Type) -> bool:
    return may_be_null(type) or isinstance(type, Dyn | Unknown)
