"""Types of values, as data. `str(type)` is Lattice syntax."""

from __future__ import annotations

from typing import ClassVar

from agent_lattice.records import field, record
from agent_lattice.source import NOWHERE, Span


@record
class Type:
    """Any type; the classes below are all there are."""


@record
class Unknown(Type):
    """The type of what was already reported as wrong: fits everything, is never reported again."""

    def __str__(self) -> str:
        return "?"


@record
class Dyn(Type):
    """A value whose type is only known at run time (bindings of `lattice eval`, mixed list literals)."""

    def __str__(self) -> str:
        return "dyn"


@record
class Null(Type):
    def __str__(self) -> str:
        return "null"


@record
class Bool(Type):
    def __str__(self) -> str:
        return "bool"


@record
class Int(Type):
    """64-bit signed."""

    def __str__(self) -> str:
        return "int"


@record
class Uint(Type):
    """64-bit unsigned."""

    def __str__(self) -> str:
        return "uint"


@record
class Float(Type):
    """IEEE 754 double."""

    def __str__(self) -> str:
        return "float"


@record
class String(Type):
    def __str__(self) -> str:
        return "string"


@record
class Bytes(Type):
    """Base64 in JSON."""

    def __str__(self) -> str:
        return "bytes"


@record
class Timestamp(Type):
    """A moment in whole nanoseconds; RFC 3339 in JSON."""

    def __str__(self) -> str:
        return "timestamp"


@record
class Duration(Type):
    """A span in whole nanoseconds; seconds such as `3.5s` in JSON."""

    def __str__(self) -> str:
        return "duration"


@record
class TypeOf(Type):
    """A type as a value, of expressions only."""

    def __str__(self) -> str:
        return "type"


@record
class AnyValue(Type):
    """Any JSON value: nothing can be read from it until it is narrowed to another type."""

    def __str__(self) -> str:
        return "any"


@record(eq=False)
class Literal(Type):
    """A closed choice of strings, integers or booleans, in the order written, each once. `1` and `true` are two."""

    values: tuple[str | int | bool, ...]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Literal) and [*map(_tagged, self.values)] == [*map(_tagged, other.values)]

    def __hash__(self) -> int:
        return hash(self.values)

    def __str__(self) -> str:
        return " | ".join(_literal(value) for value in self.values)


@record
class ListType(Type):
    item: Type

    def __str__(self) -> str:
        return f"list<{self.item}>"


@record
class MapType(Type):
    """Keys are strings, ints, uints or bools; in JSON they are the strings of these."""

    value: Type
    key: Type = field(default_factory=String)

    def __str__(self) -> str:
        return f"map<{self.key}, {self.value}>"


@record
class Optional(Type):
    """`null` or the inner type, which is itself never optional."""

    inner: Type

    def __str__(self) -> str:
        if isinstance(self.inner, Union) and self.inner.nullable:
            return self.inner.name
        return f"({self.inner})?" if _is_choice(self.inner) or isinstance(self.inner, Refined) else f"{self.inner}?"


@record
class Maybe(Type):
    """CEL's own optional value, of expressions only: it becomes a `T?` where it leaves them."""

    inner: Type

    def __str__(self) -> str:
        return f"optional<{self.inner}>"


LABELS = ("secret", "pii")
KEEP = "keep"  # the argument of a label that hides nothing


@record
class Refinement:
    """`@name(arguments)`: `min`/`max` bound a number or a length, `range` both, `pattern` is a regular expression to find;
    the labels `secret` and `pii` say that the value is kept out of what is stored and shown (`pii("keep")`: not)."""

    name: str
    arguments: tuple[int | float | str, ...]

    def __str__(self) -> str:
        written = ", ".join(_literal(value) for value in self.arguments)
        return f"@{self.name}({written})" if written else f"@{self.name}"

    @property
    def hides(self) -> bool:
        """Whether a value of the type is replaced where it comes in."""
        return self.name in LABELS and not self.arguments


@record
class Refined(Type):
    """`base` (never refined itself) whose values also satisfy every refinement."""

    base: Type
    refinements: tuple[Refinement, ...]

    def __str__(self) -> str:
        return " ".join([str(self.base), *map(str, self.refinements)])


@record
class Field:
    """A field of a record."""

    name: str
    type: Type
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)


@record
class Record(Type):
    """A named record. Equal by name; `fields` is filled once by the declaration (records may mention each other)."""

    name: str
    fields: dict[str, Field] = field(default_factory=dict, compare=False, repr=False)
    doc: str = field(default="", compare=False, repr=False)

    def __str__(self) -> str:
        return self.name


@record(eq=False)
class Union(Type):
    """One of several types that JSON tells apart (see `unions`): none is null, optional, `any` or itself a union.

    One with a name is equal by it, and its `members` are filled once by its declaration: they may mention it. With
    `nullable` the name stands for null, too: then it is that of the optional type around this one.
    """

    members: list[Type]
    name: str = ""
    doc: str = ""
    nullable: bool = False

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Union) and (self.name or self.members) == (other.name or other.members)

    def __hash__(self) -> int:
        return hash(self.name or tuple(self.members))

    def __repr__(self) -> str:
        return f"Union({self})"

    def __str__(self) -> str:
        return self.spelled if self.nullable or not self.name else self.name

    @property
    def spelled(self) -> str:
        """The members, whatever it is called."""
        return " | ".join(f"({member})" if isinstance(member, Refined) else str(member) for member in self.members)

    @property
    def meaning(self) -> str:
        """What its name stands for."""
        return f"{self.spelled} | null" if self.nullable else self.spelled


NULL, BOOL, INT, FLOAT, STRING, DYN, UNKNOWN = Null(), Bool(), Int(), Float(), String(), Dyn(), Unknown()
ANY = AnyValue()
UINT, BYTES, TIMESTAMP, DURATION, TYPE = Uint(), Bytes(), Timestamp(), Duration(), TypeOf()


class Primitives:
    """The types that have a word of their own."""

    by_word: ClassVar[dict[str, Type]] = {
        "null": NULL,
        "bool": BOOL,
        "int": INT,
        "uint": UINT,
        "float": FLOAT,
        "string": STRING,
        "bytes": BYTES,
        "timestamp": TIMESTAMP,
        "duration": DURATION,
        "any": ANY,
    }


def is_hidden(type: Type) -> bool:
    """Whether values of the type are replaced where they come in; of a record ask for each of its fields."""
    inner = type.inner if isinstance(type, Optional) else type
    return isinstance(inner, Refined) and any(refinement.hides for refinement in inner.refinements)


def base(type: Type) -> Type:
    """The type without refinements."""
    return type.base if isinstance(type, Refined) else type


def widened(type: Type) -> Type:
    """The type an expression computes with: no refinements, literals as their primitive (a literal union of one kind)."""
    type = base(type)
    if isinstance(type, Literal):
        return primitive(type.values[0])
    return type


def primitive(value: str | int | bool) -> Type:
    """The primitive type of a literal."""
    if isinstance(value, bool):
        return BOOL
    return INT if isinstance(value, int) else STRING


def optional(type: Type) -> Type:
    """`type?`; `null`, `any` and optional types stay as they are."""
    return type if isinstance(type, Optional | Null | Unknown | Dyn | AnyValue) else Optional(type)


def assignable(source: Type, target: Type) -> bool:
    """Whether every value of `source` may stand where `target` is expected without a check at run time.

    Refinements of the target are *not* proved here: they are enforced where values enter (validators).
    """
    if isinstance(source, Unknown | Dyn) or isinstance(target, Unknown | Dyn):
        return True
    source, target = base(source), base(target)
    if isinstance(target, Optional):
        return isinstance(source, Null) or assignable(
            source.inner if isinstance(source, Optional) else source, target.inner
        )
    if isinstance(source, AnyValue) or isinstance(target, AnyValue):
        return isinstance(target, AnyValue) and is_json(source)
    if isinstance(source, Union) or isinstance(target, Union):
        return _assignable_union(source, target)
    if isinstance(target, Literal):
        return isinstance(source, Literal) and set(map(_tagged, source.values)) <= set(map(_tagged, target.values))
    if isinstance(source, Literal):
        return all(primitive(value) == target for value in source.values)
    if isinstance(source, ListType) and isinstance(target, ListType):
        return assignable(source.item, target.item)
    if isinstance(source, MapType) and isinstance(target, MapType):
        return assignable(source.key, target.key) and assignable(source.value, target.value)
    if isinstance(source, Maybe) and isinstance(target, Maybe):
        return assignable(source.inner, target.inner)
    return source == target


_compared: set[tuple[str, str]] = set()
"""Pairs of unions that are being compared: what mentions itself fits as long as nothing else speaks against it."""


def _assignable_union(source: Type, target: Type) -> bool:
    if source == target:
        return True
    if not isinstance(source, Union):
        assert isinstance(target, Union)
        return any(assignable(source, member) for member in target.members)
    pair = (str(source), str(target))
    if pair in _compared:
        return True
    _compared.add(pair)
    try:
        return all(assignable(member, target) for member in source.members)
    finally:
        _compared.remove(pair)


def is_json(type: Type) -> bool:
    """Whether values of the type are JSON values at run time as they are."""
    type = base(type)
    match type:
        case MapType(value=inner, key=key):
            return isinstance(base(key), String) and is_json(inner)
        case ListType(item=inner) | Optional(inner=inner):
            return is_json(inner)
    return not isinstance(type, Bytes | Timestamp | Duration | TypeOf | Maybe)


def join(left: Type, right: Type) -> Type | None:
    """The smallest type both fit, or None."""
    if isinstance(left, Unknown):
        return right
    if assignable(right, left):
        return left
    if assignable(left, right):
        return right
    if isinstance(left, Null) or isinstance(right, Null):
        return optional(right if isinstance(left, Null) else left)
    if isinstance(left, Optional) or isinstance(right, Optional):
        inner = join(
            left.inner if isinstance(left, Optional) else left, right.inner if isinstance(right, Optional) else right
        )
        return optional(inner) if inner else None
    a, b = base(left), base(right)
    if isinstance(a, Literal) and isinstance(b, Literal) and primitive(a.values[0]) == primitive(b.values[0]):
        return Literal(
            a.values + tuple(value for value in b.values if _tagged(value) not in set(map(_tagged, a.values)))
        )
    if widened(a) == widened(b):
        return widened(a)
    if isinstance(a, ListType) and isinstance(b, ListType):
        item = join(a.item, b.item)
        return ListType(item) if item else None
    if isinstance(a, MapType) and isinstance(b, MapType):
        value, key = join(a.value, b.value), join(a.key, b.key)
        return MapType(value, key) if value and key else None
    return None


def _tagged(value: str | int | bool) -> tuple[bool, str | int | bool]:
    return isinstance(value, bool), value


def _is_choice(type: Type) -> bool:
    """Whether the text of a type has a `|` in it that is not in brackets."""
    return (isinstance(type, Literal) and len(type.values) > 1) or (
        isinstance(type, Union) and (type.nullable or not type.name)
    )


def _literal(value: str | int | float | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    return repr(value)
