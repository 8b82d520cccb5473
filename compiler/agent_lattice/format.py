"""Source text as it should look: one canonical layout, with every comment where it was."""

from __future__ import annotations

from agent_lattice.diagnostics import Report
from agent_lattice.margins import Margins
from agent_lattice.parse import parse
from agent_lattice.printer import Printer
from agent_lattice.source import Source

TOGETHER = frozenset({"import", "secret", "model"})
"""Declarations that may stand together without blank lines."""


def formatted(source: Source, report: Report) -> str:
    """The text in canonical layout; a source with syntax errors, which are reported, as it is."""
    module = parse(source, report)
    if report.failed:
        return source.text
    out = Printer(Margins(source.text, module.comments))
    before = ""
    for declaration in module.declarations:
        out.item(declaration, apart=not {before, declaration.word} <= TOGETHER)
        before = declaration.word
    out.rest()
    return out.text
