"""Unions and `any`: validators beside the JSON Schema of the type, types through their schema and back, what is said of wrong values.

Random types are texts over the declarations below; random values are made of the type and then, some of them, spoiled.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
from agent_lattice import types
from agent_lattice.driver import compile_source
from agent_lattice.schema_reading import SchemaReader
from agent_lattice.type_text import declarations
from agent_lattice_runtime.canonical import canonical, recorded
from agent_lattice_runtime.providers.strict_schema import as_object, strict
from agent_lattice_targets.python.memory import load_all
from agent_lattice_targets.python.schemas import json_schema
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from targets.python.programs import body, made

Check = Callable[[object, str, list[str]], Any]

DECLARED = """
type Card { kind: "card"  number: string @min(2)  amount: float? }
type Bank { kind: "bank" | "wire"  iban: string  amount: float @range(0, 5) }
type Pay = Card | Bank
type Order { id: string  pay: Pay }
type Refund { id: string  lines: list<string> @max(2)  note: string? }
type Ping { }
type Node { left: Node | int  right: (Node | string)? }
type Json = null | bool | float | string | list<Json> | map<string, Json>
type Event = Order | Refund | string | (int @min(0))
type Numbered { code: 1 | 2  x: int }
type Other { code: 3  x: int }
"""

_OBJECTS = ["Pay", "Order", "Order | Refund", "Node", "Ping", "Numbered | Other", "Card | Order", "map<string, INNER>"]
_SHAPES = {
    "object": _OBJECTS,
    "string": ["string", '"a" | "b"', "(string @max(2))", "timestamp"],
    "number": ["int", "float", "1 | 2", "(int @range(-2, 5))"],
    "bool": ["bool", "true"],
    "list": ["list<INNER>", "(list<INNER> @min(1))"],
}


@st.composite
def _types(draw: st.DrawFn, depth: int = 3) -> str:
    """The text of a type whose unions can be told apart."""
    if depth == 0 or draw(st.integers(0, 3)) == 0:
        return draw(st.sampled_from(["int", "string", "Pay", "Json", "Event", "any", "null", "Node", "Pay?"]))
    shapes = draw(st.lists(st.sampled_from(sorted(_SHAPES)), min_size=1, max_size=3, unique=True))
    parts = [draw(st.sampled_from(_SHAPES[shape])) for shape in shapes]
    parts = [part.replace("INNER", draw(_types(depth - 1))) if "INNER" in part else part for part in parts]
    text = " | ".join(parts)
    return f"{text} | null" if draw(st.booleans()) else text


def _declared(type: str) -> dict[str, types.Type]:
    compilation = compile_source("t.lat", f"{DECLARED}\ntype Wanted = {type}\n".encode(), lambda name: None)
    if compilation.report.failed:
        assume(False)
    assert compilation.program
    return {symbol.name: symbol.value for symbol in compilation.program.main.of_sort("type")}


def _checker(type: str) -> Check:
    """The validator of a type, as that of a workflow's only parameter."""
    check = load_all(made(body("return 1", f"v: {type}") + DECLARED))["main"].input

    def only(value: object, path: str, errors: list[str]) -> Any:
        found = check({"v": value}, path, errors)
        errors[:] = [error.replace(f"{path}.v", path, 1) for error in errors]
        return found.get("v")

    return only


def problems(type: str, value: object) -> list[str]:
    errors: list[str] = []
    _checker(type)(value, "$", errors)
    return errors


_ANYTHING: list[Any] = [None, True, False, 0, 1, 7, -3, 2.5, "", "a", "abc", [], [1], {}, {"kind": "card"}, {"id": "x"}]


def _value(type: types.Type, chance: random.Random, depth: int = 5) -> Any:
    """A value that mostly is of the type."""
    if depth == 0 or chance.random() < 0.04:
        return chance.choice(_ANYTHING)
    match type:
        case types.Optional(inner=inner):
            return None if chance.random() < 0.3 else _value(inner, chance, depth)
        case types.Union(members=members):
            return _value(chance.choice(members), chance, depth)
        case types.Record(fields=fields):
            kept = [one for one in fields.values() if not isinstance(one.type, types.Optional) or chance.random() < 0.5]
            found = {one.name: _value(one.type, chance, depth - 1) for one in kept}
            return found | ({"more": 1} if chance.random() < 0.05 else {})
        case types.ListType(item=item):
            return [_value(item, chance, depth - 1) for _ in range(chance.randint(0, 3))]
        case types.MapType(value=item):
            return {key: _value(item, chance, depth - 1) for key in chance.sample(["a", "b", "id", "kind"], 2)}
        case types.Refined(base=base):
            return _value(base, chance, depth)
        case types.Literal(values=values):
            return chance.choice(values)
        case types.Float():
            return chance.choice([0, 1, 2.5, 4.75, -0.5, 9.5])
    scalars = {"null": [None], "bool": [True, False], "int": [0, 1, 3, 7, -3], "string": ["", "a", "ab", "abc"]}
    scalars["timestamp"] = ["2026-01-31T12:30:00Z", "2026-01-31T12:30:00.5+01:00"]
    return chance.choice(scalars.get(str(type), _ANYTHING))


@settings(max_examples=150, deadline=None)
@given(_types(), st.integers(0, 2**32))
def test_a_validator_accepts_what_the_schema_accepts(text: str, seed: int) -> None:
    wanted = _declared(text)["Wanted"]
    schema = json_schema(wanted)
    jsonschema.Draft202012Validator.check_schema(schema)
    other, check = jsonschema.Draft202012Validator(schema), _checker(text)
    chance = random.Random(seed)
    for _ in range(40):
        value = _value(wanted, chance)
        errors: list[str] = []
        found = check(value, "$", errors)
        if "timestamp" not in text:  # a format is an annotation there
            assert (errors == []) == other.is_valid(value), (value, errors)
        assert all(error.startswith("$") for error in errors)
        if not errors:
            again: list[str] = []
            assert canonical(check(recorded(canonical(found)), "$", again)) == canonical(found) and not again


@settings(max_examples=150, deadline=None)
@given(_types())
def test_a_type_is_the_same_after_its_schema(text: str) -> None:
    before = _declared(text)
    schemas = {name: json_schema(type) for name, type in before.items()}
    definitions = {name: {k: v for k, v in one.items() if k != "$defs"} for name, one in schemas.items()}
    reader = SchemaReader({"$defs": definitions})
    read = declarations(reader.read("Root"), reader.docs)
    assert reader.lost == []
    compilation = compile_source("read.lat", read.encode(), lambda name: None)
    assert not compilation.report.failed and compilation.program, read
    after = {symbol.name: symbol.value for symbol in compilation.program.main.of_sort("type")}
    assert after.keys() == before.keys()
    for name, type in before.items():
        assert json_schema(after[name]) == schemas[name]
        assert str(after[name]) in (str(type), name) or "@" in text  # the order of bounds is lost


@pytest.mark.parametrize(
    ("type", "value", "expected"),
    [
        (
            "Pay",
            {"kind": "bank", "iban": 1, "amount": 9.5, "x": 1},
            [
                "$.iban: expected string, found int",
                "$.amount: expected at most 5, found 9.5",
                "$.x: unknown field",
            ],
        ),
        ("Pay", {"kind": "cash"}, ['$.kind: expected "card" or "bank" or "wire", found "cash"']),
        ("Pay", {"iban": ""}, ['$.kind: missing, expected "card" or "bank" or "wire"']),
        ("Pay", {"kind": ["card"]}, ['$.kind: expected "card" or "bank" or "wire", found list']),
        ("Pay", 1, ["$: expected Card or Bank, found int"]),
        ("Numbered | Other", {"code": True, "x": 1}, ["$.code: expected 1 or 2 or 3, found true"]),
        ("Event", {"id": "x", "pay": {"kind": "card"}}, ["$.pay.number: missing, expected string"]),
        ("Event", {"id": "x"}, ["$.lines: missing, expected list"]),
        ("Event", -1, ["$: expected at least 0, found -1"]),
        ("Event", 2**60, ["$: an int beyond ±(2^53-1) cannot be told from a string here"]),
        ("Event", 1.5, ["$: expected Order, Refund, string or int, found float"]),
        (
            "list<Pay>",
            [{"kind": "card", "number": "1"}, {"kind": "wire"}, 7],
            [
                "$[0].number: expected at least 2 characters, found 1",
                "$[1].iban: missing, expected string",
                "$[1].amount: missing, expected float",
                "$[2]: expected Card or Bank, found int",
            ],
        ),
        ("Json", {"a": [1, {"b": float("nan")}]}, ["$.a[1].b: nan cannot be told from a string here"]),
        ("any", {"a": {1}}, ["$: the value cannot be stored as JSON: a set is not a JSON value"]),
        ("bool | (timestamp)", 7, ["$: expected timestamp, found int"]),
    ],
)
def test_only_the_meant_member_speaks(type: str, value: object, expected: list[str]) -> None:
    assert problems(type, value) == expected


@pytest.mark.parametrize("type", ["Pay", "Event", "Pay | string", "Numbered | Other | null", "Order", "Node"])
def test_what_a_strict_schema_describes_is_a_value_of_the_type(type: str) -> None:
    """Services decode against the strict form; null stands there for a field that is left out."""
    wanted, chance = _declared(type)["Wanted"], random.Random(type)
    whole, wrapped = as_object(json_schema(wanted))
    described, check = jsonschema.Draft202012Validator(strict(whole)), _checker(type)
    accepted = 0
    for _ in range(300):
        errors: list[str] = []
        value = check(_value(wanted, chance), "$", errors)
        if not errors:
            assert described.is_valid({"value": value} if wrapped else value), value
            accepted += 1
    assert accepted > 100


def test_any_is_as_it_will_be_when_it_was_recorded() -> None:
    errors: list[str] = []
    value = {"b": 1.0, "a": [2**60, float("inf"), None]}
    found = _checker("any")(value, "$", errors)
    assert json.dumps(found) == '{"a": ["1152921504606846976", "Infinity", null], "b": 1}' and not errors


def test_a_union_that_nests_too_deeply_is_a_problem_not_a_crash() -> None:
    value: Any = []
    for _ in range(5_000):
        value = [value]
    (problem,) = problems("Json", value)
    assert "nested deeper than" in problem


@pytest.mark.parametrize(
    ("schema", "text", "lost"),
    [
        ({"type": ["string", "null"], "maxLength": 3}, "type Root = (string @max(3))?", []),
        ({"type": "object"}, "type Root = map<string, any>", []),
        ({"oneOf": [{"const": "a"}, {"enum": [1, None]}]}, 'type Root = "a" | 1 | null', []),
        ({"not": {}}, "type Root = any", ["#: this may be anything"]),
        ({"type": "string", "minLength": 1.5}, "type Root = string @min(1)", ["#/minLength: 1.5 is no whole number"]),
        ({"type": "number", "multipleOf": 2}, "type Root = float", ["#/multipleOf: `multipleOf` has no counterpart"]),
        ({"$ref": "other.json"}, "type Root = any", ["#/$ref: `other.json` is not in this document"]),
        ({"$ref": "#/$defs/x"}, "type Root = any", ["#/$defs/x: nothing stands there"]),
        (
            {"type": "object", "properties": {"a b": {}, "c": {"type": "integer"}}},
            "type Root {\nc: int?\n}",
            [
                "#/properties/a b: `a b` cannot be the name of a field",
                "#: a record has no other fields than those it names",
            ],
        ),
        (
            {"anyOf": [{"type": "integer"}, {"type": "number"}]},
            "type Root = any",
            ["#: nothing tells `int` and `float` apart"],
        ),
        (False, "type Root = any", ["#: no value is allowed"]),
        ([1], "type Root = any", ["#: this is no schema"]),
    ],
)
def test_what_a_schema_says_and_no_type_can_is_named(schema: Any, text: str, lost: list[str]) -> None:
    reader = SchemaReader(schema)
    assert declarations(reader.read("Root"), reader.docs).strip() == text
    assert reader.lost == lost


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda of: st.lists(of, max_size=3) | st.dictionaries(st.text(max_size=3), of, max_size=3),
    max_leaves=5,
)
_KEYWORDS = [
    "type",
    "enum",
    "const",
    "anyOf",
    "oneOf",
    "allOf",
    "items",
    "properties",
    "required",
    "additionalProperties",
    "propertyNames",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "pattern",
    "format",
    "$ref",
    "$defs",
    "description",
    "title",
    "contentEncoding",
]
_WORDS = st.sampled_from(["string", "object", "array", "integer", "number", "null", "#", "#/$defs/a", "uint64", "("])


@settings(max_examples=500, deadline=None)
@given(
    st.recursive(
        _JSON | _WORDS,
        lambda of: (
            st.dictionaries(st.sampled_from(_KEYWORDS), of, max_size=5)
            | st.lists(of, max_size=3)
            | st.dictionaries(st.sampled_from(["a", "b", "class", "a b"]), of, max_size=2)
        ),
        max_leaves=12,
    )
)
def test_any_json_at_all_becomes_declarations_that_compile(schema: Any) -> None:
    reader = SchemaReader(schema)
    text = declarations(reader.read("Root"), reader.docs)
    compilation = compile_source("read.lat", text.encode("utf-8", "replace"), lambda name: None)
    found = [d for d in compilation.report.found if d.code.name not in ("declaration-cycle", "nothing-declared")]
    assert not found, (text, [d.message for d in found])
