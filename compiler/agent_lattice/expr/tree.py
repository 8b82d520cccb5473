"""The syntax tree of expressions, and its canonical text. Nodes compare by content; spans do not count."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from agent_lattice.diagnostics import Diagnostic, Report
from agent_lattice.records import field, record
from agent_lattice.source import NOWHERE, Span
from agent_lattice.tree import Name

if TYPE_CHECKING:
    from agent_lattice.expr.check import Names
    from agent_lattice.terms import Term

MOST_DEPTH = 60
"""How deeply expressions may nest; neither parentheses alone nor the length of a chain such as `a + b + …` count."""


@record(kw_only=True)
class Expr:
    """Any expression. `depth` counts the levels below and including this node, as the parser made them."""

    span: Span = field(default=NOWHERE, compare=False, repr=False)
    depth: int = field(default=1, compare=False, repr=False)


@record(eq=False)
class Literal(Expr):
    """A scalar as written; `1`, `1.0` and `true` are different. An int may be 2^63 here: the checker refuses it."""

    value: bool | int | float | str | None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Literal) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @property
    def _key(self) -> tuple[str, str]:
        return self.value.__class__.__name__, repr(self.value)


@record
class Ident(Expr):
    name: str


@record
class Select(Expr):
    """`target.name`."""

    target: Expr
    name: Name


@record
class Index(Expr):
    """`target[key]`."""

    target: Expr
    key: Expr


@record
class Call(Expr):
    """`name(args)`, or `target.name(args)` when there is a target. Macros are calls too."""

    target: Expr | None
    name: Name
    args: tuple[Expr, ...]


@record
class ListLiteral(Expr):
    items: tuple[Expr, ...]


@record
class MapLiteral(Expr):
    entries: tuple[tuple[Expr, Expr], ...]


@record
class RecordLiteral(Expr):
    """`Name { field: value, … }`."""

    name: Name
    fields: tuple[tuple[Name, Expr], ...]


@record
class Unary(Expr):
    """`!` or `-`. A minus before a number literal is part of the literal."""

    operator: str
    operand: Expr


@record
class Binary(Expr):
    """A relation: `== != < <= > >= in`."""

    operator: str
    left: Expr
    right: Expr


@record
class Arithmetic(Expr):
    """One level of operators, of any length: `first`, then (`+` `-`, or `*` `/` `%`, with an operand) in turn."""

    first: Expr
    rest: tuple[tuple[str, Expr], ...]


@record
class Logic(Expr):
    """`&&` or `||` of two or more operands."""

    operator: str
    operands: tuple[Expr, ...]


@record
class Conditional(Expr):
    condition: Expr
    then: Expr
    otherwise: Expr


@record
class Wrong(Expr):
    """Something that reads like an expression but means nothing; checking it reports `finding`."""

    text: str
    finding: Diagnostic = field(compare=False, repr=False)


@record
class Special(Expr, ABC):
    """A form that a statement or declaration adds to the grammar (by `%extend primary`); it checks itself."""

    @abstractmethod
    def term(self, scope: Names, report: Report) -> Term:
        """The checked form."""

    @abstractmethod
    def show(self) -> str:
        """Canonical text that stands anywhere without parentheses."""


ADDITIVE = frozenset("+-")


def arithmetic(first: Expr, *rest: tuple[str, Expr], span: Span = NOWHERE, depth: int = 1) -> Arithmetic:
    """`first` and what follows, joined with an unparenthesised chain of the same level in `first`."""
    if isinstance(first, Arithmetic) and (first.rest[0][0] in ADDITIVE) == (rest[0][0] in ADDITIVE):
        return Arithmetic(first.first, first.rest + rest, span=span, depth=max(depth, first.depth))
    return Arithmetic(first, rest, span=span, depth=depth)


def logic(operator: str, *operands: Expr, span: Span = NOWHERE, depth: int = 1) -> Logic:
    """Two or more operands, joined with a chain of the same operator in the first."""
    first = operands[0]
    if isinstance(first, Logic) and first.operator == operator:
        return Logic(operator, first.operands + operands[1:], span=span, depth=max(depth, first.depth))
    return Logic(operator, operands, span=span, depth=depth)


_CONDITIONAL, _OR, _AND, _RELATION, _SUM, _PRODUCT, _UNARY, _POSTFIX, _PRIMARY = range(9)


def show(expr: Expr) -> str:
    """Canonical text with no more parentheses than needed; it reads back as an equal tree."""
    return _show(expr)[0]


def _within(expr: Expr, level: int) -> str:
    text, own = _show(expr)
    return text if own >= level else f"({text})"


def _show(expr: Expr) -> tuple[str, int]:
    """The text and how tightly it binds."""
    match expr:
        case Literal(value=value):
            negative = isinstance(value, int | float) and math.copysign(1, value) < 0
            return quoted(value), _UNARY if negative else _PRIMARY
        case Ident(name=name):
            return name, _PRIMARY
        case Wrong(text=text):
            return text, _PRIMARY
        case Special():
            return expr.show(), _PRIMARY
        case ListLiteral() | MapLiteral() | RecordLiteral():
            return _show_literal(expr), _PRIMARY
        case Select() | Index() | Call():
            return _show_postfix(expr), _POSTFIX
        case _:
            return _show_operator(expr)


def _show_literal(expr: ListLiteral | MapLiteral | RecordLiteral) -> str:
    match expr:
        case ListLiteral(items=items):
            return f"[{', '.join(map(show, items))}]"
        case MapLiteral(entries=entries):
            return "{" + ", ".join(f"{_within(key, _OR)}: {show(value)}" for key, value in entries) + "}"
        case RecordLiteral(name=name, fields=fields):
            inner = ", ".join(f"{field}: {show(value)}" for field, value in fields)
            return f"{name} {{ {inner} }}" if inner else f"{name} {{}}"


def _show_postfix(expr: Select | Index | Call) -> str:
    match expr:
        case Select(target=target, name=name):
            return f"{_within(target, _POSTFIX)}.{name}"
        case Index(target=target, key=key):
            return f"{_within(target, _POSTFIX)}[{show(key)}]"
        case Call(target=target, name=name, args=args):
            head = "" if target is None else f"{_within(target, _POSTFIX)}."
            return f"{head}{name}({', '.join(map(show, args))})"


def _show_operator(expr: Expr) -> tuple[str, int]:
    match expr:
        case Unary(operator=operator, operand=operand):
            return operator + _within(operand, _UNARY), _UNARY
        case Binary(operator=operator, left=left, right=right):
            return f"{_within(left, _RELATION)} {operator} {_within(right, _SUM)}", _RELATION
        case Arithmetic(first=first, rest=rest):
            level = _SUM if rest[0][0] in ADDITIVE else _PRODUCT
            return " ".join([_within(first, level + 1), *(f"{o} {_within(e, level + 1)}" for o, e in rest)]), level
        case Logic(operator=operator, operands=operands):
            level = _AND if operator == "&&" else _OR
            return f" {operator} ".join(_within(operand, level + 1) for operand in operands), level
        case Conditional(condition=condition, then=then, otherwise=otherwise):
            return f"{_within(condition, _OR)} ? {_within(then, _OR)} : {show(otherwise)}", _CONDITIONAL
    raise TypeError(f"not an expression: {expr!r}")


_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def quoted(value: bool | int | float | str | None) -> str:
    """A scalar as CEL source."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return '"' + "".join(_ESCAPES.get(char) or _visible(char) for char in value) + '"'
        case float() if math.isinf(value) or math.isnan(value):
            return f'double("{"NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"}")'
        case _:
            return repr(value)


def _visible(char: str) -> str:
    if char.isprintable():
        return char
    return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"
