"""The lexer of the whole grammar reads every text, broken ones too, exactly as lark's contextual lexer does."""

from __future__ import annotations

from pathlib import Path

import pytest
from agent_lattice import grammars, parse
from agent_lattice.diagnostics import Report
from agent_lattice.grammars import Parser
from agent_lattice.lexing import WholeLexer
from agent_lattice.source import Source
from hypothesis import given
from hypothesis import strategies as st
from lark.lexer import ContextualLexer

ROOT = Path(__file__).parent.parent
TEXTS = [
    path.read_text(encoding="utf-8") for path in sorted([*ROOT.glob("examples/*/*.lat"), *ROOT.glob("tests/*/*/*.lat")])
]
PIECES = [*"{}()<>\"'?@|=:.`é\n", ">=", "..", "30s", "5", "1.5", "//", '"""', "GET", "check", "type ", "ask ", "test "]


@pytest.fixture(scope="module")
def parsers() -> dict[type, Parser]:
    """The parser of sources with either lexer."""
    made = {WholeLexer: Parser(*parse.joined(), "module")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grammars, "WholeLexer", ContextualLexer)
        made[ContextualLexer] = Parser(*parse.joined(), "module")
    for lexer, parser in made.items():
        assert type(parser.lark.parser.lexer) is lexer
    return made


def reading(parser: Parser, text: str) -> tuple[str, list[object]]:
    """The tree and what was reported."""
    report = Report()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parse, "_parser", lambda: parser)
        tree = parse.parse(Source("main.lat", text), report)
    return repr(tree), [(found.code, found.span.start, found.span.end, found.message) for found in report.sorted()]


@pytest.mark.parametrize("text", TEXTS)
def test_sources(parsers: dict[type, Parser], text: str) -> None:
    assert reading(parsers[WholeLexer], text) == reading(parsers[ContextualLexer], text)


@given(st.data(), st.sampled_from(TEXTS))
def test_broken_sources(parsers: dict[type, Parser], data: st.DataObject, text: str) -> None:
    for _ in range(data.draw(st.integers(1, 3), label="changes")):
        at = data.draw(st.integers(0, len(text)), label="at")
        dropped = data.draw(st.integers(0, 8), label="dropped")
        text = text[:at] + data.draw(st.sampled_from(["", *PIECES]), label="added") + text[at + dropped :]
    assert reading(parsers[WholeLexer], text) == reading(parsers[ContextualLexer], text)
