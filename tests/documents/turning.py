"""Programs turned into documents and back."""

from __future__ import annotations

from pathlib import Path

from agent_lattice.diagnostics import Report
from agent_lattice.documents.data import Group
from agent_lattice.documents.programs import document_text, read_document, translate
from agent_lattice.format import formatted
from agent_lattice.parse import parse
from agent_lattice.source import Source
from agent_lattice.tree import Module

ROOT = Path(__file__).parents[2]
PROGRAMS = sorted(path for folder in ("tests", "examples", "docs") for path in (ROOT / folder).rglob("*.lat"))
FORMATS = ("yaml", "json")


def program(path: Path) -> str:
    """The text of a file; of a case of the formatter what stands below its line."""
    text = path.read_text(encoding="utf-8")
    return text.partition("\n====\n")[2] or text


def tree(text: str) -> Module | None:
    """The tree of a text; None when it has syntax errors."""
    report = Report()
    read = parse(Source("case.lat", text), report)
    return None if report.failed else read


def laid_out(text: str) -> str:
    """The text in canonical layout."""
    return formatted(Source("case.lat", text), Report())


def document(text: str, form: str) -> str:
    """The document of a program: `form` is yaml or json."""
    return document_text(Source("case.lat", text), as_json=form == "json")


def data(text: str, form: str) -> Group:
    """What a document without mistakes holds."""
    report = Report()
    root = read_document(Source(f"case.{form}", text), report)
    assert root is not None, said(report)
    return root


def back(text: str, form: str) -> str:
    """The program of a document without mistakes in its shape."""
    report = Report()
    made = translate(Source(f"case.{form}", text), report)
    assert made is not None, said(report)
    return made.text


def said(report: Report) -> str:
    """What was found, a line each."""
    return "\n".join(f"{d.span.place} [{d.code.name}] {d.message}" for d in report.found)
