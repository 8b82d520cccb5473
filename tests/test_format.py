"""The formatter: same tree, every comment, stable; on all programs there are, random ones, and random layouts of both."""

from __future__ import annotations

import random
import re
import time
from pathlib import Path

import pytest
from agent_lattice.diagnostics import Report
from agent_lattice.format import formatted
from agent_lattice.layout import WIDTH
from agent_lattice.parse import parse
from agent_lattice.source import Source
from agent_lattice.tree import Module
from hypothesis import given, settings
from hypothesis import strategies as st
from random_programs import derived, laid_out, tokens

TESTS = Path(__file__).parent
EXAMPLES = sorted((TESTS.parent / "examples").rglob("*.lat"))
RIGHT = sorted(path for path in TESTS.rglob("*.lat") if path.stem == "right") + EXAMPLES
ANY = sorted(TESTS.rglob("*.lat")) + EXAMPLES
CASES = sorted((TESTS / "format").glob("*.txt"))
SEEDS = st.integers(0, 2**32)


def read(text: str) -> tuple[Module, Report]:
    report = Report()
    return parse(Source("case.lat", text), report), report


def fmt(text: str) -> str:
    report = Report()
    made = formatted(Source("case.lat", text), report)
    assert not report.found
    return made


def notes(module: Module) -> list[str]:
    return [comment.text for comment in module.comments]


def check(text: str) -> None:
    """A text that parses is formatted to the same tree with the same comments, once and for all."""
    before, report = read(text)
    if report.failed:
        return
    made = fmt(text)
    after, report = read(made)
    assert not report.found, made
    assert after == before, made
    assert notes(after) == notes(before), made
    assert fmt(made) == made
    assert made.strip("\n") + "\n" == made or not made
    if '"""' not in made and "Wrong(" not in repr(before):  # what means nothing may stay as it is
        assert "\n\n\n" not in made
        assert all(line == line.rstrip() for line in made.split("\n"))
        assert notes(before) or not re.search(r"\t|\{\n\n|\n\n *\}", made)


@pytest.mark.parametrize("path", ANY, ids=lambda path: str(path.relative_to(TESTS.parent)))
def test_programs_keep_their_tree_and_comments(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    _, report = read(text)
    if report.failed:
        assert formatted(Source("case.lat", text), Report()) == text
    else:
        check(text)


@pytest.mark.parametrize("path", RIGHT, ids=lambda path: str(path.relative_to(TESTS.parent)))
def test_the_programs_of_the_project_are_formatted(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert fmt(text) == text


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(ANY), SEEDS)
def test_any_layout_of_a_program(path: Path, seed: int) -> None:
    chance = random.Random(seed)
    sequence = tokens(path.read_text(encoding="utf-8"))
    check(laid_out(chance, sequence, notes=chance.choice([0, 0.02, 0.3])))


@settings(max_examples=300, deadline=None)
@given(SEEDS)
def test_any_program_the_grammar_derives(seed: int) -> None:
    chance = random.Random(seed)
    check(laid_out(chance, derived(chance), notes=chance.choice([0, 0.02, 0.3])))


@pytest.mark.parametrize("path", RIGHT, ids=lambda path: str(path.relative_to(TESTS.parent)))
def test_space_within_lines_has_no_say(path: Path) -> None:
    """Without comments and blank lines, which stay, and with no block on one line, any two layouts give the same text."""
    sequence = [token for token in tokens(path.read_text(encoding="utf-8")) if not token.startswith("//")]
    assert fmt("\n".join(sequence)) == fmt(" \n\t ".join(sequence))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    """A case is a text, a line of equals signs, and the text as it should be; without the second the first is so."""
    before, line, after = path.read_text(encoding="utf-8").partition("\n====\n")
    assert fmt(before + "\n" if line else before) == (after if line else before)
    check(before)


def test_a_text_with_syntax_errors_is_left_as_it_is() -> None:
    report = Report()
    text = "workflow w( ) -> int {\n return\n}"
    assert formatted(Source("case.lat", text), report) == text
    assert report.failed


def test_only_what_cannot_be_broken_is_too_long() -> None:
    names = [f"name_{number}" for number in range(60)]
    text = (
        f"workflow w({', '.join(f'{n}: int' for n in names)}) -> int {{\n"
        f"  let a = [{', '.join(names)}]\n  let b = {{{', '.join(f'{chr(34)}{n}{chr(34)}: {n}' for n in names)}}}\n"
        f"  let c = {' && '.join(names)} || {' + '.join(names)} > 3\n  x = t.f({', '.join(f'{n}: {n}' for n in names)})\n"
        f"  let d = f({', '.join(names)})\n  let e = T {{ {', '.join(f'{n}: {n}' for n in names)} }}\n"
        f"  match a {{ case {', '.join(map(str, range(60)))} {{ }} }}\n  return 1\n}}\n"
        f'type L = {" | ".join(map(str, range(60)))}\nimport {{ {", ".join(names)} }} from "x"\n'
        f'tool t = python("x") {{ op f() -> int {{ effect: read, env: [{", ".join(f"{chr(34)}{n}{chr(34)}" for n in names)}] }} }}\n'
        f'test "x" {{ given w({", ".join(names)}) mock t.f = {", ".join(names)} mock t.f({", ".join(names)}) = 1 }}\n'
    )
    check(text)
    assert max(map(len, fmt(text).split("\n"))) <= WIDTH


def test_time_grows_with_the_length() -> None:
    def taken(count: int) -> float:
        body = "".join(
            f"  // {n}\n  x{n} = t.f(a:{n}, b:[1,2])\n  if x{n}>3 {{ emit p(x: x{n}) }}\n" for n in range(count)
        )
        text = f"workflow w() -> int {{\n{body}  return 1\n}}\n"
        start = time.process_time()
        fmt(text)
        return time.process_time() - start

    taken(10)
    assert taken(2000) < 8 * taken(500) + 0.5
