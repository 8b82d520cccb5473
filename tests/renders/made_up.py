"""Made-up findings for the tests of renders."""

from __future__ import annotations

from agent_lattice.diagnostics import CODES, Code, Diagnostic, Edit, Fix, Label, Severity
from agent_lattice.renders.findings import Finding
from agent_lattice.source import Source, Span


def code(number: str, name: str, severity: Severity = Severity.ERROR) -> Code:
    """A code that is not registered: the compiler does not know it."""
    made = Code(number, name, severity)
    del CODES[number]
    return made


WRONG = code("LAT9901", "made-up-error")
ODD = code("LAT9902", "made-up-warning", Severity.WARNING)
IDEA = code("LAT9903", "made-up-hint", Severity.HINT)


def at(source: Source, text: str, which: int = 0) -> Span:
    """Where `text` stands for the `which`-th time."""
    start = -1
    for _ in range(which + 1):
        start = source.text.index(text, start + 1)
    return Span(source, start, start + len(text))


def finding(span: Span, label: str = "", *, code: Code = WRONG, folder: str = "", **more: object) -> Finding:
    """A finding at a span."""
    return Finding(Diagnostic(code, "something is wrong", span, label, **more), folder)  # type: ignore[arg-type]


__all__ = ["IDEA", "ODD", "WRONG", "Edit", "Fix", "Label", "at", "code", "finding"]
