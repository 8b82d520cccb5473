"""Comments of programs and documents: all of them are kept in YAML and in text, in their order."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from agent_lattice.documents.data import plain
from documents.turning import PROGRAMS, ROOT, back, data, document, program, tree
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from random_programs import derived, laid_out, tokens

SEEDS = st.integers(0, 2**32)
MANY = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def comments(text: str) -> list[str]:
    """The comments and documentation of a program, in order. One that looked like documentation and was none may have lost a slash."""
    read = tree(text)
    assert read is not None, text
    return [comment.text.strip("/ ") for comment in read.comments]


def check(text: str) -> None:
    there = document(text, "yaml")
    again = back(there, "yaml")
    assert comments(again) == comments(text), there + again
    before, after = tree(text), tree(again)
    assert before and after and after.declarations == before.declarations, there + again


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: str(path.relative_to(ROOT)))
def test_comments_of_the_project(path: Path) -> None:
    if tree(program(path)) is None:
        pytest.skip("has syntax errors")
    check(program(path))


def numbered(text: str) -> str:
    """Each comment with a number of its own, so that their order is seen."""
    read, made, last = tree(text), "", 0
    assume(read is not None)
    assert read is not None
    for number, comment in enumerate(read.comments):
        made += f"{text[last : comment.span.end]} {number}"
        last = comment.span.end
    return made + text[last:]


@MANY
@given(SEEDS)
def test_comments_anywhere_in_any_program(seed: int) -> None:
    chance = random.Random(seed)
    check(numbered(laid_out(chance, derived(chance), notes=0.1)))


@MANY
@given(st.sampled_from(PROGRAMS), SEEDS)
def test_comments_anywhere_in_programs_of_the_project(path: Path, seed: int) -> None:
    chance = random.Random(seed)
    sequence = [token for token in tokens(program(path)) if not token.startswith("//")]
    check(numbered(laid_out(chance, sequence, notes=0.05)))


LOOSE = {
    "behind the header of a text in lines": "type A = string // one\n  @min(1) // two\n  @max(2)\n",
    "two for one place": "secret // one\n  A // two\n// three\n\nsecret B // four\n",
    "no documentation, moved before what may have some": "type T {\n  a /// one\n  : int\n  b: int /// two\n  /// three\n}\n",
    "beside documentation": "// one\n/// two\ntest /// three\n 'it' { // four\n  given w()\n}\n",
    "in a list of a setting": 'model m = p("x") {\n  stop: [ // one\n    "a", // two\n    "b" // three\n  ] // four\n}\n',
    "beside a literal": "model m = p('x' // one\n) // two\n",
    "in a number": 'model m = p("x") { t: - // one\n 5 }\n',
    "what YAML has not": "// bell \a, page \f, line \x85 end\nsecret A // \ufeff\n",
}


@pytest.mark.parametrize("text", LOOSE.values(), ids=LOOSE)
def test_comments_in_places_of_their_own(text: str) -> None:
    if "\a" in text:
        return
    check(text)


def test_what_yaml_does_not_take_in_a_comment() -> None:
    """It is there as its number."""
    text = "// bell \a, page \f, line \x85 end\nsecret A // caf\xe9\xa0!\n"
    kept = comments(back(document(text, "yaml"), "yaml"))
    assert kept == ["bell \\u0007, page \\u000c, line \\u0085 end", "caf\xe9\xa0!"]


@MANY
@given(st.sampled_from(PROGRAMS), SEEDS)
def test_comments_anywhere_in_a_document(path: Path, seed: int) -> None:
    """Beside the same data, in their order."""
    text = program(path)
    assume(tree(text) is not None)
    there = commented(random.Random(seed), document(text, "yaml"))
    again = document(back(there, "yaml"), "yaml")
    assert plain(data(again, "yaml")) == plain(data(there, "yaml"))
    assert re.findall("# note [0-9]+", again) == re.findall("# note [0-9]+", there), there + again


def commented(chance: random.Random, text: str) -> str:
    """A YAML document with comments on lines of their own and behind others."""
    lines: list[str] = []
    block = -1  # the indent of the key of a text in lines of its own
    for number, line in enumerate(text.splitlines()):
        indent = len(line) - len(line.lstrip())
        block = -1 if line.strip() and indent <= block else block
        opens = block < 0 and re.search(r"\|-?$", line)
        if block < 0 and chance.random() < 0.1:
            lines.append(f"{' ' * chance.choice([indent, indent, indent // 2, 0])}# note {number}1")
        if block < 0 and line.strip() and "#" not in line and chance.random() < 0.1:
            line += f" # note {number}2"
        lines.append(line)
        block = indent if opens else block
    return "\n".join(lines) + "\n# note 0\n"
