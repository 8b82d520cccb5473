"""CEL's optional values: selection with `?`, their methods, and how they meet the language's own `T?`.

A `T?` stands where an optional value is expected: null is none. An optional value becomes a `T?` where one is expected
or where it leaves its expression: none is null.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_lattice.diagnostics import Code
from agent_lattice.expr import tree
from agent_lattice.expr.fits import core, held, is_unknown, may_be_null, merged, present
from agent_lattice.expr.narrow import path
from agent_lattice.expr.overload import LIST, Function, Overload, method, row
from agent_lattice.expr.tree import Expr, show
from agent_lattice.records import replace
from agent_lattice.source import Span
from agent_lattice.terms import Apply, Cond, Const, Fold, Term, Var, reads
from agent_lattice.types import (
    BOOL,
    DYN,
    STRING,
    UNKNOWN,
    Dyn,
    ListType,
    Maybe,
    Record,
    Type,
    optional,
    widened,
)

if TYPE_CHECKING:
    from agent_lattice.expr.check import Checker

NOT_OPTIONAL = Code("LAT2107", "not-optional")
WRONG_ARGUMENTS = Code("LAT2132", "wrong-arguments")

_ANY = Maybe(DYN)


def _item_of(types: list[Type]) -> Type:
    found = present(types[0])
    return Maybe(found.item) if isinstance(found, ListType) else _ANY


def _present_of(types: list[Type]) -> Type:
    return Maybe(widened(present(types[0])))


def _unwrapped(types: list[Type]) -> Type:
    found = present(types[0])
    item = found.item if isinstance(found, ListType) else DYN
    return ListType(item.inner) if isinstance(item, Maybe) else LIST


def _typed(overload: Overload, typed: object) -> Overload:
    return replace(overload, typed=typed)


def _made(name: str, doc: str, *overloads: Overload) -> Function:
    return Function(name, doc, overloads, free=True)


OPTIONALS = (
    _made(
        "optional.of",
        "an optional value that is there",
        _typed(row("optional_of", (DYN,), _ANY, "cel_optional.of(_0)"), lambda types: Maybe(widened(types[0]))),
    ),
    _made(
        "optional.none",
        "the optional value that is not there",
        row("optional_none", (), Maybe(UNKNOWN), "cel_optional.none()"),
    ),
    _made(
        "optional.ofNonZeroValue",
        "an optional value that is not there for null, false, zero and what is empty",
        _typed(row("optional_of_non_zero", (DYN,), _ANY, "cel_optional.of_non_zero(_0)"), _present_of),
    ),
    method("hasValue", "whether it is there", row("optional_has_value", (_ANY,), BOOL, "cel_optional.has_value(_0)")),
    method(
        "value", "the value, which must be there", row("optional_get", (_ANY,), DYN, "cel_optional.value(_0)", True)
    ),
    method(
        "or",
        "itself, or another optional value",
        row("optional_or", (_ANY, _ANY), _ANY, "cel_optional.either(_0, lambda: _1)"),
    ),
    method(
        "orValue",
        "the value, or another one",
        row("optional_or_value", (_ANY, DYN), DYN, "cel_optional.value_or(_0, lambda: _1)"),
    ),
    _made(
        "optional.unwrap",
        "the values that are there, of a list of optional ones",
        _typed(row("optional_unwrap", (ListType(DYN),), LIST, "cel_optional.unwrapped(_0)", True), _unwrapped),
    ),
    method(
        "unwrapOpt",
        "the values that are there, of a list of optional ones",
        _typed(row("optional_unwrap_opt", (ListType(DYN),), LIST, "cel_optional.unwrapped(_0)", True), _unwrapped),
    ),
    method(
        "first",
        "the first item, if there is one",
        _typed(row("optional_first", (LIST,), _ANY, "cel_optional.first(_0)"), _item_of),
    ),
    method(
        "last",
        "the last item, if there is one",
        _typed(row("optional_last", (LIST,), _ANY, "cel_optional.last(_0)"), _item_of),
    ),
)

FORMS = (
    row("optional_value", (DYN,), _ANY, "cel_optional.of_value(_0)"),
    row("or_null", (_ANY,), DYN, "cel_optional.or_null(_0)"),
    row("optional_items", (_ANY,), DYN, "cel_optional.items(_0)"),
    row("optional_field", (DYN, STRING), _ANY, "cel_optional.field(_0, _1)"),
    row("optional_item", (LIST, DYN), _ANY, "cel_optional.item(_0, _1)"),
    row("optional_entry", (DYN, DYN), _ANY, "cel_optional.entry(_0, _1)"),
    row("optional_at", (DYN, DYN), _ANY, "cel_optional.at(_0, _1)", True),
)
"""Forms without a name of their own: conversions, optional selection, optional items."""

METHODS = frozenset(("hasValue", "value", "or", "orValue"))
MAPS = {
    "optMap": "the optional value of what an expression gives for the value, if it is there",
    "optFlatMap": "the same, of an expression that itself gives an optional value",
}
"""Macros over optional values; the others are over lists and maps."""


def as_nullable(check: Checker, term: Term) -> Term:
    """An optional value as a `T?`; anything else as it is."""
    found = core(term.type)
    if not isinstance(found, Maybe):
        return term
    while isinstance(found, Maybe):
        found = present(found.inner)
    return check.apply("or_null", term, type=optional(found), span=term.span)


def as_optional(check: Checker, term: Term, written: Expr, what: str) -> Term:
    """A value that may be null as an optional one; reported when it is neither. `what` is what needs it."""
    if isinstance(core(term.type), Maybe | Dyn) or is_unknown(term.type):
        return term
    if may_be_null(term.type):
        return check.apply("optional_value", term, type=Maybe(present(term.type)), span=term.span)
    message = f"{what} is for optional values, `{show(written)}` is `{term.type}`"
    check.report.add(NOT_OPTIONAL, message, written.span, help="leave it out: the value is always there")
    return check.wrong(written.span)


def selected(check: Checker, target: Term, expr: tree.Select) -> Term:
    """`target.?name`, or `target.name` of an optional value, which is optional too."""
    if isinstance(core(target.type), Maybe):
        return _within(check, target, expr.span, frozenset(), lambda inner: check.select(inner, expr))
    owner, key = present(target.type), Const(expr.name.text, type=STRING, span=expr.name.span)
    if isinstance(owner, Record):
        found = check.field(target, owner, expr)
        if is_unknown(found.type):
            return found
        declared = owner.fields[expr.name.text].type
        return check.apply("optional_field", target, key, type=Maybe(present(declared)), span=expr.span)
    return _looked_up(check, target, key, expr)


def indexed(check: Checker, target: Term, key: Term, expr: tree.Index) -> Term:
    """`target[?key]`, or `target[key]` of an optional value, which is optional too."""
    if isinstance(core(target.type), Maybe):
        return _within(check, target, expr.span, reads(key), lambda inner: check.index(inner, key, expr))
    return _looked_up(check, target, key, expr)


def _looked_up(check: Checker, target: Term, key: Term, expr: tree.Select | tree.Index) -> Term:
    function = check.lookup(target, key, expr)
    if not function:
        return check.wrong(expr.span)
    form = {"index_list": "optional_item", "index_map": "optional_entry"}.get(function, "optional_at")
    return check.apply(form, target, key, type=Maybe(held(target.type)), span=expr.span)


def _within(check: Checker, target: Term, span: Span, taken: frozenset[str], made: object) -> Term:
    """What is made of the value inside an optional one, itself optional."""
    name = "it"
    while name in taken:
        name += "_"
    body = made(Var(name, type=held(target.type), span=target.span))  # type: ignore[operator]
    return _mapped(target, name, body, span)


def _mapped(target: Term, name: str, body: Term, span: Span) -> Term:
    """The macro that gives an optional value whether or not the body does; null in it is none."""
    if is_unknown(body.type):
        return replace(body, span=span)
    flat = isinstance(core(body.type), Maybe)
    if not flat and may_be_null(body.type):
        flat, body = True, Apply("optional_value", (body,), type=Maybe(present(body.type)), fails=body.fails, span=span)
    type = body.type if flat else Maybe(widened(body.type))
    fails = target.fails or body.fails
    return Fold("optFlatMap" if flat else "optMap", name, target, body, type=type, fails=fails, span=span)


def method_of(check: Checker, expr: tree.Call, target: Expr) -> Term:
    """`hasValue`, `value`, `or` and `orValue` of an optional value or a `T?`."""
    name, owner = expr.name.text, check.term(target)
    found = as_optional(check, owner, target, f"`{name}`")
    count = int(name in ("or", "orValue"))
    if len(expr.args) != count:
        message = f"`{name}` takes {count} argument{'' if count == 1 else 's'}, not {len(expr.args)}"
        check.report.add(WRONG_ARGUMENTS, message, expr.span)
    if is_unknown(found.type) or len(expr.args) != count:
        for arg in expr.args:
            check.term(arg)
        return check.wrong(expr.span)
    if name == "hasValue" and may_be_null(owner.type):
        return check.apply("not_null", owner, span=expr.span)
    if name in ("hasValue", "value"):
        type = BOOL if name == "hasValue" else held(found.type)
        return check.apply(
            "optional_get" if name == "value" else "optional_has_value", found, type=type, span=expr.span
        )
    return _either(check, expr, owner, found)


def _either(check: Checker, expr: tree.Call, owner: Term, found: Term) -> Term:
    """`or` and `orValue`; of a variable or field that may be null, `orValue` is a conditional."""
    (written,), name, span = expr.args, expr.name.text, expr.span
    other = check.term(written, held(found.type) if name == "orValue" else None)
    if name == "or":
        other = as_optional(check, other, written, "`or`")
    if is_unknown(other.type):
        return check.wrong(span)
    type = merged(found.type, other.type if name == "or" else Maybe(_widened(other.type)))
    if type is None:
        message = f"`{name}` of `{found.type}` cannot take `{other.type}`"
        check.report.add(WRONG_ARGUMENTS, message, written.span, help="both are of one type")
        return check.wrong(span)
    if name == "or":
        return check.apply("optional_or", found, other, type=type, span=span)
    if found is owner or path(owner) is None:
        return check.apply("optional_or_value", found, other, type=held(type), span=span)
    there = check.apply("not_null", owner, span=owner.span)
    value = replace(owner, type=present(owner.type))
    return Cond(there, value, other, type=held(type), fails=owner.fails or other.fails, span=span)


def _widened(type: Type) -> Type:
    """A literal as its primitive type."""
    return type if may_be_null(type) else widened(type)


def map_of(check: Checker, expr: tree.Call, target: Expr) -> Term:
    """`optMap` and `optFlatMap` of an optional value or a `T?`."""
    found = as_optional(check, check.term(target), target, f"`{expr.name}`")
    variable, written = expr.args
    assert isinstance(variable, tree.Ident)
    inside = check.within({variable.name: held(found.type)})
    body = inside.term(written)
    if expr.name.text == "optFlatMap":
        body = as_optional(inside, body, written, "the expression of `optFlatMap`")
    if is_unknown(found.type) or is_unknown(body.type):
        return check.wrong(expr.span)
    type = body.type if expr.name.text == "optFlatMap" else Maybe(widened(body.type))
    fails = found.fails or body.fails
    return Fold(expr.name.text, variable.name, found, body, type=type, fails=fails, span=expr.span)


def item_of(check: Checker, expr: tree.OptionalItem) -> Term:
    """`?value` in a list or behind an optional key: its type is that of the value."""
    found = as_optional(check, check.term(expr.item), expr.item, "an item with `?`")
    return check.apply("optional_items", found, type=held(found.type), span=expr.span)
