"""Generated values against the validators of their types: values are of the type, near misses are not."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from agent_lattice import types
from agent_lattice.simulating.belonging import belongs
from agent_lattice.simulating.choices import Choices
from agent_lattice.simulating.near_misses import NearMisses, spoiled_text
from agent_lattice.simulating.values import Values
from agent_lattice_runtime.answers import json_answer
from agent_lattice_runtime.errors import Failure
from hypothesis import given, settings
from hypothesis import strategies as st
from targets.python import test_unions as unions
from targets.python import test_validators as validators
from targets.python.programs import body, made

TYPES = [
    "null", "bool", "int", "uint", "float", "string", "bytes", "timestamp", "duration", "any", '"a" | "b"', "1 | 2", "true",
    "list<int>", "map<string, int>", "map<int, bool>", "map<bool, string>", "map<uint, list<string>>", "string?", "list<any>",
    "int @min(3)", "int @max(-3)", "int @range(7, 7)", "uint @min(5)", "float @range(-0.5, 2)", "float @min(1000000)",
    "string @min(4)", "string @max(2)", "string @min(2) @max(3)", "bytes @min(2) @max(4)", "list<int> @min(2) @max(3)",
    "map<string, int> @min(2)", "list<string> @max(0)", "(string @max(3) @min(2))?",
    'string @pattern("^A[0-9]{4}$")', 'string @pattern("^[a-z]{2}$")', 'string @pattern("(ab|cd)+x?") @min(9)',
    r'string @pattern(r"^\\d{3}-[^0-9]+$") @max(8)', r'string @pattern(r"(?i)^hello\\b") @min(7)', r'string @pattern(r"^\\p{Lu}\\w*$")',
    'string @pattern("^.{3,}$") @pattern("z")', 'list<string @pattern("^[A-F]+$")>', "Card", "Pay", "Order", "Node", "Json", "Event",
    "Numbered | Other", "Card | int | null", "list<Node> @min(1)", "any?",
]  # fmt: skip


def wanted(text: str) -> types.Type:
    compiled = made(body("return 1", f"v: {text}") + unions.DECLARED)
    return next(one for one in compiled.workflows if one.name == compiled.main).params[0].type


def errors_of(check: Any, value: Any) -> list[str]:
    errors: list[str] = []
    check(json.loads(json.dumps(value)), "$", errors)
    return errors


def has_no_miss(type: types.Type) -> bool:
    plain = types.base(type.inner if isinstance(type, types.Optional) else type)
    return isinstance(plain, types.AnyValue) or str(type) == "Json"


@pytest.mark.parametrize("text", TYPES)
def test_values_are_of_their_type_and_near_misses_are_not(text: str) -> None:
    type, check = wanted(text), unions._checker(text)
    for number in range(60):
        value = Values(Choices(1, number)).of(type, "v")
        assert errors_of(check, value) == [], value
        miss = NearMisses(Choices(1, number)).of(type, "v")
        assert errors_of(check, miss) or has_no_miss(type), miss


@settings(max_examples=60, deadline=None)
@given(unions._types(), st.integers(0, 2**32))
def test_values_of_unions(text: str, seed: int) -> None:
    type, check = unions._declared(text)["Wanted"], unions._checker(text)
    chance = random.Random(seed)
    for number in range(10):
        value = Values(Choices(seed, number)).of(type, "v")
        assert errors_of(check, value) == [], value
        miss = NearMisses(Choices(seed, number)).of(type, "v")
        assert belongs(type, miss) == (errors_of(check, miss) == [])
        value = unions._value(type, chance)
        assert belongs(type, value) == (errors_of(check, value) == []), value


@settings(max_examples=60, deadline=None)
@given(validators._types(), st.integers(0, 2**32))
def test_values_of_any_type(text: str, seed: int) -> None:
    source = body("return 1", f"v: {text}") + validators.DECLARED.replace('  "": null', "")
    compiled = made(source)
    type = next(one for one in compiled.workflows if one.name == compiled.main).params[0].type
    check = validators._checker(text)
    for number in range(10):
        assert errors_of(check, Values(Choices(seed, number)).of(type, "v")) == []
        miss = NearMisses(Choices(seed, number)).of(type, "v")
        assert errors_of(check, miss) or has_no_miss(type), miss


def test_the_decisions_of_a_value_make_it_again_and_none_make_the_plainest() -> None:
    type = wanted("Order")
    seen = set()
    for number in range(50):
        choices = Choices(3, number)
        value = Values(choices).of(type, "v")
        assert Values(Choices(given=choices.taken)).of(type, "v") == value
        seen.add(json.dumps(value))
    assert len(seen) > 20
    assert Values(Choices(given={})).of(type, "v") == {
        "id": "a",
        "pay": {"kind": "card", "number": "aa", "amount": None},
    }


def test_a_decision_does_not_depend_on_the_others() -> None:
    one, other = Choices(5, 9), Choices(5, 9)
    order = [one.take(label, 1000) for label in "abc"]
    assert [other.take(label, 1000) for label in "cba"] == order[::-1]
    assert Choices(5, 10).take("a", 2**30) != Choices(5, 9).take("a", 2**30) != Choices(6, 9).take("a", 2**30)
    assert [Choices(given={"a": 7}).take("a", among) for among in (1, 3, 20)] == [0, 2, 7]
    hits = sum(Choices(1, number).some("x", 20) for number in range(1000))
    assert 150 < hits < 250
    assert {Choices(1, number).some("x", 100, 3) for number in range(50)} == {1, 2, 3}
    assert Choices(1, 1).some("x", 0) == 0


def test_spoiled_text_is_no_json_or_other_json() -> None:
    value = {"verdict": "approve", "confidence": 0.5}
    spoiled = 0
    for number in range(60):
        try:
            spoiled += json_answer(spoiled_text(value, Choices(1, number), "v")) != value
        except Failure as failure:
            assert failure.code == "malformed_output"
            spoiled += 1
    assert spoiled == 60
