"""Values of a type, in their JSON form: the plainest one, the ones at its edges, and any other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agent_lattice import types
from agent_lattice.simulating.choices import Choices
from agent_lattice.simulating.matching_texts import matching

_SAFE = 2**53 - 1
_TEXTS = (
    "a", "", "B2", "some words", "0", "null", "ünïcödé ✓", "two\nlines", '"quoted" \\ {{ x }}', "𝔸 e\u0301 \u200b", "x" * 300,
)  # fmt: skip
_TIMES = (
    "2024-01-01T00:00:00Z", "2024-02-29T23:59:59.999999999Z", "1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z", "2038-01-19T03:14:08.5Z",
)  # fmt: skip
_SPANS = ("60s", "0s", "1s", "0.000000001s", "-1s", "3600s", "86400s", "31536000s")
_BYTES = ("AAE=", "", "/w==", "aGVsbG8=", "AAAAAAAAAAA=")
_ANY: tuple[Any, ...] = (None, 0, "a", True, [], {}, [1, "b", None], {"a": {"b": [1.5]}})
_FLOATS = (0.0, 1.0, 0.5, -1.0, 0.1, 1e-9, 24.9, 1000.0, 1e308, -0.0)
_INTS = (0, 1, 2, -1, 3, 10, 100, 2**31, -(2**31), _SAFE, -_SAFE, 2**63 - 1, -(2**63))
_LENGTHS = (1, 0, 2, 3, 7)
_DEEP = 6  # levels below which a value is as flat as its type allows


class Values:
    """Makes values by the decisions of a run; `at` says which value it is, and is part of the decisions' labels."""

    def __init__(self, choices: Choices) -> None:
        self._choices = choices

    def of(self, type: types.Type, at: str, depth: int = 0) -> Any:
        """A value of the type. Of a type whose refinements leave none, or none that is easily found, something near."""
        match type:
            case types.Optional(inner=inner):
                return self.of(inner, at, depth) if depth < _DEEP and self._choices.take(f"{at}?", 3) else None
            case types.Refined(base=base, refinements=refinements):
                return self._refined(base, refinements, at, depth)
            case types.Union(members=members):
                flattest = min(range(len(members)), key=lambda index: height(members[index]))
                chosen = flattest if depth >= _DEEP else self._choices.take(f"{at}|", len(members))
                return self._member(members[chosen], at, depth + 1)
            case types.Record(fields=fields):
                return {name: self.of(field.type, f"{at}.{name}", depth + 1) for name, field in fields.items()}
            case types.ListType() | types.MapType():
                return self._several(type, at, depth, 0, None)
            case types.Literal(values=values):
                return self._one(values, at)
        return self._scalar(type, at, None, None)

    def _member(self, type: types.Type, at: str, depth: int) -> Any:
        """A value of a member of a union, where an int that JSON has no number for would be text."""
        base = types.base(type)
        if not isinstance(base, types.Int | types.Uint):
            return self.of(type, at, depth)
        least, most = bounds(type.refinements if isinstance(type, types.Refined) else ())
        low = -_SAFE if least is None else max(least, -_SAFE)
        return self._scalar(
            base, at, max(low, 0) if isinstance(base, types.Uint) else low, _SAFE if most is None else min(most, _SAFE)
        )

    def _one(self, among: tuple[Any, ...] | list[Any], at: str) -> Any:
        return among[self._choices.take(at, len(among))]

    def _scalar(self, type: types.Type, at: str, least: Any, most: Any) -> Any:
        match type:
            case types.Bool():
                return self._one((False, True), at)
            case types.Int() | types.Uint():
                return wire_int(self._int(type, at, least, most))
            case types.Float():
                low, high = -1e308 if least is None else float(least), 1e308 if most is None else float(most)
                return self._one(_within(_FLOATS, low, high, (low + high) / 2), at)
            case types.String():
                return self._text(at, least or 0, most)
            case types.Bytes():
                return self._one(_BYTES, at)
            case types.Timestamp():
                return self._one(_TIMES, at)
            case types.Duration():
                return self._one(_SPANS, at)
            case types.Null():
                return None
        return self._one(_ANY, at)

    def _int(self, type: types.Type, at: str, least: Any, most: Any) -> int:
        floor, ceiling = (0, 2**64 - 1) if isinstance(type, types.Uint) else (-(2**63), 2**63 - 1)
        low, high = floor if least is None else int(least), ceiling if most is None else int(most)
        edges = _within((*_INTS, ceiling), low, high, (low + high) // 2)
        chosen = self._choices.take(at, len(edges) + 3)
        return edges[chosen] if chosen < len(edges) else low + self._choices.take(f"{at}#", high - low + 1)

    def _text(self, at: str, least: int, most: int | None) -> str:
        text: str = self._one(_TEXTS, at)
        return _of_length(text, least, most)

    def _refined(self, base: types.Type, refinements: tuple[types.Refinement, ...], at: str, depth: int) -> Any:
        least, most = bounds(refinements)
        if isinstance(base, types.ListType | types.MapType):
            return self._several(base, at, depth, int(least or 0), None if most is None else int(most))
        if isinstance(base, types.String) and (wanted := patterns(refinements)):
            return matching(wanted, int(least or 0), most, self._choices, at)
        if isinstance(base, types.Bytes):
            return self._bytes(at, int(least or 0), most)
        return self._scalar(base, at, least, most)

    def _bytes(self, at: str, least: int, most: int | None) -> str:
        from base64 import b64decode, b64encode

        raw = b64decode(self._one(_BYTES, at)).ljust(least, b"\0")
        return b64encode(raw[:most]).decode()

    def _several(self, type: types.ListType | types.MapType, at: str, depth: int, least: int, most: int | None) -> Any:
        lengths = [least, most] if most is not None and most <= 50 else [least]
        fitting = [*(n for n in _LENGTHS if least <= n and (most is None or n <= most)), *lengths]
        flat = depth >= _DEEP
        length = least if flat else self._one(list(dict.fromkeys(n for n in fitting if n is not None)), f"{at}#")
        if isinstance(type, types.ListType):
            return [self.of(type.item, f"{at}[{index}]", depth + 1) for index in range(length)]
        return {key: self.of(type.value, f"{at}.{key}", depth + 1) for key in self._keys(type.key, at, length)}

    def _keys(self, type: types.Type, at: str, count: int) -> list[str]:
        """As many keys as the type has, each its own."""
        match type:
            case types.Bool():
                return ["true", "false"][:count]
            case types.Literal(values=values):
                return [str(value).lower() if isinstance(value, bool) else str(value) for value in values][:count]
            case types.Int() | types.Uint():
                return [str(index) for index in range(count)]
            case types.Refined():
                made = [self.of(type, f"{at}.key{index}") for index in range(count)]
                return list(dict.fromkeys(map(str, made)))
        return [f"k{index}" for index in range(count)]


def wire_int(number: int) -> int | str:
    """An int in its JSON form."""
    return number if -_SAFE <= number <= _SAFE else str(number)


def bounds(refinements: tuple[types.Refinement, ...]) -> tuple[Any, Any]:
    """The least and the most that refinements allow, of a number or a length; None where they leave it open."""
    least: Any = None
    most: Any = None
    for refinement in refinements:
        match refinement.name, refinement.arguments:
            case "min", (low,):
                least = low if least is None else max(least, low)
            case "max", (high,):
                most = high if most is None else min(most, high)
            case "range", (low, high):
                least = low if least is None else max(least, low)
                most = high if most is None else min(most, high)
    return least, most


def patterns(refinements: tuple[types.Refinement, ...]) -> list[str]:
    """The patterns among refinements."""
    return [str(refinement.arguments[0]) for refinement in refinements if refinement.name == "pattern"]


def _within(edges: tuple[Any, ...], low: Any, high: Any, middle: Any) -> list[Any]:
    """What lies within the bounds, the bounds and their middle; plain ones first."""
    usual = [edge for edge in edges if low <= edge <= high]
    return list(dict.fromkeys([*usual, *(edge for edge in (low, high, middle) if low <= edge <= high)]))


def _of_length(text: str, least: int, most: int | None) -> str:
    return text.ljust(int(least), "a")[: None if most is None else int(most)]


def height(type: types.Type) -> int:
    """How many levels a value of the type has at least; a large number for one that holds itself in any case."""
    return _height(type, frozenset())


def _height(type: types.Type, around: frozenset[str]) -> int:
    if str(type) in around and isinstance(type, types.Record | types.Union):
        return 1000
    inside = around | {str(type)}
    match type:
        case types.Record(fields=fields):
            return 1 + max((_height(field.type, inside) for field in fields.values()), default=0)
        case types.Union(members=members):
            return min(_height(member, inside) for member in members)
        case types.Refined(base=types.ListType(item=inner), refinements=refinements):
            return 1 + (_height(inner, inside) if bounds(refinements)[0] else 0)
        case types.ListType() | types.MapType():
            return 1
    return 0


def members_of(type: types.Type) -> Iterator[types.Type]:
    """The members of a union, null for an optional type, or else the type itself."""
    match type:
        case types.Optional(inner=inner):
            yield types.NULL
            yield from members_of(inner)
        case types.Union(members=members):
            yield from members
        case _:
            yield type
