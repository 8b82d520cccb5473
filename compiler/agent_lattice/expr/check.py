"""Checks an expression: names, types, optional values; and makes its term.

A wrong part is reported once, has the type UNKNOWN, and is not spoken of again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from agent_lattice.diagnostics import Code, Report, did_you_mean
from agent_lattice.expr import alternative, calls, literals, operators, optionals, tree
from agent_lattice.expr.fits import can_be_equal, core, has_dyn, held, is_inner, is_unknown, may_be_null, present
from agent_lattice.expr.fold import folded
from agent_lattice.expr.functions import CASTS, OVERLOADS, QUALIFIED, TYPE_NAMES
from agent_lattice.expr.narrow import Fact, Facts, narrowed, path
from agent_lattice.expr.syntax import EXPRESSION_ONLY
from agent_lattice.expr.tree import Expr, show
from agent_lattice.records import replace
from agent_lattice.source import Span
from agent_lattice.terms import Apply, Const, FieldOf, Term, Var
from agent_lattice.types import (
    STRING,
    UNKNOWN,
    AnyValue,
    Dyn,
    Int,
    ListType,
    MapType,
    Maybe,
    Optional,
    Record,
    Type,
    Uint,
    Union,
    Unknown,
    assignable,
    base,
    widened,
)
from agent_lattice.unions import alternatives, without

__all__ = ["Checker", "Names", "check", "narrowed", "path"]

UNKNOWN_VARIABLE = Code("LAT2101", "unknown-variable")
UNKNOWN_FIELD = Code("LAT2102", "unknown-field")
MAY_BE_NULL = Code("LAT2103", "may-be-null")
NO_FIELDS = Code("LAT2104", "no-fields")
NOT_INDEXABLE = Code("LAT2105", "not-indexable")
HIDDEN_NAME = Code("LAT2108", "hidden-name")
ONLY_KNOWN_LATER = Code("LAT2106", "type-known-too-late")


class Names(Protocol):
    """What an expression can see."""

    def lookup(self, name: str) -> Type | None:
        """The type of a variable."""

    def record(self, name: str) -> Record | None:
        """The record type of that name."""

    def term_name(self, name: str) -> str:
        """What a term calls the variable."""

    def known(self) -> Iterable[str]:
        """Names to suggest."""

    def knows(self, fact: Fact) -> bool:
        """Whether an alternative of a value's type is ruled out here."""

    def is_poisoned(self, name: str) -> bool:
        """Whether the name is defined by something that could not be read: nothing is said about it."""


class Inner:
    """Names with more variables or with more known of them."""

    __slots__ = ("_facts", "_outer", "_variables")

    def __init__(self, outer: Names, variables: dict[str, Type], facts: Facts = frozenset()) -> None:
        self._outer = outer
        self._variables = variables
        self._facts = facts

    def lookup(self, name: str) -> Type | None:
        return self._variables.get(name) or self._outer.lookup(name)

    def record(self, name: str) -> Record | None:
        return self._outer.record(name)

    def term_name(self, name: str) -> str:
        return name if name in self._variables else self._outer.term_name(name)

    def known(self) -> Iterable[str]:
        return [*self._variables, *self._outer.known()]

    def knows(self, fact: Fact) -> bool:
        return fact in self._facts or (fact[0][0] not in self._variables and self._outer.knows(fact))

    def is_poisoned(self, name: str) -> bool:
        return self._outer.is_poisoned(name)

    def hides(self, name: str) -> bool:
        """Whether the name is a variable of a macro or loop."""
        return name in self._variables or (isinstance(self._outer, Inner) and self._outer.hides(name))


def check(expr: Expr, scope: Names, report: Report, expected: Type | None = None) -> Term:
    """The term of an expression, its problems reported.

    `expected` adapts literals (an int literal to a float, a string literal to one of its choices) and is not enforced
    here: the caller compares it with the type of the term. A value whose type only the run knows is checked there when
    a scalar is expected, and an error otherwise.
    """
    checker = Checker(scope, report)
    term = optionals.as_nullable(checker, checker.term(expr, expected))
    if is_inner(term.type):
        return checker.inner_only(term)
    if expected is None:
        return replace(term, type=widened(term.type)) if isinstance(term, Const) else term
    return checker.proved(term, expected)


class Checker:
    """Checks expressions in one scope."""

    __slots__ = ("depth", "report", "scope")

    def __init__(self, scope: Names, report: Report, depth: int = 0) -> None:
        self.scope = scope
        self.report = report
        self.depth = depth
        """How many macros and template loops there are around."""

    def within(self, variables: dict[str, Type] | None = None, facts: Facts = frozenset()) -> Checker:
        """A checker that sees more variables, or knows more of them."""
        if not variables and not facts:
            return self
        return Checker(Inner(self.scope, variables or {}, facts), self.report, self.depth + bool(variables))

    def wrong(self, span: Span) -> Term:
        """What stands for an expression that was reported."""
        return Const(None, type=UNKNOWN, span=span)

    def term(self, expr: Expr, expected: Type | None = None) -> Term:
        """The term of an expression; its type may be optional. It is no optional value of CEL where a type is expected."""
        term = self._made(expr, expected)
        if expected is None or isinstance(base(expected), Maybe | Dyn | Unknown):
            return term
        return optionals.as_nullable(self, term)

    def _made(self, expr: Expr, expected: Type | None) -> Term:
        match expr:
            case tree.Literal():
                return literals.scalar(self, expr, expected)
            case tree.Ident():
                return self._variable(expr)
            case tree.Select():
                return self._select(expr)
            case tree.Index():
                return self._index(expr)
            case tree.Call():
                return calls.call(self, expr)
            case tree.ListLiteral():
                return literals.list_of(self, expr, expected)
            case tree.MapLiteral():
                return literals.map_of(self, expr, expected)
            case tree.RecordLiteral():
                return literals.record(self, expr)
            case tree.OptionalItem():
                return optionals.item_of(self, expr)
            case tree.Wrong(finding=finding):
                self.report.found.append(finding)
                return self.wrong(expr.span)
            case tree.Special():
                return expr.term(self.scope, self.report)
        return operators.operation(self, expr, expected)

    def value(self, expr: Expr, expected: Type | None = None) -> Term:
        """The term of an expression that must not be null."""
        return self.not_null(self.term(expr, expected), expr)

    def not_null(self, term: Term, expr: Expr) -> Term:
        """The term, reported when it may be null; then taken as if it were not."""
        if not may_be_null(term.type):
            return term
        text = show(expr)
        if term == Const(None):
            self.report.add(MAY_BE_NULL, "null cannot be used here", expr.span)
            return self.wrong(expr.span)
        help = f"test it first: `{text} != null && …` or `{text} != null ? … : …`"
        if path(term) is None:
            help = "name it with `let`, then test it with `!= null`"
        self.report.add(MAY_BE_NULL, f"`{text}` may be null here", expr.span, help=help)
        return replace(term, type=present(term.type))

    def inner_only(self, term: Term) -> Term:
        """Report that a value cannot leave its expression: no declaration could give its type."""
        message = f"a value of type `{present(term.type)}` lives within one expression only"
        self.report.add(
            EXPRESSION_ONLY, message, term.span, help="compare types with `==`, take values out of optional ones"
        )
        return self.wrong(term.span)

    def apply(self, function: str, *args: Term, type: Type | None = None, span: Span) -> Term:
        """The term of an overload; computed at once when every argument is a constant."""
        if any(is_unknown(arg.type) for arg in args):
            return self.wrong(span)
        row = OVERLOADS[function]
        fails = row.fails or any(arg.fails for arg in args)
        return folded(Apply(function, args, type=row.result if type is None else type, fails=fails, span=span))

    def cast(self, term: Term, target: Type) -> Term:
        """The term with a check at run time that its value has the type, where only the run can know."""
        return self.apply(CASTS[target].id, term, span=term.span) if has_dyn(term.type) else term

    def proved(self, term: Term, expected: Type) -> Term:
        """The term, of which the compiler knows the type or the run checks it."""
        if not has_dyn(term.type) or has_dyn(expected) or not assignable(term.type, expected) or is_unknown(expected):
            return term
        if isinstance(expected, AnyValue):
            return term
        if base(expected) in CASTS:
            return self.cast(term, base(expected))
        message = f"`{expected}` is expected, but the type of this value is only known when it runs"
        self.report.add(ONLY_KNOWN_LATER, message, term.span, help="convert it, or make a value of one type")
        return self.wrong(term.span)

    def _variable(self, expr: tree.Ident) -> Term:
        found = self.scope.lookup(expr.name)
        if expr.outside and isinstance(self.scope, Inner) and self.scope.hides(expr.name):
            message = f"`.{expr.name}` is hidden by the variable `{expr.name}` of a macro or loop around it"
            self.report.add(HIDDEN_NAME, message, expr.span, help="give that variable another name")
            return self.wrong(expr.span)
        if found is None:
            if expr.name in TYPE_NAMES and not self.scope.is_poisoned(expr.name):
                return self.apply("type_named", Const(expr.name, type=STRING, span=expr.span), span=expr.span)
            if not self.scope.is_poisoned(expr.name):
                help, fix = did_you_mean(expr.name, self.scope.known(), expr.span)
                message = f"nothing is called `{expr.name}` here"
                self.report.add(UNKNOWN_VARIABLE, message, expr.span, help=help, fix=fix)
            return self.wrong(expr.span)
        return self._seen(Var(self.scope.term_name(expr.name), type=found, span=expr.span))

    def _type_named(self, expr: tree.Select) -> Term | None:
        """A type with dots in its name, such as `google.protobuf.Timestamp`."""
        name = show(expr)
        if name not in QUALIFIED or self.scope.lookup(name.split(".")[0]) is not None:
            return None
        return self.apply("type_named", Const(name, type=STRING, span=expr.span), span=expr.span)

    def _seen(self, term: Term) -> Term:
        """A variable or field, without the alternatives of its type that are ruled out here."""
        if not isinstance(base(term.type), Optional | Union):
            return term
        found = path(term)
        excluded = [other for other in alternatives(term.type) if found and self.scope.knows((found, other))]
        return replace(term, type=without(term.type, excluded)) if excluded else term

    def _select(self, expr: tree.Select) -> Term:
        if expr.name.text in ("Timestamp", "Duration") and (named := self._type_named(expr)):
            return named
        target = self.term(expr.target) if expr.optional else self.value(expr.target)
        if is_unknown(target.type):
            return self.wrong(expr.span)
        return self.select(target, expr)

    def select(self, target: Term, expr: tree.Select) -> Term:
        """The field of a term that a selection names."""
        if expr.optional or isinstance(core(target.type), Maybe):
            return optionals.selected(self, target, expr)
        owner, name = present(target.type), expr.name.text
        if isinstance(owner, Record):
            return self.field(target, owner, expr)
        key = Const(name, type=STRING, span=expr.name.span)
        if isinstance(owner, Dyn):
            return self.apply("field_dyn", target, key, span=expr.span)
        if isinstance(owner, Union):
            return self._seen(alternative.field(self, target, owner, expr))
        if isinstance(owner, AnyValue):
            return alternative.not_narrowed(self, target, owner, expr)
        function = self.lookup(target, key, expr)
        return (
            self.apply(function, target, key, type=held(owner), span=expr.span) if function else self.wrong(expr.span)
        )

    def field(self, target: Term, owner: Record, expr: tree.Select) -> Term:
        """A declared field of a record."""
        found = owner.fields.get(expr.name.text)
        if found is not None:
            return self._seen(FieldOf(target, found.name, type=found.type, fails=target.fails, span=expr.span))
        help, fix = did_you_mean(expr.name.text, owner.fields, expr.name.span)
        listed = ", ".join(f"`{name}`" for name in owner.fields)
        message = f"`{owner}` has no field `{expr.name}`"
        notes = (f"its fields: {listed}",) if listed else ()
        self.report.add(UNKNOWN_FIELD, message, expr.name.span, help=help, fix=fix, notes=notes)
        return self.wrong(expr.span)

    def _index(self, expr: tree.Index) -> Term:
        target = self.term(expr.target) if expr.optional else self.value(expr.target)
        key = self.value(expr.key)
        if is_unknown(target.type) or is_unknown(key.type):
            return self.wrong(expr.span)
        return self.index(target, key, expr)

    def index(self, target: Term, key: Term, expr: tree.Index) -> Term:
        """The item or entry of a term that an index names."""
        if expr.optional or isinstance(core(target.type), Maybe):
            return optionals.indexed(self, target, key, expr)
        function, owner = self.lookup(target, key, expr), present(target.type)
        return (
            self.apply(function, target, key, type=held(owner), span=expr.span) if function else self.wrong(expr.span)
        )

    def lookup(self, target: Term, key: Term, expr: tree.Select | tree.Index) -> str:
        """The overload that looks up a key in a list, a map or what only the run knows; empty when it is reported."""
        owner, by = present(target.type), core(key.type)
        function = index_function(owner, by)
        if isinstance(expr, tree.Index) and not function:
            self.report.add(NOT_INDEXABLE, *_index_problem(owner, by, expr))
        elif isinstance(expr, tree.Select) and not (function and isinstance(owner, MapType | Dyn)):
            self.report.add(
                NO_FIELDS,
                f"`{owner}` has no fields",
                expr.name.span,
                help=_field_advice(expr.name.text, show(expr.target)),
            )
            return ""
        return function


def index_function(owner: Type, by: Type) -> str:
    """The overload of `owner[by]`; empty when there is none. A map takes what can be equal to one of its keys."""
    if isinstance(owner, Dyn):
        return "index_dyn"
    if isinstance(owner, ListType):
        return "index_list" if isinstance(by, Int | Uint) else "index_dyn" if isinstance(by, Dyn) else ""
    if not isinstance(owner, MapType) or not can_be_equal(by, owner.key):
        return ""
    return "index_dyn" if has_dyn(by) or has_dyn(owner.key) or is_unknown(owner.key) else "index_map"


def _field_advice(name: str, target: str) -> str:
    if name in ("length", "size", "count"):
        return f"write `size({target})`"
    return ""


def _index_problem(owner: Type, by: Type, expr: tree.Index) -> tuple[str, Span]:
    if isinstance(owner, ListType):
        return f"a list is indexed by int, this is `{by}`", expr.key.span
    if isinstance(owner, MapType):
        return f"a `{owner}` is indexed by {owner.key}, this is `{by}`", expr.key.span
    if isinstance(owner, Record):
        return f"a record is not indexed: write `{show(expr.target)}.field`", expr.span
    return f"`{owner}` is not indexed", expr.span
