"""Types as written, and what they mean."""

from __future__ import annotations

import re
from typing import Any

from agent_lattice.diagnostics import Code, Report, did_you_mean, replace
from agent_lattice.layout import Chained, Doc, joined
from agent_lattice.program import CYCLE, Module
from agent_lattice.records import field, record
from agent_lattice.records import replace as with_changes
from agent_lattice.source import NOWHERE, Span
from agent_lattice.tree import Name, Parts, Reader, written
from agent_lattice.types import (
    FLOAT,
    INT,
    KEEP,
    LABELS,
    UNKNOWN,
    AnyValue,
    Bool,
    Bytes,
    Float,
    Int,
    ListType,
    Literal,
    MapType,
    Optional,
    Primitives,
    Record,
    Refined,
    Refinement,
    String,
    Type,
    Uint,
    Union,
    Unknown,
    base,
    join,
    optional,
)
from agent_lattice.unions import confusion, flattened

UNKNOWN_TYPE = Code("LAT2301", "unknown-type")
WRONG_TYPE_ARGUMENTS = Code("LAT2302", "wrong-type-arguments")
WRONG_UNION = Code("LAT2303", "wrong-union")
WRONG_REFINEMENT = Code("LAT2304", "wrong-refinement")
CONFUSED_UNION = Code("LAT2006", "ambiguous-union")

_REFINEMENTS = ("max", "min", "range", "pattern", *LABELS)

SYNTAX = r"""
type: type_choice refinement*
?type_choice: type_item | type_item ("|" type_item)+ -> type_union
?type_item: type_atom | type_atom "?" -> type_optional
?type_atom: type_name | type_literal | "(" type ")" -> type_group
type_name: (NAME | TYPE_NAME) ("<" type ("," type)* ">")?
type_literal: STRING | "-"? INT | "true" | "false"
refinement: "@" NAME ("(" refinement_value ("," refinement_value)* ")")?
refinement_value: STRING | "-"? INT | "-"? FLOAT
"""


@record
class NamedType:
    """`Order`, `list<Order>`."""

    name: Name
    arguments: tuple[Annotation, ...]
    span: Span = field(default=NOWHERE, compare=False)

    @property
    def shown(self) -> Doc:
        if not self.arguments:
            return str(self.name)
        return (f"{self.name}<", *joined((argument.shown for argument in self.arguments), ", "), ">")


@record
class LiteralType:
    """`"yes"`, `3`, `true`."""

    value: str | int | bool
    span: Span = field(default=NOWHERE, compare=False)

    @property
    def shown(self) -> Doc:
        return written(self.span, str(Literal((self.value,))))


@record
class UnionType:
    """`a | b | c`."""

    items: tuple[Annotation, ...]
    span: Span = field(default=NOWHERE, compare=False)

    @property
    def shown(self) -> Doc:
        first, *others = (_grouped(item, UnionType, RefinedType) for item in self.items)
        return Chained(first, tuple(("|", item) for item in others))


@record
class OptionalType:
    """`T?`."""

    inner: Annotation
    span: Span = field(default=NOWHERE, compare=False)

    @property
    def shown(self) -> Doc:
        return (_grouped(self.inner, UnionType, RefinedType, OptionalType), "?")


@record
class RefinementNode:
    """`@max(400)` as written."""

    name: Name
    values: tuple[int | float | str, ...]
    raw: tuple[str, ...] = field(default=(), compare=False)
    span: Span = field(default=NOWHERE, compare=False)

    @property
    def shown(self) -> Doc:
        return f"@{self.name}({', '.join(self.raw)})" if self.raw else str(Refinement(self.name.text, self.values))


@record
class RefinedType:
    """`string @max(400)`."""

    inner: Annotation
    refinements: tuple[RefinementNode, ...]
    span: Span = field(default=NOWHERE, compare=False)

    @property
    def shown(self) -> Doc:
        return joined((_grouped(self.inner, RefinedType), *(refinement.shown for refinement in self.refinements)), " ")


Annotation = NamedType | LiteralType | UnionType | OptionalType | RefinedType
_ANNOTATIONS = (NamedType, LiteralType, UnionType, OptionalType, RefinedType)


def _grouped(type: Annotation, *loose: Any) -> Doc:
    """The type, in parentheses when it is of a class that needs them at its place."""
    return ("(", type.shown, ")") if isinstance(type, loose) else type.shown


def annotation(parts: Parts) -> Annotation:
    """The type among the parts of a rule."""
    found = next(child for child in parts if isinstance(child, _ANNOTATIONS))
    assert isinstance(found, _ANNOTATIONS)
    return found


def maybe_annotation(parts: Parts) -> Annotation | None:
    return next((child for child in parts if isinstance(child, _ANNOTATIONS)), None)


def _annotations(parts: Parts) -> tuple[Annotation, ...]:
    return tuple(child for child in parts if isinstance(child, _ANNOTATIONS))


def _read_type(parts: Parts) -> Annotation:
    inner, refinements = annotation(parts), parts.all(RefinementNode)
    return RefinedType(inner, tuple(refinements), parts.span) if refinements else inner


def _scalar(parts: Parts) -> Any:
    if token := parts.token("STRING"):
        return unquote(str(token))
    sign = -1 if parts.has("-") else 1
    if token := parts.token("INT"):
        return sign * int(str(token).replace("_", ""))
    if token := parts.token("FLOAT"):
        return sign * float(str(token))
    return parts.has("true")


def _values(parts: Parts) -> tuple[tuple[int | float | str, ...], tuple[str, ...]]:
    """What stands in a refinement, and how it is written."""
    given = parts.all(tuple)
    return tuple(value for value, _ in given), tuple(raw for _, raw in given)


READERS: dict[str, Reader] = {
    "type": _read_type,
    "type_union": lambda parts: UnionType(_annotations(parts), parts.span),
    "type_optional": lambda parts: OptionalType(annotation(parts), parts.span),
    "type_group": lambda parts: with_changes(annotation(parts), span=parts.span),
    "type_name": lambda parts: NamedType(parts.name("NAME", "TYPE_NAME"), _annotations(parts), parts.span),
    "type_literal": lambda parts: LiteralType(_scalar(parts), parts.span),
    "refinement": lambda parts: RefinementNode(parts.name(), *_values(parts), span=parts.span),
    "refinement_value": lambda parts: (_scalar(parts), written(parts.span, "")),
}


def unquote(raw: str) -> str:
    """The text of a STRING token."""
    from agent_lattice.expr.strings import unescape

    return unescape(raw)


def resolve(node: Annotation, module: Module, report: Report) -> Type:
    """The type that an annotation means; wrong parts are reported and become UNKNOWN."""
    match node:
        case NamedType():
            return _named(node, module, report)
        case LiteralType():
            return Literal((node.value,))
        case UnionType():
            return union_type(node, module, report)
        case OptionalType():
            return optional(resolve(node.inner, module, report))
        case RefinedType():
            return _refined(node, module, report)


def _named(node: NamedType, module: Module, report: Report) -> Type:
    word, arguments = node.name.text, [resolve(argument, module, report) for argument in node.arguments]
    if word in ("list", "map"):
        return _generic(word, node, arguments, report)
    if arguments:
        report.add(
            WRONG_TYPE_ARGUMENTS, f"`{word}` takes no type arguments", node.span, help="only `list` and `map` do"
        )
    if word in Primitives.by_word:
        return Primitives.by_word[word]
    if word[0].isupper():
        return _declared(node, module, report)
    return _unknown(node, module, report)


def _generic(word: str, node: NamedType, arguments: list[Type], report: Report) -> Type:
    if word == "list" and len(arguments) == 1:
        return ListType(arguments[0])
    if word == "map" and len(arguments) == 2:
        if not isinstance(arguments[0], String | Int | Uint | Bool | Unknown):
            report.add(
                WRONG_TYPE_ARGUMENTS,
                "the keys of a map are `string`, `int`, `uint` or `bool`",
                node.arguments[0].span,
                help="write `map<string, …>`",
            )
            return MapType(arguments[1], UNKNOWN)
        return MapType(arguments[1], arguments[0])
    form = "list<T>" if word == "list" else "map<string, T>"
    report.add(WRONG_TYPE_ARGUMENTS, f"`{word}` needs its type arguments", node.span, help=f"write `{form}`")
    return UNKNOWN


def _declared(node: NamedType, module: Module, report: Report) -> Type:
    symbol = module.symbols.get(node.name.text)
    if symbol is None and node.name.text not in module.poisoned:
        return _unknown(node, module, report)
    return UNKNOWN if symbol is None else module.type_named(node.name, report)


def _unknown(node: NamedType, module: Module, report: Report) -> Type:
    aliases = {
        "str": "string",
        "integer": "int",
        "number": "float",
        "double": "float",
        "boolean": "bool",
        "unsigned": "uint",
        "blob": "bytes",
        "binary": "bytes",
        "datetime": "timestamp",
        "timedelta": "duration",
        "none": "null",
        "nil": "null",
    }
    declared = [symbol.name for symbol in module.symbols.values() if symbol.sort == "type"]
    word, span = node.name.text, node.name.span
    if word.lower() in aliases:
        meant = aliases[word.lower()]
        help, fix = f"the type is called `{meant}`", replace(f"change to `{meant}`", span, meant)
    else:
        words = [known for known in (*Primitives.by_word, "list", "map") if word[0].islower() or known == word.lower()]
        found, fix_ = did_you_mean(word, [*words, *declared], span)
        help, fix = found or "declare it with `type`", fix_  # type: ignore[assignment]
    report.add(UNKNOWN_TYPE, f"unknown type `{word}`", span, help=help, fix=fix)
    return UNKNOWN


def union_type(node: UnionType, module: Module, report: Report, named: Union | None = None) -> Type:
    """The type of a union; `named` is the one that its declaration has promised to those it mentions, to be filled here."""
    types = [_member(item, module, report) for item in node.items]
    _report_repeated(node, types, report)
    members, nullable = flattened(types)
    if any(isinstance(member, Unknown) for member in members) or not members:
        if named:
            named.members.append(UNKNOWN)
        return UNKNOWN
    union = named or Union([])
    union.members.extend(members)
    if len(members) > 1:
        module.unions.append((union, node.span))
    inner = union if len(members) > 1 else members[0]
    return optional(inner) if nullable else inner


def is_union(node: Annotation) -> bool:
    """Whether an annotation means a union, by its look: of several types that are neither null nor literals."""
    return isinstance(node, UnionType) and any(
        not isinstance(item, LiteralType) and str(getattr(item, "name", "")) != "null" for item in node.items
    )


def is_nullable(node: Annotation, module: Module, seen: frozenset[str] = frozenset()) -> bool:
    """Whether null is a value of what an annotation means; only by its look, as what it names may not be known yet."""
    match node:
        case OptionalType():
            return True
        case UnionType(items=items):
            return any(is_nullable(item, module, seen) for item in items)
        case NamedType(name=name):
            symbol = module.symbols.get(name.text)
            alias = getattr(symbol.declaration, "alias", None) if symbol and name.text not in seen else None
            if symbol is None or alias is None:
                return name.text == "null"
            return is_nullable(alias, symbol.module, seen | {name.text})
    return False


def _member(item: Annotation, module: Module, report: Report) -> Type:
    """The type of a member of a union; UNKNOWN when it is reported as wrong."""
    type = resolve(item, module, report)
    inner = type.inner if isinstance(type, Optional) else type
    if isinstance(inner, Union) and not inner.members:
        help = "write its members here, or put it into a list, a map or a record"
        report.add(CYCLE, f"`{inner}` is a member of itself", item.span, help=help)
        return UNKNOWN
    if isinstance(inner, AnyValue):
        report.add(WRONG_UNION, "`any` already holds every value", item.span, help="write `any` alone")
        return UNKNOWN
    return type


def _report_repeated(node: UnionType, types: list[Type], report: Report) -> None:
    """Members that stand twice: they change nothing, so one of them was meant to be another."""
    seen: set[Type] = set()
    for item, type in zip(node.items, types, strict=True):
        parts = [Literal((value,)) for value in type.values] if isinstance(type, Literal) else [type]
        for part in parts:
            if part in seen and not isinstance(part, Unknown):
                report.add(WRONG_UNION, f"`{part}` stands twice in the union", item.span)
            seen.add(part)


def report_confusions(module: Module, report: Report) -> None:
    """Report the unions whose members cannot be told apart; of records only now, when all their fields are known."""
    for union, span in module.unions:
        found = confusion(union.members)
        if found is None or any(isinstance(member, Unknown) for member in union.members):
            continue
        left, right, form = found
        if isinstance(left, Record) and isinstance(right, Record):
            message = f"nothing tells `{left}` and `{right}` apart"
            help = f'give both a field with a value of its own: `kind: "{snake(left.name)}"` and `kind: "{snake(right.name)}"`'
        else:
            message = f"`{left}` and `{right}` cannot both be in a union: {form} could be either"
            help = _merged_advice(left, right)
        report.add(CONFUSED_UNION, message, span, help=help)
    module.unions.clear()


def _merged_advice(left: Type, right: Type) -> str:
    if isinstance(left, ListType) and isinstance(right, ListType):
        return (
            f"an empty list has no type of its own: write `list<{left.item} | {right.item}>`, or put them into records"
        )
    joined = join(left, right)
    if {base(left), base(right)} == {INT, FLOAT}:
        return "write `float`: it holds whole numbers too"
    return f"write `{joined}`" if joined is not None else "put each into a record with a field that says which it is"


def snake(name: str) -> str:
    """`bank_transfer` for `BankTransfer`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _refined(node: RefinedType, module: Module, report: Report) -> Type:
    inner = resolve(node.inner, module, report)
    if isinstance(inner, Unknown):
        return inner
    target = inner.inner if isinstance(inner, Optional) else inner
    kept = [r for r in node.refinements if _fits(r, base(target), report)]
    refinements = tuple(Refinement(r.name.text, r.values) for r in kept)
    if isinstance(target, Refined):
        refinements = target.refinements + refinements
        target = target.base
    refined = Refined(target, refinements) if refinements else target
    return optional(refined) if isinstance(inner, Optional) else refined


def _fits(node: RefinementNode, target: Type, report: Report) -> bool:
    problem = _problem(node, target)
    if problem == "unknown":
        help, fix = did_you_mean(node.name.text, _REFINEMENTS, node.name.span)
        report.add(
            WRONG_REFINEMENT,
            f"unknown refinement `@{node.name}`",
            node.name.span,
            help=help or f"there are {' '.join(f'@{name}' for name in _REFINEMENTS)}",
            fix=fix,
        )
    elif problem:
        report.add(WRONG_REFINEMENT, problem, node.span)
    return not problem


def _problem(node: RefinementNode, target: Type) -> str:
    """What is wrong with a refinement of a type; empty when nothing is."""
    name, values = node.name.text, node.values
    numeric = isinstance(target, Int | Uint | Float)
    sized = isinstance(target, String | Bytes | ListType | MapType)
    if name not in _REFINEMENTS:
        return "unknown"
    if name in LABELS:
        return _label_problem(node, target)
    if name == "pattern":
        return _pattern_problem(values, target)
    if not numeric and not (sized and name != "range"):
        return f"`@{name}` does not apply to `{target}`"
    if len(values) != (2 if name == "range" else 1) or any(isinstance(value, str) for value in values):
        return f"`@{name}` takes {'two numbers' if name == 'range' else 'one number'}"
    if not isinstance(target, Float) and any(isinstance(value, float) for value in values):
        return f"`@{name}` of `{target}` takes whole numbers"
    if sized and int(values[0]) < 0:
        return "a length is never negative"
    if name == "range" and float(values[0]) > float(values[1]):
        return "the range is empty: its lower end is above its upper end"
    return ""


def _label_problem(node: RefinementNode, target: Type) -> str:
    if not isinstance(target, String):
        return f"`@{node.name}` labels a `string`, not `{target}`: what is hidden is replaced by a text"
    if node.values and not (node.name.text == "pii" and node.values == (KEEP,)):
        return '`@pii` takes nothing or "keep"' if node.name.text == "pii" else "`@secret` takes nothing"
    return ""


def _pattern_problem(values: tuple[int | float | str, ...], target: Type) -> str:
    if not isinstance(target, String):
        return f"`@pattern` does not apply to `{target}`"
    if len(values) != 1 or not isinstance(values[0], str):
        return "`@pattern` takes one regular expression"
    try:
        re.compile(values[0])
    except (re.error, OverflowError, RecursionError) as error:
        return f"not a regular expression: {error}"
    return ""
