"""Properties that hold for every program: printing and reading, digests, builds, broken input."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from agent_lattice.diagnostics import Report
from agent_lattice.driver import compile_source, plan_of
from agent_lattice.parse import parse
from agent_lattice.plan_data import plan_data
from agent_lattice.printer import Printer
from agent_lattice.source import Source
from agent_lattice.tree import Module
from hypothesis import given, settings
from hypothesis import strategies as st

TESTS = Path(__file__).parent
EXAMPLES = sorted((TESTS.parent / "examples").rglob("*.lat"))
RIGHT = sorted(path for path in TESTS.rglob("*.lat") if path.stem == "right") + EXAMPLES
ANY = sorted(TESTS.rglob("*.lat")) + EXAMPLES


def read(text: str) -> tuple[Module, Report]:
    report = Report()
    return parse(Source("case.lat", text), report), report


def printed(module: Module) -> str:
    out = Printer()
    for declaration in module.declarations:
        declaration.show(out)
    return out.text


def compiled(path: Path, text: str):  # type: ignore[no-untyped-def]
    def files(name: str) -> bytes | None:
        file = path.parent / name
        return file.read_bytes() if file.is_file() else None

    return compile_source(path.name, text.encode(errors="surrogatepass"), files)


@pytest.mark.parametrize("path", RIGHT, ids=lambda path: str(path.relative_to(TESTS.parent)))
def test_printing_and_reading_gives_the_same_tree(path: Path) -> None:
    module, report = read(path.read_text())
    assert not report.found
    again, report = read(printed(module))
    assert not report.found
    assert again == module
    assert printed(again) == printed(module)


@pytest.mark.parametrize("path", RIGHT, ids=lambda path: str(path.relative_to(TESTS.parent)))
def test_the_digest_does_not_depend_on_layout(path: Path) -> None:
    text = path.read_text()
    module, _ = read(text)
    commented = "// a comment\n" + text.replace("{\n", "{ // more\n\n")
    digests = set()
    for variant in (text, text.replace("\n", "\r\n"), "\ufeff" + text, printed(module), commented):
        main = next((d.name.text for d in module.declarations if d.word == "workflow"), None)
        made = plan_of(compiled(path, variant), main)
        digests.add(made.digest if made else None)
    assert len(digests) == 1


MUTATIONS = st.tuples(st.integers(0, 10**9), st.integers(1, 6))
NOISE = [
    "{",
    "}",
    '"',
    "(",
    ")",
    "\n",
    "=",
    "let ",
    "workflow ",
    "\x00",
    "é",
    '"""',
    "//",
    "{{",
    "@",
    "99999999999999999999",
    "->",
    ".",
    ",",
    "type ",
]


def mutated(text: str, seed: int, count: int) -> str:
    """The text with some pieces cut out, doubled, swapped or put in."""
    chance = random.Random(seed)
    for _ in range(count):
        start = chance.randrange(len(text) + 1)
        end = min(len(text), start + chance.randrange(1, 30))
        piece = chance.choice(["", chance.choice(NOISE), text[start:end] * 2, text[start:end][::-1]])
        text = text[:start] + piece + text[end:]
    return text


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(ANY), MUTATIONS)
def test_mutated_programs_give_diagnostics_and_never_an_exception(path: Path, mutation: tuple[int, int]) -> None:
    compilation = compiled(path, mutated(path.read_text(), *mutation))
    for diagnostic in compilation.report.sorted():
        span = diagnostic.span
        assert 0 <= span.start <= span.end <= len(span.source.text)
        assert diagnostic.message
    if not compilation.report.failed:
        made = plan_of(compilation)
        assert made is None or plan_data(made)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_as_source(content: bytes) -> None:
    compilation = compile_source("case.lat", content, lambda path: None)
    assert compilation.report.sorted() is not None


def test_deep_nesting_is_a_diagnostic() -> None:
    for text in (
        "workflow w(n: int) -> int {" + "if n > 1 {" * 3000 + "}" * 3000 + " return 1 }",
        "type A { x: " + "list<" * 5000 + "int" + ">" * 5000 + " }",
        "workflow w(n: int) -> int { return " + "(" * 5000 + "1" + ")" * 5000 + " }",
        "workflow w(n: int) -> int { return " + "-" * 5000 + "1 }",
        "workflow w(n: int) -> int { return " + " + ".join(["n"] * 5000) + " }",
    ):
        compile_source("case.lat", text.encode(), lambda path: None).report.sorted()
