"""`lattice eval`: values as JSON, errors as exit code 1."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli.running import lattice, process
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("expr", "value"),
    [
        ("1 + 2", "3"),
        ("-1 + 2", "1"),
        ("--1", "1"),
        ("-hours", "-3"),
        ("1.0", "1"),
        ("9007199254740991 + 2", '"9007199254740993"'),
        ("1.0 / 0.0", '"Infinity"'),
        ("[1, 2].map(x, x * hours)", "[3,6]"),
        ("'日' + \"é\"", '"日é"'),
        ("order.paid ? order.id : null", '"A1"'),
        ('{"b": 1, "a": [true]}', '{"a":[true],"b":1}'),
        ("has(order.missing)", "false"),
    ],
)
def test_values(expr: str, value: str) -> None:
    ran = lattice("eval", expr, "--bindings", '{"hours": 3, "order": {"id": "A1", "paid": true}}')
    assert (ran.exit_code, ran.stdout, ran.stderr) == (0, f"{value}\n", "")


@pytest.mark.parametrize("expr", ["1 / 0", "9223372036854775807 + 1", "[1][5]", "order.missing", "int('x')"])
def test_errors_of_evaluation(expr: str) -> None:
    ran = lattice("eval", expr, "--bindings", '{"order": {}}')
    assert (ran.exit_code, ran.stdout) == (1, "")
    assert ran.stderr.startswith("error: ")
    assert ran.stderr.count("\n") == 1


@pytest.mark.parametrize("expr", ["1 +", "nowhere", "1 + 'a'", "", "\x00", "f("])
def test_expressions_that_mean_nothing(expr: str) -> None:
    ran = lattice("eval", expr)
    assert (ran.exit_code, ran.stdout) == (1, "")
    assert ran.stderr.startswith("error[LAT")
    assert " --> <expression>:1:" in ran.stderr


def test_bindings_from_a_file_and_standard_input(here: Path) -> None:
    (here / "b.json").write_text('{"x": 2}')
    assert lattice("eval", "x + 1", "--bindings", "b.json").stdout == "3\n"
    assert lattice("eval", "x + 1", "--bindings", "-", input='{"x": 4}').stdout == "5\n"


@pytest.mark.parametrize("bindings", ["[1]", "{", '"x"', "nowhere.json", '{"x": 1} 2', ""])
def test_unusable_bindings(bindings: str) -> None:
    ran = lattice("eval", "1", "--bindings", bindings)
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert ran.stderr.count("\n") == 1


def test_a_negative_expression_in_a_real_process() -> None:
    assert process("eval", "-2 * 3").stdout == b"-6\n"


@given(st.text(max_size=40), st.text(max_size=20))
def test_any_text_gives_a_value_or_an_error(expr: str, bindings: str) -> None:
    ran = lattice("eval", "--bindings", bindings, "--", expr)
    assert ran.exit_code in (0, 1, 2), ran.output
    assert "Traceback" not in ran.output
