"""What the cases of a `match` are for, and what is known inside them."""

from __future__ import annotations

from collections.abc import Sequence

from agent_lattice import plan
from agent_lattice.annotations import Annotation, resolve
from agent_lattice.diagnostics import Code
from agent_lattice.expr.alternative import NOT_NARROWED
from agent_lattice.expr.fits import is_unknown, present
from agent_lattice.expr.narrow import Facts, matched, matched_type, unmatched
from agent_lattice.kind import Binding, Scope
from agent_lattice.records import record
from agent_lattice.source import Span
from agent_lattice.terms import Term, Var
from agent_lattice.types import NULL, UNKNOWN, AnyValue, Literal, Type, assignable, base
from agent_lattice.unions import alternatives

REPEATED_CASE = Code("LAT2221", "repeated-case")
WRONG_CASE = Code("LAT2222", "case-never-matches")


@record
class Asked:
    """What stands behind `case`: a type, or a value."""

    span: Span
    type: Annotation | None
    value: str | int | bool | None


def type_ways(subject: Term, cases: Sequence[Sequence[Asked]], scope: Scope) -> list[plan.Case]:
    """The cases of a match that asks what a value is, with the alternatives of its type that each is for; no bodies yet."""
    if is_unknown(subject.type):
        return [plan.Case((), ()) for _ in cases]
    if isinstance(subject.type, AnyValue):
        return [_any_way(subject, asked, scope) for asked in cases]
    taken: set[Type] = set()
    ways: list[plan.Case] = []
    for asked in cases:
        own: list[Type] = []
        for one in asked:
            own += [part for part in _covered(subject.type, one, taken, scope) if part not in own]
        taken |= set(own)
        ways.append(plan.Case((), (), tuple(own)))
    return ways


def _covered(subject: Type, asked: Asked, taken: set[Type], scope: Scope) -> list[Type]:
    """The alternatives that a case takes; reported when there is none, or none that is left."""
    type = _type(asked, scope)
    if is_unknown(type):
        return []
    found = [part for part in alternatives(subject) if assignable(part, type)]
    listed = ", ".join(f"`{part}`" for part in alternatives(subject))
    if not found or (asked.type is None and asked.value is not None):
        help = f"write `case is {found[0]}`" if found else "ask for one of its types with `case is`"
        message = f"`{asked.span.text}` is never what a `{subject}` is as a whole"
        scope.report.add(WRONG_CASE, message, asked.span, help=help, notes=(f"it is one of {listed}",))
    elif all(part in taken for part in found):
        scope.report.add(REPEATED_CASE, f"the cases before take every `{type}`", asked.span)
    return [part for part in found if part not in taken]


def _any_way(subject: Term, asked: Sequence[Asked], scope: Scope) -> plan.Case:
    """A case of an `any`: one type, which the variable has inside."""
    if not isinstance(subject, Var):
        help = "name it: `let value = …`, then `match value`"
        scope.report.add(NOT_NARROWED, "only a name can be matched for the types of an `any`", subject.span, help=help)
    for other in asked[1:]:
        help = "give each type a case of its own"
        scope.report.add(WRONG_CASE, "a case of an `any` is for one type", other.span, help=help)
    return plan.Case((), (), (_type(asked[0], scope),))


def _type(asked: Asked, scope: Scope) -> Type:
    if asked.type is not None:
        found = resolve(asked.type, scope.module, scope.report)
        if isinstance(found, AnyValue):
            scope.report.add(WRONG_CASE, "every value is an `any`", asked.span, help="use `else`")
            return UNKNOWN
        return found
    return NULL if asked.value is None else Literal((asked.value,))


def way_scope(subject: Term, way: plan.Case, scope: Scope) -> Scope:
    """The scope of a case's block."""
    inner = scope.inner(_facts(subject, way))
    if isinstance(subject.type, AnyValue) and isinstance(subject, Var) and way.types:
        outer = scope.binding(subject.name)
        if outer is not None:
            inner.own[subject.name] = Binding(subject.name, way.types[0], outer.span, "value", outer.depth, used=True)
    return inner


def _facts(subject: Term, way: plan.Case) -> Facts:
    if way.types:
        return matched_type(subject, way.types)
    return matched(subject, way.values) if way.values else frozenset()


def remaining_facts(subject: Term, ways: Sequence[plan.Case]) -> Facts:
    """What is known of a subject that no case is for."""
    if isinstance(present(subject.type), AnyValue):
        return frozenset()
    taken = [part for way in ways for part in way.types]
    if taken:
        return matched_type(subject, [part for part in alternatives(base(subject.type)) if part not in taken])
    return unmatched(subject, [value for way in ways for value in way.values])
