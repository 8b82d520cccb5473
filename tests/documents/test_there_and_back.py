"""Programs as documents and back: the same tree; the same layout where it is canonical."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from agent_lattice.documents.data import plain
from documents.turning import FORMATS, PROGRAMS, ROOT, back, data, document, laid_out, program, tree
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_programs import derived, tokens
from random_programs import laid_out as any_layout

SEEDS = st.integers(0, 2**32)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def check(text: str, form: str) -> None:
    """A program without syntax errors is the same after it was a document."""
    before = tree(text)
    if before is None:
        return
    there = document(text, form)
    again = back(there, form)
    assert tree(again) == before, there + again
    assert plain(data(document(again, form), form)) == plain(data(there, form))


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("path", PROGRAMS, ids=name)
def test_programs_of_the_project(path: Path, form: str) -> None:
    check(program(path), form)


NAMES = {
    "a test named in single quotes": "test 'it' { given a() }\n",
    "a test named in double quotes inside": "test \"'it'\" { given a() }\n",
    "a fraction where a whole number belongs": 'model m = anthropic("x") { max_tokens: 800.0 }\n',
    "a key with an escape": 'tool a = http("x") {\n  header "\\q": "x"\n}\n',
}
"""Names that are keys of documents as the program writes them."""

PARTS = [
    "\n",
    "\n",
    "\n  ",
    "\n      ",
    "  ",
    "\t",
    "x",
    "y: z",
    " # no",
    "// no",
    "{{ a }}",
    "{% if",
    "}",
    "{",
    "'",
    '"',
]
PARTS += ["\\n", "\\r", "\\q", "\\", "\\u0000", "\\x41", "\x01", "\x85", "\u2028", "\ufeff", "\U000e0001", "\U0001f600"]
PARTS += ["null", "1", "- ", "env.A", "30s"]
PLACES = [
    "workflow w() -> string {\n  fail TEXT\n}\n",
    "workflow w() -> string {\n  a = ask m -> T {\n    system TEXT prompt TEXT\n    check TEXT == TEXT: TEXT\n  }\n}\n",
    "workflow w(s: string) -> TEXT | int {\n  if s == TEXT {\n    if !(s in {TEXT: 1}) {\n      fail TEXT\n    }\n  }\n}\n",
    "workflow w(s: string) -> int {\n  match s {\n    case TEXT, 'x' {\n      fail TEXT\n    }\n  }\n}\n",
    "tool t = http(TEXT) {\n  auth header TEXT KEY\n  header TEXT: TEXT\n  base: [TEXT, 1]\n}\n",
    "tool t = http(TEXT) {\n  op a() -> int = GET TEXT { effect: TEXT }\n}\n",
    "import { a } from TEXT\nmodel m = p(TEXT) { max_tokens: TEXT, stop: [TEXT] }\ntype T = string @pattern(TEXT)\n",
    "test TEXT {\n  given w(s: TEXT)\n  mock ask a fails b TEXT\n  mock a = TEXT\n}\n",
]
"""Programs with every place of a literal."""


@pytest.mark.parametrize("text", NAMES.values(), ids=NAMES)
def test_names_as_they_are_written(text: str) -> None:
    check(text, "yaml")
    check(text, "json")


LITERALS = st.builds(
    lambda prefix, quotes, inner: prefix + quotes + inner + quotes,
    st.sampled_from(["", "r"]),
    st.sampled_from(['"', "'", '"""', "'''"]),
    st.one_of(
        st.text(max_size=12),
        st.lists(st.sampled_from(PARTS), max_size=12).map("".join),
        st.sampled_from(["x" * 2000, "a b\n" * 400]),
    ),
)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(literal=LITERALS, place=st.sampled_from(PLACES), form=st.sampled_from(FORMATS))
def test_any_literal_anywhere(literal: str, place: str, form: str) -> None:
    """Whatever is written between quotes, wherever a literal may stand: it is the same after it was a document."""
    check(place.replace("TEXT", literal), form)


@pytest.mark.parametrize("path", PROGRAMS, ids=name)
def test_layout_is_kept_where_it_is_canonical(path: Path) -> None:
    text = program(path)
    if tree(text) is None or laid_out(text) != text or "//" in text:
        pytest.skip("has syntax errors, comments or another layout")
    assert laid_out(back(document(text, "yaml"), "yaml")) == text


@pytest.mark.parametrize("form", FORMATS)
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=SEEDS)
def test_any_program_the_grammar_derives(form: str, seed: int) -> None:
    chance = random.Random(seed)
    sequence = derived(chance)
    check(any_layout(chance, sequence, notes=0), form)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(PROGRAMS), SEEDS)
def test_any_layout(path: Path, seed: int) -> None:
    chance = random.Random(seed)
    sequence = [token for token in tokens(program(path)) if not token.startswith("//")]
    check(any_layout(chance, sequence, notes=0), "yaml")


@pytest.mark.parametrize("form", FORMATS)
def test_lines_of_a_text_that_is_no_template(form: str) -> None:
    """Only templates are freed of a common indentation; any other text is written so that it stays what the document says."""
    there = {"tools": {"t": {"protocol": "http", "target": "https://x.example", "header": {"A": "one\n  two\r\n"}}}}
    assert 'header "A" : "one\\n  two\\r\\n"' in back(json.dumps(there), form)
