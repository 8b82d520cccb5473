"""Checked expressions and templates, as data: a closed set of frozen nodes that know their types.

`data(term)` is the plain, position-free form that goes into a plan; `reads(term)` are the variables a term needs.
"""

from __future__ import annotations

import math
from typing import Any

from agent_lattice_runtime.uint import Uint

from agent_lattice.records import field, record
from agent_lattice.source import NOWHERE, Span
from agent_lattice.types import DYN, STRING, Type

Value = bool | int | float | str | bytes | None
"""A constant of the language."""


@record(kw_only=True)
class Term:
    """Any checked expression; the classes below are all there are. `fails`: evaluating it may raise a CEL error."""

    type: Type = DYN
    fails: bool = False
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@record(eq=False)
class Const(Term):
    """A value known now. `Const(1)`, `Const(1.0)` and `Const(True)` are three different terms."""

    value: Value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Const) and _constant(self.value) == _constant(other.value)

    def __hash__(self) -> int:
        return hash((self.value.__class__, repr(self.value)))


@record
class Var(Term):
    """A variable of the surrounding scope or of a macro."""

    name: str


@record
class FieldOf(Term):
    """A declared field of a record; never fails by itself."""

    record: Term
    name: str


@record
class Apply(Term):
    """An operator, index, conversion or function: `function` is the id of an overload in `expr/functions.py`."""

    function: str
    args: tuple[Term, ...]


@record
class Chain(Term):
    """Left-associative arithmetic of any length: `first`, then each (overload id, operand) in turn."""

    first: Term
    links: tuple[tuple[str, Term], ...]


@record
class Logic(Term):
    """`and`/`or` of two or more bools; an error in one operand is absorbed by another that decides."""

    operator: str
    operands: tuple[Term, ...]


@record
class Cond(Term):
    """`condition ? then : otherwise`."""

    condition: Term
    then: Term
    otherwise: Term


@record
class ListOf(Term):
    items: tuple[Term, ...]


@record
class MapOf(Term):
    """Pairs of a string term and a value term; equal keys at run time are an error."""

    entries: tuple[tuple[Term, Term], ...]


@record
class Make(Term):
    """A record with every declared field in declared order; what was left out is the constant null."""

    record: str
    fields: tuple[tuple[str, Term], ...]


@record
class Fold(Term):
    """A macro: `all exists exists_one map filter sortBy` over the items of a list or the keys of a map.

    With a `second` variable `all exists exists_one transformList transformMap transformMapEntry` over pairs: of place
    and item, or of key and value. `where` is the condition before the expression.
    """

    macro: str
    variable: str
    over: Term
    body: Term
    where: Term | None = None
    second: str | None = None

    @property
    def variables(self) -> tuple[str, ...]:
        """The one or two names that the expression and the condition see."""
        return (self.variable,) if self.second is None else (self.variable, self.second)


@record
class Text:
    """Fixed text of a template."""

    text: str


@record
class Hole:
    """`{{ term }}`: shown as text by its type."""

    term: Term


@record
class Each:
    """`{% for variable in over %}`."""

    variable: str
    over: Term
    body: tuple[TemplatePart, ...]


@record
class Choice:
    """`{% if %} … {% elif %} … {% else %}`: the first branch whose condition holds."""

    branches: tuple[tuple[Term, tuple[TemplatePart, ...]], ...]
    otherwise: tuple[TemplatePart, ...]


TemplatePart = Text | Hole | Each | Choice


@record
class Template:
    """A prompt or message; its value is a string."""

    parts: tuple[TemplatePart, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)

    @property
    def type(self) -> Type:
        return STRING


def parts(term: Term) -> tuple[Term, ...]:
    """The direct operands of a term, in source order."""
    match term:
        case FieldOf(record=record):
            return (record,)
        case Apply(args=args):
            return args
        case Chain(first=first, links=links):
            return (first, *(operand for _, operand in links))
        case Logic(operands=operands):
            return operands
        case Cond(condition=condition, then=then, otherwise=otherwise):
            return (condition, then, otherwise)
        case ListOf(items=items):
            return items
        case MapOf(entries=entries):
            return tuple(side for entry in entries for side in entry)
        case Make(fields=fields):
            return tuple(value for _, value in fields)
        case Fold(over=over, body=body, where=where):
            return (over, body) if where is None else (over, where, body)
    return ()


def reads(term: Term) -> frozenset[str]:
    """The free variables of a term."""
    if isinstance(term, Var):
        return frozenset((term.name,))
    if isinstance(term, Fold):
        inner = reads(term.body) | (reads(term.where) if term.where else frozenset())
        return reads(term.over) | inner.difference(term.variables)
    return frozenset().union(*map(reads, parts(term)))


def template_reads(template: Template | tuple[TemplatePart, ...]) -> frozenset[str]:
    """The free variables of a template."""
    found: frozenset[str] = frozenset()
    for part in template.parts if isinstance(template, Template) else template:
        match part:
            case Hole(term):
                found |= reads(term)
            case Each(variable, over, body):
                found |= reads(over) | (template_reads(body) - {variable})
            case Choice(branches, otherwise):
                found |= template_reads(otherwise).union(*(reads(e) | template_reads(body) for e, body in branches))
    return found


def template_terms(template: Template | tuple[TemplatePart, ...]) -> list[Term]:
    """The expressions of a template, in source order."""
    found: list[Term] = []
    for part in template.parts if isinstance(template, Template) else template:
        match part:
            case Hole(term):
                found.append(term)
            case Each(over=over, body=body):
                found += [over, *template_terms(body)]
            case Choice(branches, otherwise):
                for condition, body in branches:
                    found += [condition, *template_terms(body)]
                found += template_terms(otherwise)
    return found


def data(term: Term) -> dict[str, Any]:
    """Plain JSON data of a term: no positions, no types; int beyond ±(2^53-1) and non-finite floats are strings."""
    match term:
        case Const(value=value):
            return _constant(value)
        case Var(name=name):
            return {"var": name}
        case FieldOf(record=record, name=name):
            return {"field": name, "of": data(record)}
        case Apply(function=function, args=args):
            return {"apply": function, "to": [data(arg) for arg in args]}
        case Chain(first=first, links=links):
            return {"chain": [data(first), *({"apply": f, "to": data(operand)} for f, operand in links)]}
        case Logic(operator=operator, operands=operands):
            return {operator: [data(operand) for operand in operands]}
        case Cond(condition=condition, then=then, otherwise=otherwise):
            return {"if": data(condition), "then": data(then), "else": data(otherwise)}
        case ListOf(items=items):
            return {"list": [data(item) for item in items]}
        case MapOf(entries=entries):
            return {"map": [[data(key), data(value)] for key, value in entries]}
        case Make(record=name, fields=fields):
            return {"make": name, "fields": {name: data(value) for name, value in fields}}
        case Fold(macro=macro, variable=variable, over=over, body=body, where=where, second=second):
            folded = {"fold": macro, "var": variable, "over": data(over), "body": data(body)}
            folded |= {} if second is None else {"second": second}
            return folded if where is None else {**folded, "where": data(where)}
    raise TypeError(f"not a term: {term!r}")


def template_data(template: Template | tuple[TemplatePart, ...]) -> list[dict[str, Any]]:
    """Plain JSON data of a template."""
    found: list[dict[str, Any]] = []
    for part in template.parts if isinstance(template, Template) else template:
        match part:
            case Text(text):
                found.append({"text": text})
            case Hole(term):
                found.append({"show": data(term)})
            case Each(variable, over, body):
                found.append({"each": variable, "over": data(over), "body": template_data(body)})
            case Choice(branches, otherwise):
                cases = [{"if": data(condition), "body": template_data(body)} for condition, body in branches]
                found.append({"choice": cases, "else": template_data(otherwise)})
    return found


def _constant(value: Value) -> dict[str, Any]:
    match value:
        case None:
            return {"null": None}
        case bool():
            return {"bool": value}
        case Uint():
            return {"uint": int(value) if value < 2**53 else str(value)}
        case int():
            return {"int": value if abs(value) < 2**53 else str(value)}
        case str():
            return {"string": value}
        case bytes():
            return {"bytes": value.hex()}
    if math.isnan(value):
        return {"float": "NaN"}
    if math.isinf(value):
        return {"float": "Infinity" if value > 0 else "-Infinity"}
    return {"float": "-0" if value == 0 and math.copysign(1, value) < 0 else value}
