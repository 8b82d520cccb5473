"""Generated expressions with generated bindings, and generated patterns: JavaScript gives what Python gives, errors included."""

from __future__ import annotations

from typing import Any

import pytest
from agent_lattice.expr.tree import Expr, show
from agent_lattice.terms import Apply, Term, parts
from agent_lattice_clients.javascript.code import string
from agent_lattice_clients.javascript.forms import LOST, ZONED
from agent_lattice_clients.javascript.patterns import program
from agent_lattice_runtime.patterns import PatternError, compiled
from expr import test_differential as kinds
from expr import test_properties as plain
from expr.conftest import Lab
from expr.test_patterns import MATCHES
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from javascript.engine import Engine, outcome

SETTINGS = settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)


def is_carried(term: Term) -> bool:
    own = isinstance(term, Apply) and (term.function in LOST or term.function in ZONED)
    return not own and all(map(is_carried, parts(term)))


def agree(engine: Engine, text: str, env: dict[str, Any], types: dict[str, Any]) -> None:
    """Both forms of an expression give the same, unless it is not typed or not carried."""
    term, report = Lab.typed(text, variables=types)
    if term is not None and not report.found and is_carried(term):
        found, expected = engine.value(term, env, types), outcome(lambda: Lab.run(term, env))
        if "error" in (found[0], expected[0]):  # of two errors in one expression either may be the first
            found, expected = found[:1], expected[:1]
        assert found == expected, text


@SETTINGS
@given(plain.EXPRESSIONS, plain.VALUES)
def test_plain_types(engine: Engine, expr: Expr, env: dict[str, Any]) -> None:
    agree(engine, show(expr), env, plain.VARIABLES)


@SETTINGS
@given(kinds.EXPRESSIONS, kinds.BINDINGS)
def test_all_types(engine: Engine, text: str, bindings: dict[str, Any]) -> None:
    env = kinds.bound(bindings)
    agree(engine, text.replace("§(", "("), env, kinds.VARIABLES)
    agree(engine, text.replace("§(", "dyn("), env, kinds.VARIABLES)


@pytest.mark.parametrize(("pattern", "hit", "miss"), MATCHES)
def test_patterns(engine: Engine, pattern: str, hit: str, miss: str | None) -> None:
    for text in (hit, miss or "", f"{hit}\n", f"\n{hit}", f"_{hit}_"):
        found = engine.run(f"cel.finds({program(pattern)}, {string(text)})")
        assert found is compiled(pattern).search(text), (pattern, text)


WORDS = r"""a b ab . ^ $ \b \B \d \W [a-c] [^a] [[:upper:]] \pL \P{Ll} (a|b) (?:ab)* a? b+ a{2} b{1,3} (?i:a) (?i)é (?m)^ (?s:.)
😀 \z ( | )"""
PIECES = WORDS.split()


@SETTINGS
@given(st.lists(st.sampled_from(PIECES), max_size=6).map("".join), st.text("abAB1é😀\n_ É", max_size=8))
def test_generated_patterns(engine: Engine, pattern: str, text: str) -> None:
    try:
        expected = compiled(pattern).search(text)
    except PatternError:
        assume(False)
    assert engine.run(f"cel.finds({program(pattern)}, {string(text)})") is expected


@SETTINGS
@given(st.floats(), st.integers(0, 30), st.sampled_from("efds"))
def test_floats_as_text(engine: Engine, number: float, precision: int, letter: str) -> None:
    form = f"%.{precision}{letter}" if letter in "ef" else f"%{letter}"
    agree(engine, f"'{form}'.format([f])", {"f": number}, {"f": plain.FLOAT})
    agree(engine, "string(f)", {"f": number}, {"f": plain.FLOAT})


def test_a_pattern_cannot_hang_a_script(engine: Engine) -> None:
    """An engine that tries one way after the other needs 2^30 of them here."""
    assert engine.run(f"cel.finds({program('^(a|a)*$')}, 'a'.repeat(30000) + 'b')") is False
