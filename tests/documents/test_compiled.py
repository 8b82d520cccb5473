"""A program and its document are the same to the compiler: same findings, at the right characters, and the same plan."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from agent_lattice.diagnostics import Diagnostic
from agent_lattice.documents.data import Leaf, members
from agent_lattice.driver import Compilation, compile_source, plan_of
from agent_lattice.source import Span
from documents.turning import FORMATS, PROGRAMS, ROOT, data, document, program, tree

COMPILED = [path for path in PROGRAMS if "format" not in path.parts]


def compiled(path: Path, form: str | None, asked: set[str]) -> Compilation:
    """A file compiled as it is, or as a document beside it. `asked`: what it imports is added to it."""
    text = program(path)
    content = text if form is None else document(text, form)
    name = path.name if form is None else f"{path.stem}.{form}"

    def read(wanted: str) -> bytes | None:
        file = path.parent / wanted
        asked.add(file.name)
        return file.read_bytes() if file.is_file() else None

    return compile_source(name, content.encode(), read)


def shown(result: Compilation, of: Span) -> str:
    return of.source.text[of.start : of.end] if of.source.name == result.source.name else ""


def counted(found: list[Diagnostic]) -> Counter[str]:
    """How often each finding is there."""
    return Counter(f.code.name for f in found)


def test_an_unused_import() -> None:
    path = ROOT / "tests/declarations/imports/wrong.lat"
    assert "unused-import" in {f.code.name for f in compiled(path, "yaml", set()).report.sorted()}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("path", COMPILED, ids=lambda path: str(path.relative_to(ROOT)))
def test_findings_and_plans(path: Path, form: str) -> None:
    if tree(program(path)) is None:
        pytest.skip("has syntax errors")
    asked: set[str] = set()
    text, made = compiled(path, None, asked), compiled(path, form, asked)
    if path.name in asked or f'"./{path.name}"' in text.source.text:
        pytest.skip("imports itself: its document would import the text, which is another file")
    first, second = text.report.sorted(), made.report.sorted()
    assert counted(second) == counted(first)
    there = data(made.source.text, form)
    whole = {(0, 0)}
    for member in members(there):
        whole |= {(part.span.start, part.span.end) for part in (member, member.key, member.value) if part is not None}
    texts = {shown(text, f.span) for f in first}
    for found in second:
        if found.span.source.name == made.source.name:
            # exactly the characters of the program, unless the finding is about more than one value: then a whole part
            exact = shown(made, found.span) in texts
            assert exact or (found.span.start, found.span.end) in whole or form == "json", (
                found.span.place,
                found.message,
            )
    workflows = [symbol.name for symbol in text.program.main.of_sort("workflow")] if text.program else []
    for main in workflows[:1]:
        one, other = plan_of(text, main), plan_of(made, main)
        assert (one and one.digest) == (other and other.digest)


WRONG = [
    ("let: {k: n + nane}", "nane"),
    ("let:\n          k: 'n + nane'", "nane"),
    ('let:\n          k: "\\"a\\" + nane"', "nane"),
    ("let:\n          k: |-\n            n +\n              nane", "nane"),
    ("let:\n          k: >-\n            n +\n            nane", "nane"),
    ("let:\n          k: '''a'' + nane'", "nane"),
    ('let:\n          k: "n + \\u006eane"', "\\u006eane"),
]
"""A statement, and the characters of it that are wrong."""


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_a_finding_in_a_value_is_on_its_characters(number: int) -> None:
    """However the value is written: plain, quoted, with escapes, in lines of its own."""
    before = document("workflow w(n: int) -> int {\n  let k = n + nane\n  return k\n}\n", "yaml")
    (line,) = [line for line in before.splitlines() if "nane" in line]
    head, _, _ = line.partition("n + nane")
    statement, wrong = WRONG[number]
    value = statement.partition("k: ")[2].removesuffix("}" if statement.startswith("let: {") else "")
    text = before.replace(line, head.rstrip() + " " + value + line.partition("n + nane")[2])
    if "{" in head and "\n" in value:
        pytest.skip("a text in lines of its own cannot stand in a map on one line")
    result = compile_source("w.yaml", text.encode(), lambda path: None)
    found = [f for f in result.report.sorted() if "nane" in f.message]
    assert len(found) == 1, (text, [f.message for f in result.report.found])
    if value[0] == ">":  # folded: lines are joined, so the whole value is shown
        assert wrong in shown(result, found[0].span)
    else:
        assert shown(result, found[0].span) == wrong, text


def test_a_document_has_leaves_with_places() -> None:
    """Every value of a document in canonical layout is where its span says."""
    for path in PROGRAMS[::20]:
        if tree(program(path)) is None:
            continue
        text = document(program(path), "json")
        for member in members(data(text, "json")):
            if isinstance(member.value, Leaf) and isinstance(member.value.value, str):
                part = text[member.value.span.start : member.value.span.end]
                assert part.startswith('"') and part.endswith('"')
