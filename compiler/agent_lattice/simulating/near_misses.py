"""JSON that is almost of a type, and text that is almost JSON: what models and services give when they go wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from agent_lattice import types
from agent_lattice.simulating.belonging import belongs
from agent_lattice.simulating.choices import Choices
from agent_lattice.simulating.values import Values, bounds, members_of, patterns
from agent_lattice.unions import shape

_TRIES = 8
_OF_SCALARS: dict[type[types.Type], tuple[Any, ...]] = {
    types.Null: ("null", 0, {}),
    types.Bool: ("true", 1, None),
    types.Int: ("1", 1.5, None, 2**63, True, [1]),
    types.Uint: (-1, "1", None, 2**64, 0.5),
    types.Float: ("1.0", None, True, [0.5]),
    types.String: (None, 0, ["a"], {"text": "a"}),
    types.Bytes: ("***", None, 0),
    types.Timestamp: ("yesterday", "2024-13-01T00:00:00Z", 0, None),
    types.Duration: ("1 hour", 60, None),
}
_OF_SHAPES: dict[str, Any] = {"a bool": True, "a number": 1, "a string": "a", "a list": [], "an object": {"value": 1}}


class NearMisses:
    """Makes near misses by the decisions of a run; `at` says which one it is."""

    def __init__(self, choices: Choices) -> None:
        self._choices = choices
        self._values = Values(choices)

    def of(self, type: types.Type, at: str) -> Any:
        """JSON that is not of the type, though it may be close; None where there is no such JSON."""
        for number in range(_TRIES):
            found = self._tried(type, f"{at}!{number}" if number else at)
            if not belongs(type, found):
                return found
        return None

    def _tried(self, type: types.Type, at: str) -> Any:
        """JSON that is most probably not of the type."""
        ways = [*self._inner(type, at), *(_constant(value) for value in self._here(type))]
        return ways[self._choices.take(f"{at}!", len(ways))]() if ways else None

    def _inner(self, type: types.Type, at: str) -> list[Callable[[], Any]]:
        """Ways to spoil a part of a value, or to add or leave out one."""
        match types.base(type):
            case types.Optional(inner=inner):
                return [lambda: self._tried(inner, at)]
            case types.Record(fields=fields) as record:
                wrong = [self._with_field(record, name, at) for name in fields]
                return [*wrong, *(self._without(record, name, at) for name in fields), lambda: self._more(record, at)]
            case types.ListType(item=item) if not _takes_all(item):
                return [lambda: [self._tried(item, f"{at}[0]")]]
            case types.MapType(value=value) as mapping if not _takes_all(value):
                return [lambda: {self._key(mapping, at): self._tried(value, f"{at}.key")}]
            case types.Union(members=members):
                return [self._member(member, at) for member in members if isinstance(member, types.Record)]
        return []

    def _with_field(self, record: types.Record, name: str, at: str) -> Callable[[], Any]:
        def made() -> Any:
            field = record.fields[name].type
            wrong = ["not declared"] if _takes_all(field) else None
            value: dict[str, Any] = self._values.of(record, at)
            return value | ({"unexpected": wrong} if wrong else {name: self._tried(field, f"{at}.{name}")})

        return made

    def _without(self, record: types.Record, name: str, at: str) -> Callable[[], Any]:
        """The record without a field, or for one that may lack under another name."""

        def made() -> Any:
            value: dict[str, Any] = self._values.of(record, at)
            kept = {key: item for key, item in value.items() if key != name}
            may_lack = isinstance(record.fields[name].type, types.Optional | types.Null)
            return kept | ({f"{name}_": value[name]} if may_lack else {})

        return made

    def _more(self, record: types.Record, at: str) -> Any:
        value: dict[str, Any] = self._values.of(record, at)
        return value | {"unexpected": 1}

    def _member(self, record: types.Record, at: str) -> Callable[[], Any]:
        return lambda: self._more(record, at)

    def _key(self, mapping: types.MapType, at: str) -> str:
        keys = self._values.of(types.Refined(mapping, (types.Refinement("min", (1,)),)), f"{at}.key")
        return next(iter(keys), "k")

    def _here(self, type: types.Type) -> list[Any]:
        """What stands in place of the whole value."""
        match type:
            case types.AnyValue() | types.Unknown() | types.Dyn():
                return []
            case types.Optional(inner=inner):
                return [other for other in self._here(inner) if other is not None]
            case types.Refined(base=base, refinements=refinements):
                return [*self._beyond(base, refinements), *self._here(base)]
            case types.Literal(values=values):
                return [*(f"{value} " for value in values[:2]), "other", None, [values[0]]]
            case types.Record():
                return [None, "text", []]
            case types.ListType() | types.MapType():
                return [None, "text", {} if isinstance(type, types.ListType) else []]
            case types.Union():
                shapes = {shape(member) for member in members_of(type)}
                return [None, *(value for name, value in _OF_SHAPES.items() if name not in shapes)]
        return list(_OF_SCALARS.get(type.__class__, ()))

    def _beyond(self, base: types.Type, refinements: tuple[types.Refinement, ...]) -> list[Any]:
        """Values just outside of the bounds."""
        least, most = bounds(refinements)
        found: list[Any] = []
        if isinstance(base, types.Int | types.Uint | types.Float):
            found += [least - 1] if least is not None else []
            found += [most + 1] if most is not None and most < 2**53 else []
        elif isinstance(base, types.String):
            found += ["a" * (int(least) - 1)] if least else []
            found += ["a" * (int(most) + 1)] if most is not None and most < 10_000 else []
            found += ["\x00"] if patterns(refinements) and not _matches(refinements) else []
        elif isinstance(base, types.ListType) and least:
            found.append([])
        return found


def _constant(value: Any) -> Callable[[], Any]:
    return lambda: value


def _matches(refinements: tuple[types.Refinement, ...]) -> bool:
    from agent_lattice_runtime.patterns import compiled

    return all(compiled(pattern).search("\x00") for pattern in patterns(refinements))


def _takes_all(type: types.Type) -> bool:
    """Whether there is no JSON that is not of the type."""
    plain = types.base(type.inner if isinstance(type, types.Optional) else type)
    return isinstance(plain, types.AnyValue | types.Unknown | types.Dyn)


def spoiled_text(value: Any, choices: Choices, at: str) -> str:
    """The JSON of a value as a model may write it that does not keep to the form: cut off, wrapped, half quoted."""
    text = json.dumps(value, ensure_ascii=False)
    ways = (
        text[: len(text) // 2],
        "",
        f"Here is the answer: {text}",
        text.replace('"', "'") if '"' in text else f"{text},",
        f"{text}\n{text}",
        f"```json\n{text}",
        "[" * 2000,
        "NaN",
        "I cannot answer that.",
        "\ufeff\x00",
    )
    return ways[choices.take(f"{at}!text", len(ways))]
