"""The pages of the documentation are true: their programs compile, their links lead somewhere, and nothing is left out.

A `lattice` block is compiled as a file, and so is a `yaml` block under the name of a document. What it says behind the language is its
name, under which later blocks of the page can import it; blocks of other languages with a name lie beside it, too.
`<!-- frame: name -->` in front of a block puts it into that frame. A Python module that the page does not show has every function. What
must be found is said as in expectations.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from agent_lattice.analyses import ANALYSES
from agent_lattice.declarations import declarations
from agent_lattice.declarations.model import RULES as MODEL_RULES
from agent_lattice.declarations.operations import RULES as OPERATION_RULES
from agent_lattice.declarations.protocols import protocols
from agent_lattice.driver import Compilation, compile_source
from agent_lattice.expr.extensions import EXTREMES
from agent_lattice.expr.functions import FUNCTIONS, MACROS
from agent_lattice.kinds import kinds
from agent_lattice_runtime.errors import CATALOGUE
from agent_lattice_runtime.events import EVENTS
from expectations import expected, reported, said

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]
LINKED = sorted({*PAGES, ROOT / "CONTRIBUTING.md", *DOCS.rglob("*.md"), *(ROOT / "examples").rglob("README.md")})
BLOCK = re.compile(r"^(?:<!-- frame: (\w+) -->\n)?```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"^```.*?^```$|`[^`\n]+`", re.MULTILINE | re.DOTALL)
FRAMES = {
    "steps": """
type Order { id: string, customer: string, total: float, note: string? }
type Verdict = "approve" | "reject" | "unsure"
type Decision { verdict: Verdict, reason: string }
model fast = anthropic("small")
model judge = openai("large")
tool shop = python("shop_tools") {
  op get_order(id: string) -> Order { effect: read }
  op score(order: Order, limit: float?) -> float { effect: pure }
}
workflow other(n: int) -> int { return n }
workflow framed(id: string, ids: list<string>, n: int, verdict: Verdict, message: string) -> string {
  if n >= 0 {
%s
  }
  return ""
}
""",
    "refund": """
type Order { id: string, total: float, currency: string }
type Triage { verdict: "approve" | "reject", reason: string, confidence: float }
type Receipt { id: string }
type Outcome { paid: bool, letter: string }
model fast = anthropic("small")
tool shop = python("shop_tools") { op get_order(id: string) -> Order { effect: read } }
tool bank = python("bank_tools") {
  op refund(order: string, amount: float) -> Receipt { effect: write, idempotent_by: order }
  op void(id: string) -> Receipt { effect: write, idempotent_by: id }
}
%s
""",
}
"""Programs with a place for the block."""

EXTENDED = {"adding-a-kind.md": "test_extension.py compiles it with the kind that the page adds"}
"""Pages whose blocks are not of the language as it is, and who looks after them."""


@dataclass(frozen=True)
class Block:
    """A program on a page: its text as a file, its name, and what lies beside it."""

    page: str
    line: int
    name: str
    text: str
    beside: dict[str, str]

    def read(self, path: str) -> bytes | None:
        if path in self.beside:
            return self.beside[path].encode()
        return b"from somewhere import *\n" if path.endswith(".py") else None

    def compiled(self) -> Compilation:
        return compile_source(self.name, self.text.encode(), self.read)

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(page: Path) -> Iterator[Block]:
    """The programs of a page, in their order."""
    text, beside = page.read_text(encoding="utf-8"), dict[str, str]()
    for found in BLOCK.finditer(text):
        frame, language, name, body = found.groups()
        if language == "lattice" or (name or "").endswith(".lat.yaml"):
            whole = FRAMES[frame] % body if frame else body
            yield Block(page.name, text.count("\n", 0, found.start(4)), name or "example.lat", whole, dict(beside))
        if name:
            beside[name] = body


PROGRAMS = [block for page in PAGES if page.name not in EXTENDED for block in blocks(page)]


@pytest.mark.parametrize("block", PROGRAMS, ids=str)
def test_a_program_is_clean_or_wrong_as_it_says(block: Block) -> None:
    compilation = block.compiled()
    assert reported(compilation) == expected(block.text), said(compilation)


def test_no_program_escapes() -> None:
    """Every fence that opens a `lattice` block, or one with a document, has been read as one."""
    opening = r"^```(?:lattice\b|yaml \S+\.lat\.yaml$)"
    fences = sum(len(re.findall(opening, page.read_text("utf-8"), re.MULTILINE)) for page in PAGES)
    extended = sum(len(list(blocks(DOCS / name))) for name in EXTENDED)
    assert len(PROGRAMS) + extended == fences and len(PROGRAMS) > 30


@pytest.mark.parametrize("page", LINKED, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    text = CODE.sub("", page.read_text(encoding="utf-8"))
    broken = [link for link in LINK.findall(text) if not _leads(page, link)]
    assert not broken


def _leads(page: Path, link: str) -> bool:
    """Whether a relative link has its file, and its heading if it names one. Addresses are not looked at."""
    if re.match(r"[a-z]+:", link):
        return True
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists() or not target.is_relative_to(ROOT):
        return False
    return not anchor or target.suffix != ".md" or anchor in _anchors(target)


def _anchors(page: Path) -> set[str]:
    """What GitHub makes of the headings of a page."""
    heads = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head).strip().lower().replace(" ", "-") for head in heads}


def _section(page: str, name: str) -> str:
    """The text between the markers of a table."""
    text = (DOCS / page).read_text(encoding="utf-8")
    found = re.search(rf"^<!-- {name} -->$(.*?)^<!-- /{name} -->$", text, re.MULTILINE | re.DOTALL)
    assert found, f"{page} has no table {name}"
    return found[1]


@pytest.mark.parametrize("form", [*kinds(), *declarations()], ids=lambda form: form.word)
def test_every_form_of_the_language_has_a_section_with_a_program(form: type) -> None:
    text = (DOCS / "language.md").read_text(encoding="utf-8")
    heading = re.escape(form.word)  # type: ignore[attr-defined]
    section = re.search(rf"^### `?{heading}`?$(.*?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL)
    assert section and "```lattice" in section[1]


@pytest.mark.parametrize(
    ("table", "names"),
    [
        ("functions", [*FUNCTIONS, *EXTREMES]),
        ("macros", list(MACROS)),
        ("models", list(MODEL_RULES)),
        ("operations", [*OPERATION_RULES, *protocols()["python"].operation_settings]),
        ("servers", list(protocols()["mcp"].settings)),
        ("errors", list(CATALOGUE)),
    ],
)
def test_every_name_is_in_its_table(table: str, names: list[str]) -> None:
    first = re.findall(r"^\| `([^`]+)` \|", _section("language.md", table), re.MULTILINE)
    assert first == names


def test_every_event_type_is_in_the_page_of_the_runtime() -> None:
    assert re.findall(r"^\| `([^`]+)` \|", _section("runtime.md", "events"), re.MULTILINE) == list(EVENTS)


def test_every_analysis_is_on_the_map_of_the_compiler() -> None:
    text = (DOCS / "compiler.md").read_text(encoding="utf-8")
    names = [analysis.__module__.rpartition(".")[2] for analysis in ANALYSES]
    assert [name for name in names if f"`{name}`" not in text] == []
