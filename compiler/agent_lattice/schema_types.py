"""JSON Schemas of a server as types of the language, as far as it has words for them."""

from __future__ import annotations

import re
from typing import Any

from agent_lattice.schema_kinds import Schema
from agent_lattice.types import (
    BOOL,
    FLOAT,
    INT,
    NULL,
    STRING,
    Field,
    ListType,
    Literal,
    MapType,
    Record,
    Type,
    optional,
)

_PLAIN: dict[str, Type] = {"boolean": BOOL, "integer": INT, "null": NULL, "number": FLOAT, "string": STRING}
_NAME = re.compile(r"[a-z_][A-Za-z0-9_]*")
_DEEPEST = 12


class Unsayable(Exception):
    """A schema for which the language has no type; the message says what of it."""


class TypeReader:
    """Types of schemas; the records that it had to make are in `records`, by name, and their names are added to `taken`.

    `unknown` stands for what has no type of the language; without it that raises Unsayable.
    """

    def __init__(self, taken: set[str], unknown: Type | None = None) -> None:
        self._taken = taken
        self._unknown = unknown
        self._known: dict[int, tuple[Any, Record]] = {}  # by identity of the schema, which is held for that
        self.records: dict[str, Record] = {}
        self.vague: list[str] = []
        """What was replaced by `unknown`."""

    def type(self, schema: Schema, name: str, depth: int = _DEEPEST) -> Type:
        """The type of a schema; a record gets a name that starts with `name`."""
        if depth == 0:
            return self._vague(name, "nests too deeply")
        values = schema.get("enum") if "enum" in (schema.value if isinstance(schema.value, dict) else {}) else None
        if isinstance(schema.value, dict) and "const" in schema.value:
            values = [schema.value["const"]]
        if isinstance(values, list):
            return self._choice(values, name)
        if schema.choices:
            return self._union(schema, name, depth)
        kinds = schema.kinds()
        rest = kinds - {"null"}
        if "null" in kinds and (len(rest) == 1 or rest == {"integer", "number"}):
            return optional(self.type(schema.inner({**schema.value, "type": sorted(rest)}), name, depth - 1))
        if kinds in ({"number", "integer"}, {"number"}):
            return FLOAT
        (kind,) = kinds if len(kinds) == 1 else ("",)
        if kind in _PLAIN:
            return _PLAIN[kind]
        if kind == "array":
            items = schema.get("items")
            return ListType(self.type(schema.inner(True if items is None else items), f"{name}Item", depth - 1))
        return self._object(schema, name, depth) if kind == "object" else self._vague(name, "may be anything")

    def _choice(self, values: list[Any], name: str) -> Type:
        plain = [value for value in values if value is not None]
        if not plain:
            return NULL
        if not all(isinstance(value, str | bool | int) for value in plain):
            return self._vague(name, "has choices that are no strings, ints or bools")
        found = Literal(tuple(dict.fromkeys(plain)))
        return optional(found) if len(plain) < len(values) else found

    def _union(self, schema: Schema, name: str, depth: int) -> Type:
        some = [choice for choice in schema.choices if choice.kinds() != {"null"}]
        if len(some) != 1:
            return self._vague(name, "is a choice of several forms")
        inner = self.type(some[0], name, depth - 1)
        return optional(inner) if len(some) < len(schema.choices) else inner

    def _object(self, schema: Schema, name: str, depth: int) -> Type:
        properties, more = schema.properties, schema.get("additionalProperties")
        if not properties:
            if isinstance(more, dict) and more:
                return MapType(self.type(schema.inner(more), f"{name}Value", depth - 1))
            return MapType(self._vague(name, "has properties that are not described"))
        if any(not _NAME.fullmatch(each) for each in properties):
            return MapType(self._vague(name, "has properties that are no names"))
        if id(schema.value) in self._known:
            return self._known[id(schema.value)][1]
        made = Record(self._free(name))
        self._known[id(schema.value)] = (schema.value, made)
        self.records[made.name] = made
        for each, inner in properties.items():
            type = self.type(inner, f"{made.name}{_capital(each)}", depth - 1)
            made.fields[each] = Field(each, type if each in schema.required else optional(type))
        return made

    def _free(self, name: str) -> str:
        free, number = name, 2
        while free in self._taken:
            free, number = f"{name}{number}", number + 1
        self._taken.add(free)
        return free

    def _vague(self, name: str, why: str) -> Type:
        if self._unknown is None:
            raise Unsayable(f"{name} {why}")
        self.vague.append(f"{name} {why}")
        return self._unknown


def type_name(*parts: str) -> str:
    """A type name made of the words of some names: `policy.search` gives `PolicySearch`."""
    words = [word for part in parts for word in re.split(r"[^A-Za-z0-9]+", part) if word]
    name = "".join(map(_capital, words))
    return name if name[:1].isupper() else f"T{name}"


def operation_name(tool: str) -> str:
    """A name of the language for a tool: `policy.search` gives `policy_search`."""
    name = re.sub(r"[^A-Za-z0-9_]+", "_", tool).strip("_")
    return name if _NAME.fullmatch(name) else f"tool_{name.lower()}" if not name[:1].isupper() else _lowered(name)


def is_name(text: str) -> bool:
    """Whether a text can be the name of a parameter."""
    return _NAME.fullmatch(text) is not None


def _lowered(name: str) -> str:
    return name[:1].lower() + name[1:]


def _capital(word: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in word.split("_"))
