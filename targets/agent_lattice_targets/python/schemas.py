"""Types as JSON Schema (2020-12), for models, manifests and people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from agent_lattice import plan, types

Schema = dict[str, Any]
Named = types.Record | types.Union

_WORDS = {
    types.Null: "null",
    types.Bool: "boolean",
    types.Int: "integer",
    types.Float: "number",
    types.String: "string",
}
_SCALARS: dict[type[types.Type], Schema] = {
    types.Uint: {"type": "integer", "format": "uint64", "minimum": 0},
    types.Bytes: {"type": "string", "contentEncoding": "base64"},
    types.Timestamp: {"type": "string", "format": "date-time"},
    types.Duration: {"type": "string", "pattern": r"^-?[0-9]{1,12}(\.[0-9]{1,9})?s$"},
}
_KEYS: dict[type[types.Type], Schema] = {
    types.Int: {"pattern": "^(0|-?[1-9][0-9]{0,18})$"},
    types.Uint: {"pattern": "^(0|[1-9][0-9]{0,19})$"},
    types.Bool: {"enum": ["false", "true"]},
}
_LIMITS = {
    types.Bytes: ("minLength", "maxLength"),
    types.String: ("minLength", "maxLength"),
    types.ListType: ("minItems", "maxItems"),
    types.MapType: ("minProperties", "maxProperties"),
}
_NUMBERS = ("minimum", "maximum")


def json_schema(type: types.Type) -> Schema:
    """The schema of a type: a record is spelled out at the root, the records inside it stand under `$defs`."""
    used: dict[str, Named] = {}
    named = _named(type)
    root = _spelled(named, used) if named is not None else _schema(type, used)
    return _with_definitions(root, used)


def _named(type: types.Type) -> Named | None:
    """The record or union that a name of the source stands for, if that is all the type is."""
    if isinstance(type, types.Optional) and isinstance(type.inner, types.Union) and type.inner.nullable:
        return type.inner
    if isinstance(type, types.Union):
        return None if type.nullable else type
    return type if isinstance(type, types.Record) else None


def params_schema(params: Iterable[plan.Param]) -> Schema:
    """The schema of the arguments of a workflow, an object by parameter name."""
    used: dict[str, Named] = {}
    fields = [types.Field(param.name, param.type, param.doc) for param in params]
    return _with_definitions(_object(fields, used, ""), used)


def _with_definitions(root: Schema, used: dict[str, Named]) -> Schema:
    definitions: dict[str, Schema] = {}
    while used:
        name, named = used.popitem()
        definitions[name] = {}  # it may mention itself
        inner: dict[str, Named] = {}
        definitions[name] = _spelled(named, inner)
        used.update((other, type) for other, type in inner.items() if other not in definitions)
    return {**root, "$defs": dict(sorted(definitions.items()))} if definitions else root


def _spelled(named: Named, used: dict[str, Named]) -> Schema:
    """What a name stands for."""
    if isinstance(named, types.Record):
        return _object(named.fields.values(), used, named.doc)
    choices = [*named.members, types.NULL] if named.nullable else named.members
    members = {"anyOf": [_schema(member, used) for member in choices]}
    return {"description": named.doc, **members} if named.doc else members


def _object(fields: Iterable[types.Field], used: dict[str, Named], doc: str) -> Schema:
    fields = list(fields)
    described = {"description": doc} if doc else {}
    return {
        "type": "object",
        **described,
        "properties": {field.name: _described(_schema(field.type, used), field.doc) for field in fields},
        "required": [field.name for field in fields if not isinstance(field.type, types.Optional)],
        "additionalProperties": False,
    }


def _described(schema: Schema, doc: str) -> Schema:
    return {**schema, "description": doc} if doc else schema


def _schema(type: types.Type, used: dict[str, Named]) -> Schema:
    named = _named(type)
    if named is not None and named.name:
        used.setdefault(named.name, named)
        return {"$ref": f"#/$defs/{named.name}"}
    match type:
        case types.Union(members=members):
            return {"anyOf": [_schema(member, used) for member in members]}
        case types.Optional(inner=inner):
            if isinstance(inner, types.Union) and not inner.name:
                return {"anyOf": [*(_schema(member, used) for member in inner.members), {"type": "null"}]}
            return {"anyOf": [_schema(inner, used), {"type": "null"}]}
        case types.ListType(item=item):
            return {"type": "array", "items": _schema(item, used)}
        case types.MapType(value=value, key=key):
            names = {"propertyNames": _KEYS[key.__class__]} if key.__class__ in _KEYS else {}
            return {"type": "object", **names, "additionalProperties": _schema(value, used)}
        case types.Literal(values=values):
            return _choices(values)
        case types.Refined(base=base, refinements=refinements):
            return _refined(_schema(base, used), base, refinements)
    if type.__class__ in _SCALARS:
        return dict(_SCALARS[type.__class__])
    word = _WORDS.get(type.__class__)
    return {"type": word} if word else {}


def _choices(values: tuple[str | int | bool, ...]) -> Schema:
    sorts = {types.primitive(value).__class__ for value in values}
    return {"type": _WORDS[sorts.pop()], "enum": list(values)} if len(sorts) == 1 else {"enum": list(values)}


def _refined(schema: Schema, base: types.Type, refinements: tuple[types.Refinement, ...]) -> Schema:
    least, most = _LIMITS.get(base.__class__, _NUMBERS)
    made = dict(schema)
    if any(refinement.hides for refinement in refinements):
        return made  # what stands in the place of the value need not be within its bounds
    for refinement in refinements:
        arguments = refinement.arguments
        if isinstance(base, types.Bytes):  # bounds are of the bytes, four characters of base64 hold up to three
            arguments = tuple(-(-int(bound) // 3) * 4 for bound in arguments)
        match refinement.name, arguments:
            case "min", (bound,):
                made[least] = max(bound, made.get(least, bound))
            case "max", (bound,):
                made[most] = min(bound, made.get(most, bound))
            case "range", (low, high):
                made[least] = max(low, made.get(least, low))
                made[most] = min(high, made.get(most, high))
            case "pattern", (pattern,):
                made.setdefault("allOf", []).append({"pattern": pattern}) if "pattern" in made else made.update(
                    pattern=pattern
                )
    return made
