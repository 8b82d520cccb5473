"""Every diagnostic code has a page in docs/errors, and every example on it is compiled.

A page is `# LAT1234 name`, a paragraph, `## Wrong` and `## Right`. The first block of either is its main source, in `lattice` or, under
the name of a document, in `yaml`; other blocks give the name of their file behind the language. Those under `## Files` stand beside both.
What is wrong is said as in expectations.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from agent_lattice.diagnostics import Fix, apply
from agent_lattice.driver import Compilation, compile_source, is_document, plan_of, report_losses
from agent_lattice.lock import NAME, surfaces_in
from agent_lattice.pages import all_codes
from agent_lattice.program import no_surfaces
from agent_lattice_targets import targets
from expectations import Findings, expected, relevant, reported, said

FOLDER = Path(__file__).parents[1] / "docs" / "errors"
BLOCK = re.compile(r"^```(\w+) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Example:
    """The texts of one side of a page, by file name."""

    main: str
    files: dict[str, str]
    way: tuple[str, str] | None = None
    """Target and mode, where the page is about one."""

    def compiled(self, text: str | None = None) -> Compilation:
        """What the compiler makes of it, perhaps with another main source, down to the plan."""
        files = {name: content.encode() for name, content in self.files.items()}
        content = files[self.main] if text is None else text.encode()
        surfaces = surfaces_in(files[NAME]) if NAME in files else no_surfaces
        compilation = compile_source(self.main, content, files.get, surfaces)
        made = None if compilation.report.failed else plan_of(compilation)
        if made and self.way:
            report_losses(compilation, made, targets()[self.way[0]]().TARGET, self.way[1])
        return compilation


@dataclass(frozen=True)
class Page:
    """A page, taken apart; `wrong` and `right` are None where the text cannot be shown in Markdown."""

    path: Path
    number: str
    name: str
    text: str
    wrong: Example | None
    right: Example | None


def _read(path: Path) -> Page:
    text = path.read_text(encoding="utf-8")
    title = re.match(r"# (LAT\d{4}) ([a-z][a-z0-9-]+)\n\n(?=[A-Z`])", text)
    assert title, f"{path.name} does not start with `# LAT1234 name` and a paragraph"
    sections = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    assert sections.keys() - {"Files"} == {"Wrong", "Right"}, f"{path.name} has {sorted(sections)}"
    beside = {name: body for _, name, body in BLOCK.findall(sections.get("Files", ""))}
    said = re.search(r"`--target (\w+) --mode (\w+)`", text)
    way = (said[1], said[2]) if said else None
    examples = [_example(sections[side], beside, way) for side in ("Wrong", "Right")]
    return Page(path, title[1], title[2], text, *examples)


def _example(section: str, beside: dict[str, str], way: tuple[str, str] | None) -> Example | None:
    blocks = [block for block in BLOCK.findall(section) if block[0] != "text"]
    if not blocks:
        return None
    named = [(name or "example.lat", body) for _, name, body in blocks]
    assert blocks[0][0] == "lattice" or is_document(named[0][0])
    assert len({name for name, _ in named}) == len(named)
    return Example(named[0][0], beside | dict(named), way)


PAGES = [_read(path) for path in sorted(FOLDER.glob("*.md")) if path.stem != "index"]
SHOWN = [page for page in PAGES if page.wrong and page.right]


def test_every_code_has_its_page() -> None:
    assert {(page.number, page.name) for page in PAGES} == {(code.number, code.name) for code in all_codes()}
    assert [page.path.stem for page in PAGES] == [page.name for page in PAGES]
    assert {page.name for page in PAGES if page not in SHOWN} == UNSHOWN.keys()


@pytest.mark.parametrize("page", SHOWN, ids=lambda page: page.name)
def test_wrong_gives_exactly_the_findings_it_announces(page: Page) -> None:
    assert page.wrong
    compilation = page.wrong.compiled()
    sources = {name: text for name, text in page.wrong.files.items() if name.endswith((".lat", ".lat.yaml"))}
    announced = {name: expected(text) for name, text in sources.items()}
    assert {name: reported(compilation, name) for name in sources} == announced, said(compilation)
    assert {d.code.number for d in compilation.report.found if relevant(d)} == {page.number}, said(compilation)


@pytest.mark.parametrize("page", SHOWN, ids=lambda page: page.name)
def test_right_is_clean_and_can_be_built(page: Page) -> None:
    assert page.wrong and page.right and page.right.files != page.wrong.files
    compilation = page.right.compiled()
    assert not any(map(relevant, compilation.report.found)), said(compilation)
    assert plan_of(compilation)


@pytest.mark.parametrize("page", SHOWN, ids=lambda page: page.name)
def test_the_fixes_of_wrong_leave_nothing_of_the_code(page: Page) -> None:
    assert page.wrong
    compilation = page.wrong.compiled()
    fixes = [d.fix for d in compilation.report.sorted() if d.fix]
    assert bool(fixes) in _promised(page), "the page and the compiler disagree on whether there is a fix"
    if fixes:
        mended = page.wrong.compiled(_fixed(compilation, fixes))
        assert not mended.report.failed, said(mended)


def _promised(page: Page) -> tuple[bool, ...]:
    """Whether the page says that there is a fix, that there is none, or that it depends."""
    if re.search(r"\b(If|[Ww]here) [^.]*\bfix\b|\bfix [^.]*\b(if|where) ", page.text):
        return (True, False)
    none = "There is no fix" in page.text
    assert none or "The fix " in page.text, "say what the fix does, or why there is none"
    return (not none,)


def _fixed(compilation: Compilation, fixes: list[Fix]) -> str:
    return apply(compilation.source, fixes)


def _latin_1() -> tuple[bytes, Findings]:
    text = 'workflow greet() -> string {\n  return "café"\n}\n'
    return text.encode("latin-1"), Findings({(2, "error", "not-utf-8"): 1})


def _deep() -> tuple[bytes, Findings]:
    body = "".join(f"if n > {level} {{ " for level in range(1000)) + "}" * 1000
    text = f"workflow deep(n: int) -> int {{\n{body}\n  return n\n}}\n"
    return text.encode(), Findings({(1, "error", "program-nested-too-deeply"): 1})


UNSHOWN: dict[str, Callable[[], tuple[bytes, Findings]]] = {"not-utf-8": _latin_1, "program-nested-too-deeply": _deep}
"""Sources that Markdown cannot hold, with what is wrong in them."""


@pytest.mark.parametrize("name", sorted(UNSHOWN))
def test_what_cannot_be_shown(name: str) -> None:
    content, findings = UNSHOWN[name]()
    compilation = compile_source("example.lat", content, lambda path: None)
    assert reported(compilation) == findings, said(compilation)
