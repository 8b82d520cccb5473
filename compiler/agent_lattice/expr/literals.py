"""Literals: scalars, lists, maps and records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_lattice_runtime.uint import Uint

from agent_lattice import types
from agent_lattice.diagnostics import Code, Edit, Fix, Label, did_you_mean
from agent_lattice.expr import tree
from agent_lattice.expr.fits import core, is_unknown, merged_all
from agent_lattice.expr.syntax import INT_RANGE, WRONG_NUMBER
from agent_lattice.expr.tree import Expr, show
from agent_lattice.source import Span
from agent_lattice.terms import Const, ListOf, Make, MapOf, Term
from agent_lattice.tree import Name
from agent_lattice.types import (
    ANY,
    BOOL,
    BYTES,
    DYN,
    FLOAT,
    INT,
    NULL,
    STRING,
    UINT,
    UNKNOWN,
    AnyValue,
    Dyn,
    Field,
    Float,
    ListType,
    Literal,
    MapType,
    Optional,
    Record,
    Type,
    Union,
    assignable,
    base,
    optional,
    widened,
)

if TYPE_CHECKING:
    from agent_lattice.expr.check import Checker

WRONG_ITEM = Code("LAT2111", "wrong-item-type")
MISSING_FIELD = Code("LAT2112", "missing-field")
EXTRA_FIELD = Code("LAT2113", "no-such-field")
REPEATED_KEY = Code("LAT2114", "repeated-key")
UNKNOWN_RECORD = Code("LAT2115", "unknown-record")
WRONG_KEY = Code("LAT2116", "wrong-key-type")

KEYS = (STRING, INT, UINT, BOOL)
KEY_TYPES = "the keys of a map are strings, ints, uints or bools"


def _inner(expected: Type | None) -> Type | None:
    """The expected type without `?` and refinements."""
    if expected is None:
        return None
    plain = base(expected)
    return base(plain.inner) if isinstance(plain, Optional) else plain


def _member(expected: Type | None, sort: type[Type]) -> Type | None:
    """The expected type, or the member of that sort of an expected union; of an `any` one that holds `any`."""
    inner = _inner(expected)
    if isinstance(inner, AnyValue):
        return ListType(ANY) if sort is ListType else MapType(ANY)
    if isinstance(inner, Union):
        return next((base(member) for member in inner.members if isinstance(base(member), sort)), inner)
    return inner


def scalar(check: Checker, expr: tree.Literal, expected: Type | None) -> Term:
    """A constant; its type is the literal's own, so that it fits unions that list it."""
    value, span = expr.value, expr.span
    if value is None:
        return Const(None, type=NULL, span=span)
    if isinstance(value, float | bytes):
        return Const(value, type=FLOAT if isinstance(value, float) else BYTES, span=span)
    if isinstance(value, Uint):
        return Const(value, type=UINT, span=span)
    if isinstance(value, int) and not isinstance(value, bool):
        if value >= 0 and isinstance(_inner(expected), types.Uint):
            return Const(Uint(value), type=UINT, span=span)
        if value >= 2**63:
            check.report.add(WRONG_NUMBER, "this number does not fit an int", span, help=INT_RANGE)
            return check.wrong(span)
        if _wants_float(_inner(expected)):
            return Const(float(value), type=FLOAT, span=span)
    return Const(value, type=Literal((value,)), span=span)


def _wants_float(expected: Type | None) -> bool:
    """Whether an int is meant as a float: no union has both."""
    return isinstance(expected, Float) or (isinstance(expected, Union) and FLOAT in map(base, expected.members))


def list_of(check: Checker, expr: tree.ListLiteral, expected: Type | None) -> Term:
    """A list; without an expected type its items are those of their primitive types, or `dyn` when they differ."""
    wanted = _member(expected, ListType)
    item = wanted.item if isinstance(wanted, ListType) else None
    items = tuple(_item(check, part, item, "an item") for part in expr.items)
    type = ListType(_common([term.type for term in items], item))
    return ListOf(items, type=type, fails=any(term.fails for term in items), span=expr.span)


def _item(check: Checker, expr: Expr, expected: Type | None, what: str) -> Term:
    term = check.term(expr, expected)
    if expected is None:
        return term
    return fitting(check, term, expected, f"{what} is `{expected}`")


def fitting(check: Checker, term: Term, expected: Type, requirement: str) -> Term:
    """The term, reported when its type does not fit; `requirement` says what is expected of what."""
    if assignable(term.type, expected):
        return check.proved(term, expected)
    help = "it may be null: test it with `!= null` first" if _only_null_differs(term.type, expected) else ""
    check.report.add(WRONG_ITEM, f"{requirement}, this is `{term.type}`", term.span, help=help)
    return check.wrong(term.span)


def _only_null_differs(found: Type, expected: Type) -> bool:
    plain = base(found)
    return isinstance(plain, Optional) and assignable(plain.inner, expected)


def _common(types: list[Type], expected: Type | None) -> Type:
    if any(is_unknown(type) for type in types):
        return UNKNOWN
    if not types:
        return UNKNOWN if expected is None else expected
    found = merged_all(types)
    if found is None:
        return DYN if expected is None else expected
    return found if expected is not None else _wide(found)


def _wide(type: Type) -> Type:
    """Literal types become their primitive, also behind `?`."""
    plain = base(type)
    return optional(widened(plain.inner)) if isinstance(plain, Optional) else widened(type)


def map_of(check: Checker, expr: tree.MapLiteral, expected: Type | None) -> Term:
    """A map; without an expected type its keys and values are as the items of a list."""
    wanted = _member(expected, MapType)
    value, by = (wanted.value, wanted.key) if isinstance(wanted, MapType) else (None, None)
    keys: dict[object, Span] = {}
    entries = tuple(
        (
            _key(check, key, by, {} if isinstance(part, tree.OptionalItem) else keys),
            _item(check, part, value, "a value"),
        )
        for key, part in expr.entries
    )
    of = by if by is not None else _common([term.type for term, _ in entries], None)
    type = MapType(_common([term.type for _, term in entries], value), of)
    fails = any(not isinstance(key, Const) or term.fails for key, term in entries)
    return MapOf(entries, type=type, fails=fails, span=expr.span)


def _key(check: Checker, expr: Expr, expected: Type | None, seen: dict[object, Span]) -> Term:
    term = check.value(expr, expected)
    if isinstance(term.type, Dyn):
        return term if expected is None else check.proved(term, expected)
    if is_unknown(term.type):
        return term
    if core(term.type) not in KEYS or (expected is not None and not assignable(term.type, expected)):
        wanted = KEY_TYPES if expected is None else f"the keys of this map are `{expected}`"
        check.report.add(WRONG_KEY, f"{wanted}, this is `{term.type}`", expr.span)
        return check.wrong(expr.span)
    if isinstance(term, Const):
        tagged = (isinstance(term.value, bool), term.value)
        if tagged in seen:
            related = (Label(seen[tagged], "first here"),)
            check.report.add(REPEATED_KEY, f"the key {show(expr)} stands twice", expr.span, related=related)
            return check.wrong(expr.span)
        seen[tagged] = expr.span
    return term


def record(check: Checker, expr: tree.RecordLiteral) -> Term:
    """A record with all its fields; optional ones may be left out."""
    found = check.scope.record(expr.name.text)
    if found is None:
        for _, value in expr.fields:
            check.term(value)
        _report_unknown_record(check, expr.name)
        return check.wrong(expr.span)
    given: dict[str, Term] = {}
    first: dict[str, Span] = {}
    for name, value in expr.fields:
        field = found.fields.get(name.text)
        term = check.term(value, field.type if field else None)
        if field is None:
            _report_extra(check, found, name, {given.text for given, _ in expr.fields})
        elif name.text in given:
            related = (Label(first[name.text], "first here"),)
            check.report.add(REPEATED_KEY, f"the field `{name}` stands twice", name.span, related=related)
        else:
            first[name.text] = name.span
            given[name.text] = fitting(check, term, field.type, f"the field `{name}` of `{found}` is `{field.type}`")
    _report_missing(check, expr, found, given)
    none = Const(None, type=NULL, span=expr.span)
    fields = tuple((name, given.get(name, none)) for name in found.fields)
    return Make(found.name, fields, type=found, fails=any(term.fails for _, term in fields), span=expr.span)


def _report_unknown_record(check: Checker, name: Name) -> None:
    if check.scope.is_poisoned(name.text):
        return
    types = [known for known in check.scope.known() if known[:1].isupper()]
    help, fix = did_you_mean(name.text, types, name.span)
    check.report.add(UNKNOWN_RECORD, f"there is no record type `{name}`", name.span, help=help, fix=fix)


def _report_extra(check: Checker, record: Record, name: Name, given: set[str]) -> None:
    help, fix = did_you_mean(name.text, [field for field in record.fields if field not in given], name.span)
    listed = ", ".join(f"`{field}`" for field in record.fields)
    message = f"`{record}` has no field `{name}`"
    notes = (f"its fields: {listed}",) if listed else ()
    check.report.add(EXTRA_FIELD, message, name.span, help=help, fix=fix, notes=notes)


def _report_missing(check: Checker, expr: tree.RecordLiteral, record: Record, given: dict[str, Term]) -> None:
    missing = [f for f in record.fields.values() if f.name not in given and not isinstance(base(f.type), Optional)]
    missing = [f for f in missing if f.name not in {name.text for name, _ in expr.fields}]
    if not missing:
        return
    listed = ", ".join(f"`{field.name}: {field.type}`" for field in missing)
    plural = "s" if len(missing) > 1 else ""
    message = f"`{record}` needs the field{plural} {listed}"
    check.report.add(MISSING_FIELD, message, expr.name.span, fix=_fill(expr, missing))


def _fill(expr: tree.RecordLiteral, missing: list[Field]) -> Fix | None:
    """Add the missing fields with a value to start from, when each type has an obvious one."""
    values = [_example(field.type) for field in missing]
    if not all(values):
        return None
    text = ", ".join(f"{field.name}: {value}" for field, value in zip(missing, values, strict=True))
    if expr.fields:
        return Fix("add what is missing", (Edit(expr.fields[-1][1].span.after(), f", {text}"),), safe=False)
    return Fix("add what is missing", (Edit(expr.span, f"{expr.name} {{ {text} }}"),), safe=False)


def _example(type: Type) -> str:
    plain = base(type)
    if isinstance(plain, Literal):
        return tree.quoted(plain.values[0])
    return {"string": '""', "int": "0", "float": "0.0", "bool": "false"}.get(str(plain), "")
