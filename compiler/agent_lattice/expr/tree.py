"""The syntax tree of expressions, and its canonical text. Nodes compare by content; spans do not count."""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING

from agent_lattice_runtime.uint import Uint

from agent_lattice.diagnostics import Diagnostic, Report
from agent_lattice.layout import Chained, Doc, Listed, flat
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

    value: bool | int | float | str | bytes | None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Literal) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @property
    def _key(self) -> tuple[str, str]:
        return self.value.__class__.__name__, repr(self.value)


@record
class Ident(Expr):
    """`name`, or `.name`, which is no variable of a macro around it."""

    name: str
    outside: bool = False


@record
class Select(Expr):
    """`target.name`, or `target.?name`."""

    target: Expr
    name: Name
    optional: bool = False


@record
class Index(Expr):
    """`target[key]`, or `target[?key]`."""

    target: Expr
    key: Expr
    optional: bool = False


@record
class OptionalItem(Expr):
    """`?item` in a list, or `?key: item` in a map: an item only if there is one. Stands nowhere else."""

    item: Expr


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
    """The value of an entry whose key has a `?` is an OptionalItem."""

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
    return flat(_Shown(lambda literal: quoted(literal.value)).doc(expr))


def shown(expr: Expr) -> Doc:
    """As `show`, but literals stay as written, and it may be broken where it is too long."""
    return _Shown(_as_written).doc(expr)


def head(expr: Expr) -> Doc:
    """As `shown`, for an expression with a block behind it: a last type name must not look like a record literal."""
    doc = shown(expr)
    return ("(", doc, ")") if re.search(r"(?<![\w.])[A-Z]\w*\Z", flat(doc)) else doc


def _as_written(literal: Literal) -> str:
    """A literal in its own words, without the parentheses that its span may hold."""
    text = literal.span.text.strip("()- \t\n")
    return f"-{text}" if text and _is_negative(literal) else text or quoted(literal.value)


def _as_it_is(wrong: Wrong) -> str:
    """What means nothing in its own words, on one line unless spaces could be part of a string."""
    text = wrong.span.text or wrong.text
    return text if '"' in text or "'" in text else " ".join(text.split())


def _is_negative(literal: Literal) -> bool:
    return isinstance(literal.value, int | float) and math.copysign(1, literal.value) < 0


@record
class _Shown:
    """Expressions as text, with `literal` for the scalars."""

    literal: Callable[[Literal], str]

    def doc(self, expr: Expr) -> Doc:
        return self._bound(expr)[0]

    def within(self, expr: Expr, level: int) -> Doc:
        """An operand of an operator that takes what binds as tightly as `level`."""
        text, own = self._bound(expr)
        return text if own >= level else ("(", text, ")")

    def _bound(self, expr: Expr) -> tuple[Doc, int]:
        """The text and how tightly it binds."""
        match expr:
            case Literal():
                return self.literal(expr), _UNARY if _is_negative(expr) else _PRIMARY
            case Ident(name=name):
                return f".{name}" if expr.outside else name, _PRIMARY
            case Wrong():
                return _as_it_is(expr), _PRIMARY
            case Special():
                return expr.show(), _PRIMARY
            case OptionalItem(item=item):
                return ("?", self.doc(item)), _PRIMARY
            case ListLiteral() | MapLiteral() | RecordLiteral():
                return self._collection(expr), _PRIMARY
            case Select() | Index() | Call():
                return self._postfix(expr), _POSTFIX
            case _:
                return self._operator(expr)

    def _collection(self, expr: ListLiteral | MapLiteral | RecordLiteral) -> Doc:
        match expr:
            case ListLiteral(items=items):
                places = tuple(item.span for item in items)
                return Listed("[", tuple(map(self.doc, items)), "]", places=places, span=expr.span)
            case MapLiteral(entries=entries):
                given = tuple(map(self._entry, entries))
                places = tuple(key.span.to(value.span) for key, value in entries)
                return Listed("{", given, "}", places=places, span=expr.span)
            case RecordLiteral(name=name, fields=fields):
                values = tuple((f"{field}: ", self.doc(value)) for field, value in fields)
                places = tuple(field.span.to(value.span) for field, value in fields)
                within = name.span.after().to(expr.span)
                return (f"{name} ", Listed("{", values, "}", pad=" ", places=places, span=within))

    def _entry(self, entry: tuple[Expr, Expr]) -> Doc:
        key, value = entry
        if isinstance(value, OptionalItem):
            return ("?", self.within(key, _OR), ": ", self.doc(value.item))
        return (self.within(key, _OR), ": ", self.doc(value))

    def _postfix(self, expr: Select | Index | Call) -> Doc:
        match expr:
            case Select(target=target, name=name):
                member = name.text if name.text.isidentifier() and name.text.isascii() else f"`{name}`"
                return (self.within(target, _POSTFIX), f".?{member}" if expr.optional else f".{member}")
            case Index(target=target, key=key):
                return (self.within(target, _POSTFIX), "[?" if expr.optional else "[", self.doc(key), "]")
            case Call(target=target, name=name, args=args):
                places, within = tuple(arg.span for arg in args), name.span.after().to(expr.span)
                given = Listed("(", tuple(map(self.doc, args)), ")", comma=False, places=places, span=within)
                return (str(name), given) if target is None else (self.within(target, _POSTFIX), f".{name}", given)

    def _operator(self, expr: Expr) -> tuple[Doc, int]:
        match expr:
            case Unary(operator=operator, operand=operand):
                return (operator, self.within(operand, _UNARY)), _UNARY
            case Binary(operator=operator, left=left, right=right):
                return (self.within(left, _RELATION), f" {operator} ", self.within(right, _SUM)), _RELATION
            case Arithmetic(first=first, rest=rest):
                level = _SUM if rest[0][0] in ADDITIVE else _PRODUCT
                operands = tuple((operator, self.within(operand, level + 1)) for operator, operand in rest)
                return Chained(self.within(first, level + 1), operands), level
            case Logic(operator=operator, operands=operands):
                level = _AND if operator == "&&" else _OR
                start, *others = (self.within(operand, level + 1) for operand in operands)
                return Chained(start, tuple((operator, operand) for operand in others)), level
            case Conditional(condition=condition, then=then, otherwise=otherwise):
                ways = (("?", self.within(then, _OR)), (":", self.doc(otherwise)))
                return Chained(self.within(condition, _OR), ways), _CONDITIONAL
        raise TypeError(f"not an expression: {expr!r}")


_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def quoted(value: bool | int | float | str | bytes | None) -> str:
    """A scalar as CEL source."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case Uint():
            return f"{int(value)}u"
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
