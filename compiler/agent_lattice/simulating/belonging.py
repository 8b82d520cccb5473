"""Whether JSON is of a type: what validators of packages decide, for deciding it without one."""

from __future__ import annotations

from typing import Any

from agent_lattice_runtime import cel_wire, checks
from agent_lattice_runtime.patterns import compiled

from agent_lattice import types
from agent_lattice.simulating.values import bounds, patterns
from agent_lattice.unions import shape

_SCALARS: dict[type[types.Type], Any] = {
    types.Null: checks.null,
    types.Bool: checks.boolean,
    types.Int: checks.integer,
    types.Uint: cel_wire.uint,
    types.Float: checks.number,
    types.String: checks.text,
    types.Bytes: cel_wire.binary,
    types.Timestamp: cel_wire.timestamp,
    types.Duration: cel_wire.duration,
}
_KEYS: dict[type[types.Type], Any] = {
    types.Int: cel_wire.int_entries,
    types.Uint: cel_wire.uint_entries,
    types.Bool: cel_wire.bool_entries,
}


def belongs(type: types.Type, value: Any) -> bool:
    """Whether JSON data is of a type."""
    match type:
        case types.Optional(inner=inner):
            return value is None or belongs(inner, value)
        case types.Refined(base=base, refinements=refinements):
            return belongs(base, value) and _keeps(base, refinements, value)
        case types.Union(members=members):
            return any(shape(member) in _shapes(value) and belongs(member, value) for member in members)
        case types.Record(fields=fields):
            return (
                isinstance(value, dict)
                and value.keys() <= fields.keys()
                and all(_has(field.type, value, name) for name, field in fields.items())
            )
        case types.ListType(item=item):
            return isinstance(value, list) and all(belongs(item, each) for each in value)
        case types.MapType(value=inner, key=key):
            return _is_map(value, key) and all(belongs(inner, each) for each in value.values())
        case types.Literal(values=values):
            return any(each.__class__ is value.__class__ and each == value for each in values)
    scalar = _SCALARS.get(type.__class__)
    return scalar is None or _passes(scalar, value)


def _shapes(value: Any) -> tuple[str, ...]:
    """What a value can be in a union, where a number that is written as text is text."""
    if isinstance(value, bool):
        return ("a bool",)
    if isinstance(value, int):
        return ("a number",) if -checks.MAX_SAFE <= value <= checks.MAX_SAFE else ()
    names = {float: "a number", str: "a string", list: "a list", dict: "an object"}
    return (names[value.__class__],) if value.__class__ in names else ()


def _passes(check: Any, value: Any) -> bool:
    errors: list[str] = []
    check(value, "$", errors)
    return not errors


def _has(type: types.Type, value: dict[str, Any], name: str) -> bool:
    if name not in value:
        return isinstance(type, types.Optional | types.Null)
    return belongs(type, value[name])


def _is_map(value: Any, key: types.Type) -> bool:
    if isinstance(value, dict) and (entries := _KEYS.get(types.base(key).__class__)) is not None:
        return _passes(entries, value)
    return isinstance(value, dict)


def _keeps(base: types.Type, refinements: tuple[types.Refinement, ...], value: Any) -> bool:
    """Whether a value of `base` keeps to its refinements."""
    least, most = bounds(refinements)
    size = value
    if isinstance(base, types.Int | types.Uint | types.Float):
        size = float(value) if isinstance(base, types.Float) else int(value)
    elif isinstance(base, types.Bytes):
        size = len(cel_wire.binary(value, "$", []))
    else:
        size = len(value)
    if (least is not None and not size >= least) or (most is not None and not size <= most):
        return False
    return all(compiled(pattern).search(value) for pattern in patterns(refinements))
