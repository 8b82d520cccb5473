"""Relations between types that expressions need beyond `types`: equality, merging, what only the run can know."""

from __future__ import annotations

from agent_lattice.types import (
    DYN,
    UNKNOWN,
    Bool,
    Bytes,
    Duration,
    Dyn,
    Float,
    Int,
    ListType,
    Literal,
    MapType,
    Maybe,
    Null,
    Optional,
    Record,
    String,
    Timestamp,
    Type,
    TypeOf,
    Uint,
    Union,
    Unknown,
    assignable,
    base,
    join,
    primitive,
    widened,
)
from agent_lattice.unions import alternatives


def present(type: Type) -> Type:
    """The type without `?` and without refinements around it."""
    type = base(type)
    return base(type.inner) if isinstance(type, Optional) else type


def core(type: Type) -> Type:
    """What an operator sees: no `?`, no refinements, literals as their primitive."""
    return widened(present(type))


def may_be_null(type: Type) -> bool:
    return isinstance(base(type), Optional | Null)


def is_unknown(type: Type) -> bool:
    return isinstance(type, Unknown)


def has_dyn(type: Type) -> bool:
    """Whether part of the value has a type that only the run knows. Records are declared, so they never have."""
    type = present(type)
    if isinstance(type, ListType):
        return has_dyn(type.item)
    if isinstance(type, MapType):
        return has_dyn(type.value) or has_dyn(type.key)
    return isinstance(type, Dyn) or (isinstance(type, Maybe) and has_dyn(type.inner))


def held(type: Type) -> Type:
    """What a list, map or optional value holds; DYN for an empty literal, of which only the run can know."""
    found: Type = DYN
    match present(type):
        case ListType(item=inner) | MapType(value=inner) | Maybe(inner=inner):
            found = inner
    return DYN if isinstance(found, Unknown) else found


def is_inner(type: Type) -> bool:
    """Whether values of the type only live within expressions: no declaration can give their type."""
    type = present(type)
    if isinstance(type, ListType):
        return is_inner(type.item)
    return isinstance(type, Maybe | TypeOf) or (isinstance(type, MapType) and is_inner(type.value))


def merged(left: Type, right: Type) -> Type | None:
    """The smallest type of both, where an empty literal (`list<?>`) takes the type of the other."""
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return right if isinstance(left, Unknown) else left
    if isinstance(left, Dyn) or isinstance(right, Dyn):
        return left if isinstance(left, Dyn) else right
    a, b = base(left), base(right)
    if isinstance(a, ListType) and isinstance(b, ListType):
        item = merged(a.item, b.item)
        return ListType(item) if item else None
    if isinstance(a, MapType) and isinstance(b, MapType):
        value, key = merged(a.value, b.value), merged(a.key, b.key)
        return MapType(value, key) if value and key else None
    if isinstance(a, Maybe) and isinstance(b, Maybe):
        inner = merged(a.inner, b.inner)
        return Maybe(inner) if inner else None
    return join(left, right)


def merged_all(types: list[Type]) -> Type | None:
    """The smallest type of all; UNKNOWN of none, None when there is no such type."""
    found: Type | None = UNKNOWN
    for type in types:
        found = merged(found, type) if found is not None else None
    return found


def is_number(type: Type) -> bool:
    return isinstance(core(type), Int | Uint | Float)


def can_be_equal(left: Type, right: Type) -> bool:
    """Whether values of the two types, null aside, can be equal at all."""
    a, b = present(left), present(right)
    if isinstance(a, Unknown | Dyn) or isinstance(b, Unknown | Dyn):
        return True
    if isinstance(a, Union) or isinstance(b, Union):
        return any(can_be_equal(x, y) for x in alternatives(a) for y in alternatives(b))
    if isinstance(a, Null) or isinstance(b, Null):
        return may_be_null(left) and may_be_null(right)
    if isinstance(a, Literal) and isinstance(b, Literal):
        return not set(map(_tagged, a.values)).isdisjoint(map(_tagged, b.values))
    if isinstance(a, ListType) and isinstance(b, ListType):
        return can_be_equal(a.item, b.item)
    if isinstance(a, MapType) and isinstance(b, MapType):
        return can_be_equal(a.key, b.key) and can_be_equal(a.value, b.value)
    if isinstance(a, Maybe) and isinstance(b, Maybe):
        return can_be_equal(a.inner, b.inner)
    if is_number(a) and is_number(b):
        return True
    return assignable(a, b) or assignable(b, a) or core(a) == core(b)


def _tagged(value: str | int | bool) -> tuple[Type, str | int | bool]:
    return primitive(value), value


def is_plain(type: Type) -> bool:
    """Whether Python's `==` on values of the type means what CEL's does (also inside containers, by identity)."""
    return isinstance(core(type), Float) or _is_plain_inside(type, frozenset())


def _is_plain_inside(type: Type, seen: frozenset[str]) -> bool:
    """As `is_plain`, inside a container: lists compare items by identity first, which is wrong for NaN."""
    type = core(type)
    if isinstance(type, ListType):
        return _is_plain_inside(type.item, seen)
    if isinstance(type, MapType):
        return not isinstance(type.key, Dyn | Unknown) and _is_plain_inside(type.value, seen)
    if isinstance(type, Record):
        inner = seen | {type.name}
        return type.name not in seen and all(_is_plain_inside(field.type, inner) for field in type.fields.values())
    return isinstance(type, Null | Bool | Int | Uint | String | Bytes | Timestamp | Duration | TypeOf | Maybe)
