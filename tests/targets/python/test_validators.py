"""Generated validators: what they accept, what they say, and that they agree with the JSON Schema of the type.

Where the schema differs by design: ints and floats outside of JSON's numbers travel as strings; 1.0 is no int here;
lone surrogates are no text; a pattern is RE2; a record that contains itself has a bound on its levels.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import jsonschema
import pytest
from agent_lattice import types
from agent_lattice.plan import Plan
from agent_lattice_runtime import checks
from agent_lattice_runtime.canonical import canonical, recorded
from agent_lattice_targets.python.memory import load_all
from agent_lattice_targets.python.schemas import json_schema
from hypothesis import given, settings
from hypothesis import strategies as st
from targets.python.programs import body, made

Check = Callable[[object, str, list[str]], Any]

DECLARED = """
type Color = "red" | "green" | "dark blue"
type Level = 1 | 2 | 30
type Leaf { name: string  color: Color?  size: float @range(0.0, 1.0)  count: int @min(0) }
type Tree { leaf: Leaf?  children: list<Tree>  index: map<string, Leaf> }
type Word = string @min(2) @max(4) @pattern("^[a-z]+$")
type Everything {
  nothing: null  flag: bool  number: int  amount: float  text: string  color: Color  level: Level  only: true
  word: Word  maybe: Word?  many: list<int> @max(3)  grid: list<list<float>>  by_name: map<string, bool>
  leaf: Leaf  maybe_leaf: Leaf?  leaves: list<Leaf>  levels: list<Level?>  class: string?  "": null
}
"""


@cache
def _checker(type: str) -> Check:
    """The validator of a type: that of a workflow's only parameter."""
    compiled = made(body("return 1", f"v: {type}") + DECLARED.replace('  "": null', ""))
    check = load_all(compiled)["main"].input

    def only(value: object, path: str, errors: list[str]) -> Any:
        found = check({"v": value}, path, errors)
        errors[:] = [error.replace(f"{path}.v", path, 1) for error in errors]
        return found.get("v")

    return only


def problems(type: str, value: object) -> list[str]:
    errors: list[str] = []
    _checker(type)(value, "$", errors)
    return errors


def decoded(type: str, value: object) -> Any:
    errors: list[str] = []
    result = _checker(type)(value, "$", errors)
    assert errors == []
    return result


@pytest.mark.parametrize(
    ("type", "value", "expected"),
    [
        ("string", 1, ["$: expected string, found int"]),
        ("string", "a\ud800b", ["$: the string has a lone surrogate at position 1"]),
        ("int", True, ["$: expected int, found bool"]),
        ("int", 1.0, ["$: expected int, found float"]),
        ("int", 2**63, ["$: the int does not fit 64 bits"]),
        ("int", "7", ["$: expected int, found string"]),
        ("int", "9223372036854775808", ["$: expected int, found string"]),
        ("int", "09007199254740993", ["$: expected int, found string"]),
        ("int", "", ["$: expected int, found string"]),
        ("float", "nan", ["$: expected float, found string"]),
        ("float", 10**400, ["$: the number does not fit a float"]),
        ("float", False, ["$: expected float, found bool"]),
        ("bool", 1, ["$: expected bool, found int"]),
        ("null", 0, ["$: expected null, found int"]),
        ("list<int>", {"a": 1}, ["$: expected list, found object"]),
        ("list<int>", [1, "x", None], ["$[1]: expected int, found string", "$[2]: expected int, found null"]),
        ("map<string, int>", {"a": "b"}, ["$.a: expected int, found string"]),
        ("map<string, int>", {1: 2}, ["$: expected string keys, found int"]),
        ("Color", "blue", ['$: expected "red" or "green" or "dark blue", found "blue"']),
        ("Level", True, ["$: expected 1 or 2 or 30, found true"]),
        ("Level", 1.0, ["$: expected 1 or 2 or 30, found float"]),
        ("Word", "a", ["$: expected at least 2 characters, found 1"]),
        ("Word", "ABCDE", ["$: expected at most 4 characters, found 5", "$: does not match the pattern ^[a-z]+$"]),
        ("Leaf", [], ["$: expected Leaf (an object), found list"]),
        (
            "Leaf",
            {"size": float("nan"), "count": -1, "nam": "x"},
            [
                "$.name: missing, expected string",
                "$.size: expected at least 0.0, found nan",
                "$.size: expected at most 1.0, found nan",
                "$.count: expected at least 0, found -1",
                "$.nam: unknown field",
            ],
        ),
        (
            "list<Leaf>",
            [{"name": "a", "size": 0.5, "count": 1}, {"name": 1, "size": 0.5, "count": 1}],
            ["$[1].name: expected string, found int"],
        ),
        (
            "Tree?",
            {"children": [{"children": 1, "index": {}}], "index": {}},
            ["$.children[0].children: expected list, found int"],
        ),
    ],
)
def test_every_problem_is_named_with_its_place(type: str, value: object, expected: list[str]) -> None:
    assert problems(type, value) == expected


@pytest.mark.parametrize(
    ("type", "value", "expected"),
    [
        ("int", "9007199254740993", 9007199254740993),
        ("int", "-9223372036854775808", -(2**63)),
        ("int", 2**53 + 1, 2**53 + 1),
        ("float", 3, 3.0),
        ("float", "-Infinity", float("-inf")),
        ("Leaf", {"name": "é", "size": 0, "count": 1}, {"name": "é", "color": None, "size": 0.0, "count": 1}),
        ("Color?", None, None),
        ("list<Level?>", [1, None], [1, None]),
    ],
)
def test_values_are_decoded_from_their_wire_form(type: str, value: object, expected: object) -> None:
    found = decoded(type, value)
    assert (found, str(found)) == (expected, str(expected))


class Text(str):
    """A string of a tool's own kind."""


def test_a_map_is_in_the_same_order_before_and_after_it_was_recorded() -> None:
    assert list(decoded("map<string, int>", {"b": 1, "a": 2, "\U0001f600": 3, "\uffff": 4})) == [
        "a",
        "b",
        "\uffff",
        "\U0001f600",
    ]


def test_values_of_subclasses_become_plain_ones() -> None:
    assert decoded("string", Text("é")).__class__ is str
    assert decoded("list<int>", (1, 2)) == [1, 2]


def test_a_value_nested_too_deeply_is_a_problem_not_a_crash() -> None:
    value: dict[str, Any] = {"children": [], "index": {}}
    for _ in range(10_000):
        value = {"children": [value], "index": {}}
    (problem,) = problems("Tree", value)
    assert problem.endswith(f"nested deeper than {checks.DEEPEST} levels")
    for _ in range(9_950):
        value = value["children"][0]
    assert problems("Tree", value) == []


def _types() -> st.SearchStrategy[str]:
    plain = st.sampled_from(
        [
            "null",
            "bool",
            "int",
            "uint",
            "duration",
            "float",
            "string",
            "Color",
            "Level",
            "Leaf",
            "Word",
            "true",
            '"x" | "y"',
        ]
    )
    bounded = st.sampled_from(
        ["int @range(-5, 5)", "uint @max(3)", "float @min(0.5)", "string @max(2)", "list<int> @min(1) @max(2)"]
    )
    inner = plain | bounded
    return st.recursive(
        inner,
        lambda of: (
            of.map(lambda type: f"list<({type})>" if "|" in type or "@" in type else f"list<{type}>")
            | st.builds(
                lambda key, type: f"map<{key}, ({type})>" if "|" in type or "@" in type else f"map<{key}, {type}>",
                st.sampled_from(["string", "int", "uint", "bool"]),
                of,
            )
            | of.filter(lambda type: not type.endswith("?") and type != "null").map(lambda type: f"({type})?")
        ),
        max_leaves=3,
    )


def _type_of(compiled: Plan) -> types.Type:
    return next(workflow for workflow in compiled.workflows if workflow.name == "main").params[0].type


@cache
def _schema(type: str) -> Any:
    compiled = made(body("return 1", f"v: {type}") + DECLARED.replace('  "": null', ""))
    schema = json_schema(_type_of(compiled))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-8, 40)
    | st.floats(allow_nan=False, allow_infinity=False, width=16).filter(lambda number: not number.is_integer())
    | st.sampled_from(["", "x", "y", "ab", "abcde", "red", "green", "AB", "1s", "-0.5s", "1.s", "1h"])
)
_VALUES = st.recursive(
    _SCALARS,
    lambda of: (
        st.lists(of, max_size=4)
        | st.dictionaries(st.sampled_from(["name", "color", "size", "count", "z"]), of, max_size=5)
        | st.dictionaries(st.sampled_from(["true", "false", "0", "12", "-3", "01", "-0"]), of, max_size=3)
        | st.fixed_dictionaries(
            {"name": st.just("n"), "size": st.sampled_from([0.5, 2.5, 1]), "count": st.integers(-1, 3)},
            optional={"color": st.sampled_from(["red", "pink", None]), "other": st.none()},
        )
    ),
    max_leaves=6,
)


@settings(max_examples=800, deadline=None)
@given(_types(), _VALUES)
def test_the_validator_accepts_what_the_schema_accepts(type: str, value: object) -> None:
    accepted = problems(type, value) == []
    assert accepted == _schema(type).is_valid(value), problems(type, value)


@settings(max_examples=300, deadline=None)
@given(_types(), _VALUES)
def test_what_was_decoded_decodes_to_itself(type: str, value: object) -> None:
    if problems(type, value) == []:
        found = decoded(type, value)
        again = decoded(type, recorded(canonical(found)))
        assert canonical(found) == canonical(again) and repr(found) == repr(again)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["Tree", "Leaf", "list<Leaf?>", "map<string, Word>", "int", "Level?"])
    | st.sampled_from(["uint", "bytes @max(3)", "timestamp", "duration?", "map<int, bytes>", "map<bool, uint>"]),
    st.from_regex(r"\A[\x00-\U0010ffff]{0,9}\Z")
    | st.binary()
    | st.integers()
    | st.floats()
    | st.sets(st.integers())
    | st.lists(st.dictionaries(st.integers(), st.binary()))
    | st.dictionaries(st.integers() | st.booleans() | st.text(), st.binary())
    | st.datetimes(timezones=st.none() | st.timezones())
    | st.timedeltas()
    | st.from_regex(r"\A-?[0-9]{1,13}(\.[0-9]{0,10})?s\Z|\A[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z\Z"),
)
def test_no_value_at_all_makes_a_validator_raise(type: str, value: object) -> None:
    assert all(problem.startswith("$") for problem in problems(type, value))


def test_a_record_of_everything() -> None:
    value = {
        "nothing": None, "flag": True, "number": 1, "amount": 1.5, "text": "t", "color": "red", "level": 30, "only": True,
        "word": "abc", "maybe": None, "many": [], "grid": [[1.0], []], "by_name": {"ä": False},
        "leaf": {"name": "n", "color": None, "size": 0.0, "count": 0}, "maybe_leaf": None,
        "leaves": [], "levels": [None], "class": None,
    }  # fmt: skip
    assert decoded("Everything", value) == value
    assert _schema("Everything").is_valid(value)
    assert problems("Everything", {}) == [
        f"$.{name}: missing, expected {what}"
        for name, what in [
            ("flag", "bool"), ("number", "int"), ("amount", "float"), ("text", "string"),
            ("color", '"red" or "green" or "dark blue"'), ("level", "1 or 2 or 30"), ("only", "true"), ("word", "string"),
            ("many", "list"), ("grid", "list"), ("by_name", "object"), ("leaf", "Leaf (an object)"), ("leaves", "list"),
            ("levels", "list"),
        ]
    ]  # fmt: skip
