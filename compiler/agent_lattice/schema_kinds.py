"""Types against the JSON Schemas of a server: whether a value of the one can be a value of the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agent_lattice.types import (
    Bool,
    Bytes,
    Duration,
    Float,
    Int,
    ListType,
    Literal,
    MapType,
    Null,
    Optional,
    Record,
    String,
    Timestamp,
    Type,
    Uint,
    Union,
    base,
    primitive,
)

_EVERY = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})
_OF_TYPES = {
    Bool: "boolean", Bytes: "string", Duration: "string", Float: "number", Int: "integer", ListType: "array", Null: "null",
    String: "string", Timestamp: "string", Uint: "integer",
}  # fmt: skip
_DEEPEST = 12


class Schema:
    """A JSON Schema within the document that its references are about; any JSON is taken, what makes no sense says nothing."""

    def __init__(self, value: Any, root: Any = None) -> None:
        self.root = value if root is None else root
        self.value = self._followed(value)

    def _followed(self, value: Any) -> Any:
        for _ in range(20):
            target = value.get("$ref") if isinstance(value, dict) else None
            if not isinstance(target, str) or not target.startswith("#"):
                return value
            value = self._at(target)
        return {}

    def _at(self, pointer: str) -> Any:
        found = self.root
        for part in pointer[1:].split("/")[1:]:
            part = part.replace("~1", "/").replace("~0", "~")
            found = found.get(part, {}) if isinstance(found, dict) else {}
        return found

    def inner(self, value: Any) -> Schema:
        return Schema(value, self.root)

    def get(self, key: str) -> Any:
        return self.value.get(key) if isinstance(self.value, dict) else None

    @property
    def properties(self) -> dict[str, Schema]:
        found = self.get("properties")
        return {name: self.inner(value) for name, value in found.items()} if isinstance(found, dict) else {}

    @property
    def required(self) -> tuple[str, ...]:
        found = self.get("required")
        return tuple(name for name in found if isinstance(name, str)) if isinstance(found, list) else ()

    @property
    def closed(self) -> bool:
        """Whether it takes no other properties than those it names."""
        return self.get("additionalProperties") is False

    @property
    def choices(self) -> list[Schema]:
        """The schemas of which one must fit; none where there is no choice."""
        return [self.inner(one) for key in ("anyOf", "oneOf") for one in self._list(key)]

    def _list(self, key: str) -> list[Any]:
        found = self.get(key)
        return found if isinstance(found, list) else []

    def kinds(self, depth: int = _DEEPEST) -> frozenset[str]:
        """The JSON types that a value of it may have; all when that is not clear."""
        if self.value is False:
            return frozenset()
        if not isinstance(self.value, dict) or depth == 0:
            return _EVERY
        words = self.get("type")
        named = [words] if isinstance(words, str) else words if isinstance(words, list) else None
        found = _EVERY if named is None else frozenset(word for word in named if isinstance(word, str)) & _EVERY
        found |= {"integer"} if "number" in found else frozenset()
        values = self._list("enum") or ([self.value["const"]] if "const" in self.value else [])
        if values:
            found &= frozenset(map(_kind, values))
        if self.choices:
            found &= frozenset().union(*(choice.kinds(depth - 1) for choice in self.choices))
        for each in self._list("allOf"):
            found &= self.inner(each).kinds(depth - 1)
        return found


def _kind(value: Any) -> str:
    kinds = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return kinds.get(type(value), "null")


def kinds_of(type: Type) -> frozenset[str] | None:
    """The JSON types of a type's values; None where that is not known."""
    type = base(type)
    if isinstance(type, Optional):
        inner = kinds_of(type.inner)
        return None if inner is None else inner | {"null"}
    if isinstance(type, Literal):
        return frozenset(word for value in type.values for word in (kinds_of(primitive(value)) or ()))
    if isinstance(type, Union):
        members = [kinds_of(member) for member in type.members]
        return None if None in members else frozenset(word for kinds in members for word in kinds or ())
    if isinstance(type, Record | MapType):
        return frozenset({"object"})
    word = _OF_TYPES.get(type.__class__)
    return frozenset({word}) if word else None


def takes(schema: Schema, type: Type, path: str, depth: int = _DEEPEST) -> Iterator[str]:
    """Why values of a type, sent, would not be what a schema asks for."""
    kinds = kinds_of(type.inner if isinstance(type, Optional) else type)
    allowed = schema.kinds()
    if kinds is not None and not kinds <= allowed:
        yield f"{path} is `{type}` here and {_words(allowed)} there"
        return
    yield from _inside(schema, type, path, depth, sends=True)


def gives(schema: Schema, type: Type, path: str, depth: int = _DEEPEST) -> Iterator[str]:
    """Why what a schema describes, received, could never be a value of a type."""
    kinds = kinds_of(type)
    found = schema.kinds()
    if kinds is not None and not (kinds | ({"integer"} if "number" in kinds else set())) & found:
        yield f"{path} is `{type}` here and {_words(found)} there"
        return
    yield from _inside(schema, type, path, depth, sends=False)


def _inside(schema: Schema, type: Type, path: str, depth: int, sends: bool) -> Iterator[str]:
    """The same of the parts of lists, maps and records, where the schema leaves no choice."""
    plain = base(type.inner if isinstance(type, Optional) else type)
    if depth == 0 or schema.choices:
        return
    judge = takes if sends else gives
    if isinstance(plain, ListType) and isinstance(schema.get("items"), dict | bool):
        yield from judge(schema.inner(schema.get("items")), plain.item, f"{path}[]", depth - 1)
    elif isinstance(plain, MapType) and isinstance(schema.get("additionalProperties"), dict):
        yield from judge(schema.inner(schema.get("additionalProperties")), plain.value, f"{path}.*", depth - 1)
    elif isinstance(plain, Record) and schema.properties:
        yield from _missing_fields(schema, plain, path, sends)
        for name, field in plain.fields.items():
            if name in schema.properties:
                yield from judge(schema.properties[name], field.type, f"{path}.{name}", depth - 1)


def _missing_fields(schema: Schema, record: Record, path: str, sends: bool) -> Iterator[str]:
    """Fields that one side must have and the other cannot."""
    if sends:
        yield from (f"{path}.{name} is needed there" for name in schema.required if name not in record.fields)
        strange = [name for name in record.fields if schema.closed and name not in schema.properties]
        yield from (f"{path}.{name} is not known there" for name in strange)
        return
    for name, field in record.fields.items():
        if schema.closed and name not in schema.properties and not isinstance(field.type, Optional):
            yield f"{path}.{name} is never given there"


def _words(kinds: frozenset[str]) -> str:
    shown = sorted(kinds - {"integer"} if "number" in kinds else kinds)
    return " or ".join(f"`{kind}`" for kind in shown) if shown else "nothing at all"
