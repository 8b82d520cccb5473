"""How the members of a union are told apart: by the JSON form of their values.

Values have one of the shapes bool, number, string, list, object. At most one member has each shape, but several records
may share theirs: when a required field has a literal value of its own in each of them (the *discriminator*), or when
each has a required field that those tested after it do not have (its *mark*).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from agent_lattice.records import record
from agent_lattice.types import (
    AnyValue,
    Bool,
    Float,
    Int,
    ListType,
    Literal,
    MapType,
    Null,
    Optional,
    Record,
    Type,
    Uint,
    Union,
    Unknown,
    base,
    join,
    primitive,
)

_OBJECT = "an object"
_SHAPES: dict[type[Type], str] = {
    Bool: "a bool",
    Int: "a number",
    Float: "a number",
    Uint: "a number",
    ListType: "a list",
    MapType: _OBJECT,
    Record: _OBJECT,
}


@record
class Discriminator:
    """A field whose value tells the record; `records` by value."""

    field: str
    records: dict[str | int | bool, Record]


def shape(type: Type) -> str:
    """What the values of a member look like in JSON; what is written as text is a string."""
    plain = base(type)
    if isinstance(plain, Literal):
        plain = primitive(plain.values[0])
    return _SHAPES.get(plain.__class__, "a string")


def records(members: Iterable[Type]) -> list[Record]:
    return [member for member in members if isinstance(member, Record)]


def flattened(types: Iterable[Type]) -> tuple[list[Type], bool]:
    """The members that a union of types has, literals of one sort as one, and whether null is among its values."""
    members: dict[Type, Type] = {}
    literals: dict[Type, Type] = {}
    nullable = False
    for type in types:
        if isinstance(type, Null | Optional):
            nullable = True
        inner = type.inner if isinstance(type, Optional) else type
        for member in inner.members if isinstance(inner, Union) else [inner]:
            if isinstance(member, Literal):  # in the place of the first of its sort
                sort = literals.setdefault(primitive(member.values[0]), member)
                members[sort] = join(members.get(sort, member), member) or member
            elif not isinstance(member, Null):
                members.setdefault(member, member)
    return list(members.values()), nullable


def united(types: Iterable[Type]) -> Type | None:
    """The type of a value that has one of some types: a union only if its members can be told apart, else None."""
    members, nullable = flattened(types)
    if not members:
        return None
    if len(members) > 1 and confusion(members) is not None:
        return None
    type = Union(members) if len(members) > 1 else members[0]
    return Optional(type) if nullable else type


def confusion(members: Sequence[Type]) -> tuple[Type, Type, str] | None:
    """Two members that cannot be told apart, and what both could be; None when all can."""
    by_shape: dict[str, Type] = {}
    for member in members:
        if isinstance(member, AnyValue | Unknown):
            return (member, next(other for other in members if other is not member), "anything")
        form = shape(member)
        other = by_shape.setdefault(form, member)
        if other is not member and not (isinstance(other, Record) and isinstance(member, Record)):
            return other, member, form
    several = records(members)
    if len(several) < 2 or discriminator(several) or marks(several):
        return None
    left, right = _similar(several)
    return left, right, _OBJECT


def discriminator(several: Sequence[Record]) -> Discriminator | None:
    """The first field of the first record that tells all the records apart."""
    if len(several) < 2:
        return None
    for name in several[0].fields:
        by_value: dict[str | int | bool, Record] = {}
        count = 0
        sorts = set()
        for one in several:
            found = one.fields.get(name)
            if found is None or not isinstance(found.type, Literal):
                break
            count += len(found.type.values)
            sorts.add(primitive(found.type.values[0]))
            by_value.update(dict.fromkeys(found.type.values, one))
        else:
            if len(sorts) == 1 and len(by_value) == count:
                return Discriminator(name, by_value)
    return None


def marks(several: Sequence[Record]) -> list[tuple[Record, str]]:
    """The records in the order in which they are tested, each with a required field that no later one has.

    The last is what remains and has an empty mark. No list at all when some cannot be told apart in this way.
    """
    owners: dict[str, set[str]] = {}
    for one in several:
        for name in one.fields:
            owners.setdefault(name, set()).add(one.name)
    waiting = {one.name: one for one in several}
    found: list[tuple[Record, str]] = []
    while len(waiting) > 1:
        next_ = next(((one, mark) for one in waiting.values() if (mark := _own_field(one, owners))), None)
        if next_ is None:
            return []
        found.append(next_)
        del waiting[next_[0].name]
        for name in next_[0].fields:
            owners[name].discard(next_[0].name)
    return [*found, *((one, "") for one in waiting.values())]


def _own_field(one: Record, owners: dict[str, set[str]]) -> str:
    return next((name for name in one.fields if is_required(one, name) and len(owners[name]) == 1), "")


def is_required(one: Record, name: str) -> bool:
    """Whether the field stands in every value of the record."""
    return not isinstance(one.fields[name].type, Optional | Null)


def _similar(several: Sequence[Record]) -> tuple[Record, Record]:
    for place, left in enumerate(several):
        for right in several[place + 1 :]:
            if not discriminator((left, right)) and not marks((left, right)):
                return left, right
    return several[0], several[1]


def alternatives(type: Type) -> list[Type]:
    """The types of which a value has exactly one: members of a union, `null` last."""
    plain = base(type)
    if isinstance(plain, Optional):
        return [*alternatives(plain.inner), Null()]
    return list(plain.members) if isinstance(plain, Union) else [plain]


def without(type: Type, excluded: Iterable[Type]) -> Type:
    """The type of a value that is known to have none of some alternatives; the type itself when nothing would be left."""
    left_out = set(excluded)
    if not left_out:
        return type
    kept = [member for member in alternatives(type) if member not in left_out]
    if not kept or len(kept) == len(alternatives(type)):
        return type
    return union_of(kept)


def union_of(kept: Sequence[Type]) -> Type:
    """The type of some alternatives of one union."""
    members = [member for member in kept if not isinstance(member, Null)]
    if not members:
        return kept[0]
    inner = members[0] if len(members) == 1 else Union(members)
    return Optional(inner) if len(members) < len(kept) else inner
