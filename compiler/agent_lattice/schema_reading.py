"""JSON Schemas (2020-12) as types: exactly where the language has a type for them, and with a list of what is lost.

What has no type becomes `any`, or the type without the keyword that has no counterpart. Every loss is named with the
JSON pointer of its place, so that nothing is dropped silently.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from agent_lattice.records import field, record
from agent_lattice.schema_names import is_name, type_name
from agent_lattice.types import (
    ANY,
    BOOL,
    BYTES,
    DURATION,
    FLOAT,
    INT,
    NULL,
    STRING,
    TIMESTAMP,
    UINT,
    Field,
    ListType,
    Literal,
    MapType,
    Optional,
    Record,
    Refined,
    Refinement,
    Type,
    Union,
    optional,
)
from agent_lattice.unions import confusion, flattened, union_of

DURATION_PATTERN = r"^-?[0-9]{1,12}(\.[0-9]{1,9})?s$"
KEY_PATTERNS: dict[str, Type] = {"^(0|-?[1-9][0-9]{0,18})$": INT, "^(0|[1-9][0-9]{0,19})$": UINT}

_PLAIN: dict[str, Type] = {"string": STRING, "integer": INT, "number": FLOAT, "boolean": BOOL, "null": NULL}
_SILENT = frozenset({"$schema", "$id", "$defs", "definitions", "title", "description", "$comment", "$anchor"})
_BOUNDS = {
    "string": ("minLength", "maxLength"),
    "array": ("minItems", "maxItems"),
    "object": ("minProperties", "maxProperties"),
    "integer": ("minimum", "maximum"),
    "number": ("minimum", "maximum"),
}
_DEEPEST = 100


@record(frozen=False)
class SchemaReader:
    """Reads one document. `declared` are the types that it makes, by name, in the order in which they are met; none of them gets a
    name that is `taken`."""

    document: Any
    taken: set[str] = field(default_factory=set)
    declared: dict[str, Type] = field(default_factory=dict)
    docs: dict[str, str] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    """What has no counterpart, as `#/pointer: reason`."""
    _names: dict[str, str] = field(default_factory=dict)

    def read(self, root: str) -> dict[str, Type]:
        """The declarations of a document: its definitions, and the whole under the name `root` when it describes a value."""
        schema = self.document
        for key in ("$defs", "definitions"):
            definitions = schema.get(key) if isinstance(schema, dict) else None
            for name in definitions if isinstance(definitions, dict) else ():
                self._target(f"#/{key}/{_escaped(name)}")
        if not isinstance(schema, dict) or schema.keys() - _SILENT:
            self._target("#", root)
        return self.declared

    def type_of(self, schema: Any, at: str, name: str) -> Type:
        """The type of a schema that stands at `at` in the document; types that it declares get names that start with `name`."""
        return self._type(schema, at, name, 0)

    def _target(self, pointer: str, wanted: str = "") -> Type:
        """The type that a reference means; one that is being read is known by its name already."""
        if pointer in self._names:
            return self.declared[self._names[pointer]]
        schema = self._at(pointer)
        if schema is None:
            self._lose(pointer, "nothing stands there")
            return ANY
        name = self._free(wanted or type_name(unquote(pointer.rpartition("/")[2])))
        self._names[pointer] = name
        if isinstance(schema, dict) and _is_record(schema):
            made = Record(name)
            self.declared[name] = made
            self._describe(name, schema)
            self._fields(made, schema, pointer, 0)
            return made
        union = Union([], name, nullable=_allows_null(schema))
        self.declared[name] = optional(union) if union.nullable else union
        self._describe(name, schema)
        type = self._type(schema, pointer, name, 0)
        inner = type.inner if isinstance(type, Optional) else type
        union.members.extend(inner.members if isinstance(inner, Union) else [inner])
        if not union.members:
            self._lose(pointer, "it is defined by itself")
            type = ANY
        if type is ANY or not isinstance(inner, Union) or inner.name:  # as it is, or another name of a type
            self.declared[name] = type
        return self.declared[name]

    def _at(self, pointer: str) -> Any:
        found = self.document
        for part in pointer[1:].split("/")[1:]:
            part = unquote(part).replace("~1", "/").replace("~0", "~")
            if not isinstance(found, dict) or part not in found:
                return None
            found = found[part]
        return found

    def _free(self, wanted: str) -> str:
        free, count = wanted, 2
        while free in self.declared or free in self.taken:
            free, count = f"{wanted}{count}", count + 1
        return free

    def _describe(self, name: str, schema: Any) -> None:
        if isinstance(schema, dict) and isinstance(schema.get("description"), str):
            self.docs[name] = schema["description"]

    def _lose(self, pointer: str, reason: str) -> None:
        line = f"{pointer}: {reason}"
        if line not in self.lost:
            self.lost.append(line)

    def _type(self, schema: Any, at: str, name: str, depth: int) -> Type:
        """The type of a schema; a record in it gets a name that starts with `name`."""
        if depth > _DEEPEST:
            self._lose(at, "nests too deeply")
            return ANY
        if schema is True or schema == {}:
            return ANY
        if not isinstance(schema, dict):
            self._lose(at, "no value is allowed" if schema is False else "this is no schema")
            return ANY
        if isinstance(schema.get("$ref"), str):
            return self._reference(schema, at)
        used = {"const", "enum", "type"}
        if "const" in schema or "enum" in schema:
            type = self._literals(schema, at)
        elif choices := [key for key in ("anyOf", "oneOf") if isinstance(schema.get(key), list)]:
            used = {choices[0]}
            type = self._choice(schema, choices[0], at, name, depth)
        elif isinstance(schema.get("type"), list):
            return self._several(schema, at, name, depth)
        else:
            type, more = self._plain(schema, at, name, depth)
            used |= more
        for key in schema:
            if key not in used | _SILENT:
                self._lose(f"{at}/{_escaped(key)}", f"`{key}` has no counterpart")
        return type

    def _reference(self, schema: dict[str, Any], at: str) -> Type:
        target = schema["$ref"]
        for key in schema.keys() - _SILENT - {"$ref"}:
            self._lose(f"{at}/{_escaped(key)}", f"`{key}` beside `$ref` has no counterpart")
        if not target.startswith("#") or (target != "#" and not target.startswith("#/")):
            self._lose(f"{at}/$ref", f"`{target}` is not in this document")
            return ANY
        return self._target(target, type_name(str(schema.get("title", "Root"))) if target == "#" else "")

    def _literals(self, schema: dict[str, Any], at: str) -> Type:
        values = schema["enum"] if isinstance(schema.get("enum"), list) else [schema.get("const")]
        types: list[Type] = []
        for value in values:
            if value is None:
                types.append(NULL)
            elif isinstance(value, str | bool | int):
                types.append(Literal((value,)))
            else:
                self._lose(at, "only strings, whole numbers, bools and null can be choices")
                return ANY
        return self._united(types, at)

    def _several(self, schema: dict[str, Any], at: str, name: str, depth: int) -> Type:
        """`"type": ["string", "null"]`: each word with the keywords that are about it."""
        words = [word for word in schema["type"] if isinstance(word, str)]
        types = [self._type({**_about(schema, word), "type": word}, at, name, depth + 1) for word in words]
        return self._united(types, at)

    def _choice(self, schema: dict[str, Any], key: str, at: str, name: str, depth: int) -> Type:
        options = schema[key]
        several = sum(not _allows_null(option) for option in options) > 1
        types = [
            self._type(option, f"{at}/{key}/{place}", self._member_name(option, name, place, several), depth + 1)
            for place, option in enumerate(options)
        ]
        return self._united(types, at)

    def _member_name(self, option: Any, name: str, place: int, several: bool) -> str:
        title = option.get("title") if isinstance(option, dict) else None
        if isinstance(title, str) and title:
            return type_name(title)
        return f"{name}{place + 1}" if several else name

    def _united(self, types: list[Type], at: str) -> Type:
        others = [type for type in types if type != NULL]
        if len(others) == 1:  # it keeps its name
            return optional(others[0]) if len(others) < len(types) else others[0]
        members, nullable = flattened(types)
        if ANY in members:
            return ANY
        found = confusion(members) if len(members) > 1 and all(_is_known(member) for member in members) else None
        if found is not None:
            self._lose(at, f"nothing tells `{found[0]}` and `{found[1]}` apart")
            return ANY
        return union_of([*members, NULL] if nullable else members) if members else NULL

    def _plain(self, schema: dict[str, Any], at: str, name: str, depth: int) -> tuple[Type, set[str]]:
        """The type that the word of a schema means, and the keywords that it says."""
        word = str(schema.get("type", _implied(schema)))
        if word == "object":
            return self._object(schema, at, name, depth)
        if word == "array":
            item = self._type(schema.get("items", True), f"{at}/items", f"{name}Item", depth + 1)
            type, used = self._refined(ListType(item), schema, "array", at)
            return type, used | {"items"}
        if word == "string":
            return self._string(schema, at)
        if word == "integer" and schema.get("format") == "uint64" and schema.get("minimum", 0) >= 0:
            type, used = self._refined(UINT, {k: v for k, v in schema.items() if k != "minimum" or v}, word, at)
            return type, used | {"format", "minimum"}
        if word in _PLAIN:
            type, used = self._refined(_PLAIN[word], schema, word, at)
            return type, used | ({"format"} if word in ("integer", "number") else set())
        self._lose(at, "this may be anything")
        return ANY, set(schema)

    def _string(self, schema: dict[str, Any], at: str) -> tuple[Type, set[str]]:
        if schema.get("contentEncoding") == "base64":
            return BYTES, {"contentEncoding"}
        if schema.get("format") == "date-time":
            return TIMESTAMP, {"format"}
        if schema.get("pattern") == DURATION_PATTERN:
            return DURATION, {"pattern"}
        return self._refined(STRING, schema, "string", at)

    def _refined(self, type: Type, schema: dict[str, Any], word: str, at: str) -> tuple[Type, set[str]]:
        """The type with the bounds and patterns of a schema, and the keywords that say them."""
        used: set[str] = set()
        bounds: dict[str, int | float] = {}
        for key, name in zip(_BOUNDS.get(word, ()), ("min", "max"), strict=False):
            value = schema.get(key)
            if isinstance(value, int | float) and not isinstance(value, bool):
                used.add(key)
                bounds[name] = value if type == FLOAT else int(value)
                if bounds[name] != value:
                    self._lose(f"{at}/{key}", f"{value} is no whole number")
        made = [Refinement(name, (value,)) for name, value in bounds.items()]
        if len(made) == 2 and word in ("integer", "number"):
            made = [Refinement("range", (bounds["min"], bounds["max"]))]
        patterns = [schema] + [part for part in _list(schema, "allOf") if isinstance(part, dict)]
        for part in patterns if word == "string" else []:
            pattern = part.get("pattern")
            if isinstance(pattern, str) and (part is schema or part.keys() == {"pattern"}):
                used.add("pattern" if part is schema else "allOf")
                made += [Refinement("pattern", (pattern,))] if self._is_pattern(pattern, at) else []
        return (Refined(type, tuple(made)) if made else type), used

    def _is_pattern(self, pattern: str, at: str) -> bool:
        from agent_lattice_runtime.patterns import PatternError, compiled

        try:
            compiled(pattern)
            re.compile(pattern)
        except (PatternError, re.error, OverflowError, RecursionError):
            self._lose(f"{at}/pattern", f"{pattern} is no regular expression of RE2")
            return False
        return True

    def _object(self, schema: dict[str, Any], at: str, name: str, depth: int) -> tuple[Type, set[str]]:
        if _is_record(schema):
            made = Record(self._free(name))
            self.declared[made.name] = made
            self._describe(made.name, schema)
            return made, self._fields(made, schema, at, depth)
        used = {"additionalProperties"}
        key: Type = STRING
        names = schema.get("propertyNames")
        if isinstance(names, dict) and (found := _key_type(names)) is not None:
            key, used = found, used | {"propertyNames"}
        value = self._type(
            schema.get("additionalProperties", True), f"{at}/additionalProperties", f"{name}Value", depth + 1
        )
        type, more = self._refined(MapType(value, key), schema, "object", at)
        return type, used | more

    def _fields(self, made: Record, schema: dict[str, Any], at: str, depth: int) -> set[str]:
        required = _list(schema, "required")
        for name, inner in schema["properties"].items():
            place = f"{at}/properties/{_escaped(name)}"
            if not is_name(name):
                self._lose(place, f"`{name}` cannot be the name of a field")
                continue
            type = self._type(inner, place, f"{made.name}{type_name(name)}", depth + 1)
            if name in required and isinstance(type, Optional):
                self._lose(place, "a field that may be null may be left out, too")
            doc = inner.get("description", "") if isinstance(inner, dict) else ""
            made.fields[name] = Field(name, type if name in required else optional(type), str(doc))
        for name in required:
            if name not in schema["properties"]:
                self._lose(f"{at}/required", f"`{name}` is required but not described")
        if schema.get("additionalProperties") is not False:
            self._lose(at, "a record has no other fields than those it names")
        if at == "#" or at.count("/") == 2:
            self._leave(schema, {"type", "properties", "required", "additionalProperties"}, at)
        return {"type", "properties", "required", "additionalProperties"}

    def _leave(self, schema: dict[str, Any], used: set[str], at: str) -> None:
        for key in schema.keys() - used - _SILENT:
            self._lose(f"{at}/{_escaped(key)}", f"`{key}` has no counterpart")


def _is_record(schema: dict[str, Any]) -> bool:
    properties = schema.get("properties")
    return (
        isinstance(properties, dict)
        and schema.get("type", "object") == "object"
        and (bool(properties) or schema.get("additionalProperties") is False)
    )


def _implied(schema: dict[str, Any]) -> str:
    """The type of a schema that names none, by its keywords."""
    words = {"properties": "object", "additionalProperties": "object", "items": "array", "pattern": "string"}
    return next((word for key, word in words.items() if key in schema), "")


def _choices(schema: Any) -> list[Any]:
    return [choice for key in ("anyOf", "oneOf") for choice in _list(schema, key)]


def _allows_null(schema: Any) -> bool:
    """Whether null is among the values of a schema, as far as it says so itself."""
    if not isinstance(schema, dict):
        return False
    own = [schema.get("type"), *_list(schema, "type")]
    values = [schema["const"]] if "const" in schema else _list(schema, "enum")
    return "null" in own or None in values or any(map(_allows_null, _choices(schema)))


def _about(schema: dict[str, Any], word: str) -> dict[str, Any]:
    """The keywords that are about values of one JSON type."""
    others = {key for other, keys in _KEYWORDS.items() if other != word for key in keys} - _KEYWORDS.get(word, set())
    return {key: value for key, value in schema.items() if key not in others}


_KEYWORDS: dict[str, set[str]] = {
    "string": {"minLength", "maxLength", "pattern", "contentEncoding", "allOf"},
    "array": {"items", "minItems", "maxItems"},
    "object": {"properties", "required", "additionalProperties", "propertyNames", "minProperties", "maxProperties"},
    "integer": {"minimum", "maximum"},
    "number": {"minimum", "maximum"},
    "null": set(),
    "boolean": set(),
}


def _key_type(names: dict[str, Any]) -> Type | None:
    if names == {"enum": ["false", "true"]}:
        return BOOL
    return KEY_PATTERNS.get(str(names.get("pattern"))) if names.keys() == {"pattern"} else None


def _is_known(type: Type) -> bool:
    """Whether a member of a union is read in full, so that it can be compared with others."""
    return not isinstance(type, Record) or bool(type.fields)


def _list(schema: Any, key: str) -> list[Any]:
    found = schema.get(key) if isinstance(schema, dict) else None
    return found if isinstance(found, list) else []


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
