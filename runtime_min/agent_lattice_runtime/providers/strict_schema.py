"""JSON Schemas as the services' constrained decoding accepts them. Pure functions.

Both services want every object closed and know a part of the vocabulary only; optional fields become required ones
that may be null. What a schema loses here the answer's validator still checks, and the description tells the model.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    Schema = dict[str, Any]

WRAPPED = "value"  # the only field of the object around an answer that is not one

_KEPT = frozenset({"type", "enum", "const", "description"})
_DROPPED = frozenset({"$schema", "$id", "$comment", "title", "default", "examples", "deprecated"})
_SPOKEN = {
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "pattern": "matches the regular expression {}",
    "format": "in the format {}",
    "contentEncoding": "encoded as {}",
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusiveMinimum": "more than {}",
    "exclusiveMaximum": "less than {}",
    "multipleOf": "a multiple of {}",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "uniqueItems": "without repetitions",
}


class Inexpressible(ValueError):
    """A schema has a part that no strict schema can say: an open map, `allOf`, recursion where it is not allowed."""


def as_object(schema: Schema) -> tuple[Schema, bool]:
    """A schema whose root is a plain object, as both services demand, and whether `{"value": …}` was put around it."""
    definitions: Schema = schema.get("$defs", {})
    root = schema
    target = str(schema.get("$ref", "")).removeprefix("#/$defs/")
    if target in definitions and definitions[target].get("type") == "object":
        root = {**definitions[target], "$defs": definitions}
    if root.get("type") == "object" and "anyOf" not in root:
        return root, False
    inner = {key: value for key, value in schema.items() if key not in ("$defs", "$schema", "$id")}
    outer: Schema = {
        "type": "object",
        "properties": {WRAPPED: inner},
        "required": [WRAPPED],
        "additionalProperties": False,
    }
    return ({**outer, "$defs": definitions} if definitions else outer), True


def unwrapped(text: str) -> str:
    """The text inside `{"value": …}`; anything else stays as it is, for the validator to complain about."""
    from json import dumps, loads

    try:
        value = loads(text)
    except (ValueError, RecursionError):
        return text
    if isinstance(value, dict) and list(value) == [WRAPPED]:
        return dumps(value[WRAPPED], ensure_ascii=False)
    return text


def strict(schema: Schema, *, enforced: frozenset[str] = frozenset(), recursion: bool = True) -> Schema:
    """`schema` in the strict subset: closed objects, all fields required, `enforced` names the constraints kept.

    Raises Inexpressible; with `recursion` False also for a schema that refers to itself.
    """
    definitions: Mapping[str, Schema] = schema.get("$defs", {})
    if not recursion and _recursive(definitions):
        raise Inexpressible("the type contains itself")
    adapted = _node({key: value for key, value in schema.items() if key != "$defs"}, enforced)
    if definitions:
        adapted["$defs"] = {name: _node(definition, enforced) for name, definition in definitions.items()}
    return adapted


def _node(schema: object, enforced: frozenset[str]) -> Schema:
    if not isinstance(schema, dict):
        raise Inexpressible("a schema that allows anything")
    if "$ref" in schema:  # neither service allows anything beside a reference
        return {"$ref": schema["$ref"]}
    adapted: Schema = {}
    notes: list[str] = []
    for key, value in schema.items():
        if key in _KEPT or key in enforced:
            adapted[key] = value
        elif key in ("anyOf", "oneOf"):
            adapted["anyOf"] = [_node(option, enforced) for option in value]
        elif key == "items":
            adapted["items"] = _node(value, enforced)
        elif key in _SPOKEN:
            notes.append(_SPOKEN[key].format(value))
        elif key not in _DROPPED and key not in ("properties", "required", "additionalProperties"):
            raise Inexpressible(f"the keyword {key}")
    if schema.get("type") == "object":
        adapted |= _closed(schema, enforced)
    elif not {"type", "enum", "const", "anyOf"} & adapted.keys():
        raise Inexpressible("a schema that allows anything")
    if notes:
        adapted["description"] = "; ".join([*([adapted["description"]] if "description" in adapted else []), *notes])
    return adapted


def _closed(schema: Schema, enforced: frozenset[str]) -> Schema:
    if schema.get("additionalProperties", False) is not False:
        raise Inexpressible("a map with open keys")
    required = schema.get("required", ())
    fields = {name: _node(field, enforced) for name, field in schema.get("properties", {}).items()}
    return {
        "properties": {name: field if name in required else _nullable(field) for name, field in fields.items()},
        "required": list(fields),
        "additionalProperties": False,
    }


def _nullable(field: Schema) -> Schema:
    kind = field.get("type")
    if kind == "null" or (isinstance(kind, list) and "null" in kind) or {"type": "null"} in field.get("anyOf", ()):
        return field
    return {"anyOf": [field, {"type": "null"}]}


def _recursive(definitions: Mapping[str, Schema]) -> bool:
    """Does a definition reach itself? A definition is done once everything that it refers to is done."""
    waiting = {name: _references(definition) & definitions.keys() for name, definition in definitions.items()}
    while True:
        done = [name for name, needs in waiting.items() if not needs & waiting.keys()]
        if not done:
            return bool(waiting)
        for name in done:
            del waiting[name]


def _references(schema: object) -> set[str]:
    if isinstance(schema, dict):
        own = {str(schema["$ref"]).removeprefix("#/$defs/")} if "$ref" in schema else set()
        return own.union(*map(_references, schema.values()))
    if isinstance(schema, list):
        return set[str]().union(*map(_references, schema))
    return set()
