"""Types of CEL as values: what `type(x)` gives and what `int`, `string`, … stand for."""

from __future__ import annotations

from .cel import kind

_NAMES = {"null": "null_type"}


class TypeValue:
    """A type; equal by name."""

    __slots__ = ("name",)

    cel_kind = "type"

    def __init__(self, name: str) -> None:
        self.name = name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TypeValue) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return self.name


def of(value: object) -> TypeValue:
    """The type of a value; that of a record is `map`."""
    name = kind(value)
    return TypeValue(_NAMES.get(name, name))
