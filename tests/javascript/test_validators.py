"""Validators of generated types: what they say of generated values, and what they make of them, is what those in Python do.

JavaScript cannot tell `1.0` from `1`, nor read an int beyond ±(2^53-1) that is written as a number: such values are left out.
"""

from __future__ import annotations

import json
import random
import re
from typing import Any

import pytest
from agent_lattice.plan import Plan
from agent_lattice_clients.javascript.checks import check, table
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from javascript.engine import Engine, shown
from targets.python import test_unions as unions
from targets.python import test_validators as validators
from targets.python.programs import body, made

SETTINGS = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


class Validators:
    """The validators of a type in both languages: of the only parameter `v` of a workflow."""

    def __init__(self, engine: Engine, compiled: Plan, python: unions.Check) -> None:
        self._engine = engine
        self._python = python
        workflow = next(one for one in compiled.workflows if one.name == compiled.main)
        self.type = workflow.params[0].type
        self._text = "\n".join(table(compiled.records, compiled.unions))

    def agree(self, value: Any) -> None:
        """Both say the same of JSON data, and make the same of it."""
        errors: list[str] = []
        found = self._python(value, "$", errors)
        expected = [errors, None if errors else shown(found)]
        call = f"{check(self.type)}(JSON.parse({json.dumps(json.dumps(value))}), '$', errors)"
        script = f"(() => {{ const errors = []; {self._text}\nconst made = {call};"
        result = self._engine.run(f"{script} return JSON.stringify([errors, errors.length ? null : show(made)]) }})()")
        assert _plain(json.loads(result)) == _plain(expected), (str(self.type), value)


def _plain(told: list[Any]) -> list[Any]:
    """What is told without how each language quotes keys and writes whole floats."""
    errors = [
        re.sub(r"(?<=\d)\.0(?=,|$)|(?<=e-)0", "", error.replace("'", '"').replace("NaN", "nan")) for error in told[0]
    ]
    return [errors, told[1]]


def is_readable(value: Any) -> bool:
    """Whether JavaScript reads the same from its JSON."""
    if isinstance(value, dict):
        return all(map(is_readable, value.values()))
    if isinstance(value, list):
        return all(map(is_readable, value))
    if isinstance(value, float):
        return value - value == 0 and not value.is_integer()
    return not isinstance(value, int) or abs(value) < 2**53


@SETTINGS
@given(unions._types(), st.integers(0, 2**32))
def test_unions(engine: Engine, text: str, seed: int) -> None:
    wanted = unions._declared(text)["Wanted"]
    compiled = made(body("return 1", f"v: {text}") + unions.DECLARED)
    both = Validators(engine, compiled, unions._checker(text))
    chance = random.Random(seed)
    for _ in range(20):
        value = unions._value(wanted, chance)
        if is_readable(value):
            both.agree(value)


@SETTINGS
@given(validators._types(), st.lists(validators._VALUES, max_size=10))
def test_plain_types(engine: Engine, text: str, values: list[Any]) -> None:
    compiled = made(body("return 1", f"v: {text}") + validators.DECLARED.replace('  "": null', ""))
    both = Validators(engine, compiled, validators._checker(text))
    for value in filter(is_readable, values):
        both.agree(value)


EXACT = [
    ("uint", [0, 7, -1, "18446744073709551615", "18446744073709551616", "7", 1.5, None, True]),
    ("int", ["9007199254740993", "-9223372036854775808", "9223372036854775808", "09007199254740993", "", "1e3"]),
    ("float", ["NaN", "Infinity", "-Infinity", "nan", 1, 2.5, "1"]),
    ("bytes", ["_w==", "/w", "YQ==", "Y", "*", 7, ""]),
    ("timestamp", ["2026-01-31T12:30:00Z", "2026-02-30T00:00:00Z", "2026-01-31t12:30:00.123456789+05:45", "x", 3]),
    ("duration", ["3.5s", "-0.000000001s", "1h", "3.s", 3, "999999999999s"]),
    ("map<int, string>", [{"10": "a", "9": "b", "-1": "c"}, {"01": "a"}, {"x": "a"}, [], {"9223372036854775808": "a"}]),
    ("map<uint, int>", [{"10": 1, "9": 2}, {"-1": 1}, {"18446744073709551616": 1}]),
    ("map<bool, int>", [{"true": 1, "false": 2}, {"True": 1}]),
    ("map<string, int>", [{"b": 1, "a": 2, "\u00e9": 3, "\U0001f600": 4, "\uffff": 5}, {"a": "x"}]),
    ("string", ["", "a\ud800b", "\U0001f600\udfff", "\U0001f600"]),
    ("(string @max(3) @min(2))?", [None, "\U0001f600\U0001f600", "abcd", "a"]),
    ('string @pattern("^(a|b)+$")', ["abab", "abc", ""]),
    ("bytes @max(2)", ["YWI=", "YWJj"]),
    ("float @range(-0.5, 2)", [-0.5, 2.25, "NaN"]),
]


@pytest.mark.parametrize(("text", "value"), [(text, value) for text, values in EXACT for value in values])
def test_what_json_has_no_form_for(engine: Engine, text: str, value: Any) -> None:
    compiled = made(body("return 1", f"v: {text}"))
    Validators(engine, compiled, unions._checker(text)).agree(value)
