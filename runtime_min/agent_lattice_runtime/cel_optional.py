"""Optional values of CEL: a value or none, what is made of them, and optional selection."""

from __future__ import annotations

from .cel import CelError, equals, holds_key, is_number, kind, no_overload

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class Optional:
    """A value that is there, which may be null, or none. Never changed."""

    __slots__ = ("is_there", "it")

    cel_kind = "optional_type"

    def __init__(self, is_there: bool, it: Any) -> None:
        self.is_there = is_there
        self.it = it

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Optional) and self.is_there is other.is_there and equals(self.it, other.it)

    def __hash__(self) -> int:
        return hash(self.is_there)


_NONE = Optional(False, None)


def none() -> Any:
    return _NONE


def of(value: Any) -> Any:
    return Optional(True, value)


def of_value(value: Any) -> Any:
    """A value of the language: null is none."""
    return _NONE if value is None else Optional(True, value)


def of_non_zero(value: Any) -> Any:
    """None for null, false, zero and what is empty."""
    return Optional(True, value) if _is_non_zero(value) else _NONE


def _is_non_zero(value: Any) -> bool:
    if isinstance(value, Optional):
        return value.is_there
    if hasattr(value, "cel_text"):
        return bool(value.nanos)
    return bool(value)


def as_optional(value: Any) -> Optional:
    if isinstance(value, Optional):
        return value
    raise CelError(f"expected optional, found {kind(value)}")


def or_null(value: Any) -> Any:
    """As a value of the language: none is null; so is what holds null."""
    while isinstance(value, Optional):
        value = value.it
    return value


def has_value(value: Any) -> bool:
    return as_optional(value).is_there


def value(value: Any) -> Any:
    if as_optional(value).is_there:
        return value.it
    raise CelError("optional.none() dereference")


def either(value: Any, other: Callable[[], Any]) -> Any:
    """`value.or(other)`; the other one is only computed when it is needed."""
    return value if as_optional(value).is_there else as_optional(other())


def value_or(value: Any, other: Callable[[], Any]) -> Any:
    """`value.orValue(other)`; the other one is only computed when it is needed."""
    return value.it if as_optional(value).is_there else other()


def mapped(value: Any, function: Callable[[Any], Any]) -> Any:
    """`value.optMap(it, …)`."""
    return Optional(True, function(value.it)) if as_optional(value).is_there else _NONE


def flat_mapped(value: Any, function: Callable[[Any], Any]) -> Any:
    """`value.optFlatMap(it, …)`."""
    return as_optional(function(value.it)) if as_optional(value).is_there else _NONE


def items(value: Any) -> list[Any]:
    """What `?value` adds to a list: one item or none."""
    return [value.it] if as_optional(value).is_there else []


def pairs(key: Any, value: Any) -> list[tuple[Any, Any]]:
    """What `?key: value` adds to a map: one entry or none."""
    return [(key, value.it)] if as_optional(value).is_there else []


def unwrapped(values: list[Any]) -> list[Any]:
    """The values that are there, of a list of optional ones."""
    return [value.it for value in values if as_optional(value).is_there]


def first(values: list[Any]) -> Any:
    return Optional(True, values[0]) if values else _NONE


def last(values: list[Any]) -> Any:
    return Optional(True, values[-1]) if values else _NONE


def field(record: Any, name: str) -> Any:
    """`record.?name` of a record, or of null, which has no field."""
    return _NONE if record is None else of_value(record[name])


def item(values: Any, index: int) -> Any:
    """`values[?index]` of a list, or of null."""
    return Optional(True, values[index]) if values is not None and 0 <= index < len(values) else _NONE


def entry(entries: Any, key: Any) -> Any:
    """`entries[?key]` or `entries.?key` of a map, or of null."""
    return Optional(True, entries[key]) if entries is not None and holds_key(entries, key) else _NONE


def at(value: Any, key: Any) -> Any:
    """`value[?key]` of a value of any type, itself perhaps optional."""
    if isinstance(value, Optional):
        return flat_mapped(value, lambda inner: at(inner, key))
    if isinstance(value, list) and is_number(key):
        return item(value, int(key)) if key == key // 1 else _NONE
    if isinstance(value, dict) and not isinstance(key, (list, dict)) and key is not None:
        return entry(value, key)
    return no_overload("_[?_]", value, key)
