"""Programs as documents and back: the same tree, the same comments; the same layout where it is canonical."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from agent_lattice.documents.data import plain
from documents.turning import FORMATS, PROGRAMS, ROOT, back, comments, data, document, laid_out, program, tree
from hypothesis import HealthCheck, assume, given, settings
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
    assert document(again, form) == there
    if form == "yaml":
        assert sorted(note.text for note in before.comments) == sorted(note.text for note in tree(again).comments)  # type: ignore[union-attr]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("path", PROGRAMS, ids=name)
def test_programs_of_the_project(path: Path, form: str) -> None:
    check(program(path), form)


def keeps_layout(text: str) -> bool:
    """Whether a document can say how a program is laid out: comments stand between statements and members, not within one."""
    return "//" not in text


@pytest.mark.parametrize("path", PROGRAMS, ids=name)
def test_layout_is_kept_where_it_is_canonical(path: Path) -> None:
    text = program(path)
    if tree(text) is None or laid_out(text) != text or not keeps_layout(text):
        pytest.skip("has syntax errors, comments or another layout")
    assert laid_out(back(document(text, "yaml"), "yaml")) == text


@pytest.mark.parametrize("form", FORMATS)
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=SEEDS)
def test_any_program_the_grammar_derives(form: str, seed: int) -> None:
    chance = random.Random(seed)
    check(any_layout(chance, derived(chance), notes=0), form)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(PROGRAMS), SEEDS)
def test_any_layout_with_comments(path: Path, seed: int) -> None:
    chance = random.Random(seed)
    check(any_layout(chance, tokens(program(path)), notes=chance.choice([0, 0.02, 0.3])), "yaml")


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(PROGRAMS), SEEDS)
def test_yaml_to_text_to_yaml(path: Path, seed: int) -> None:
    """Comments put anywhere into a YAML document come back from its text, beside equal data."""
    text = program(path)
    assume(tree(text) is not None)
    chance = random.Random(seed)
    there = commented(chance, document(text, "yaml"))
    again = document(back(there, "yaml"), "yaml")
    before, after = data(there, "yaml"), data(again, "yaml")
    assert plain(after) == plain(before)
    assert comments(after) == comments(before)


def commented(chance: random.Random, text: str) -> str:
    """A YAML document with comments on lines of their own before some of its keys."""
    lines: list[str] = []
    block = -1  # the indent of the key of a text in lines of its own
    for number, line in enumerate(text.splitlines()):
        indent = len(line) - len(line.lstrip())
        block = -1 if line.strip() and indent <= block else block
        if block < 0 and line.strip() and chance.random() < 0.05:
            lines.append(f"{' ' * indent}# note {number}")
        if block < 0 and line.rstrip("-+").endswith("|"):
            block = indent
        lines.append(line)
    return "\n".join(lines) + "\n"
