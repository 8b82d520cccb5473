"""Findings as workflow commands of GitHub Actions, which shows them beside the lines of a change."""

from __future__ import annotations

from collections.abc import Iterable
from posixpath import join, normpath

from agent_lattice.diagnostics import Severity
from agent_lattice.renders.columns import visible
from agent_lattice.renders.findings import Finding, is_somewhere
from agent_lattice.source import Span

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.HINT: "notice"}


def render(findings: Iterable[Finding], folder: str = "") -> str:
    """A line for each finding. `folder` is where the reader stands, seen from the top of the repository."""
    return "".join(_line(finding, folder) for finding in findings)


def command(severity: Severity, message: str, **properties: object) -> str:
    """One workflow command and a line end; whatever the texts hold, it stays one line and one command."""
    given = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{_COMMANDS[severity]} {given}::{_data(message)}\n"


def within(folder: str, file: str) -> str:
    """A file that is named from where the reader stands, named from the top of the repository."""
    return normpath(join(folder, file))


def _line(finding: Finding, folder: str) -> str:
    d = finding.diagnostic
    place = _place(d.span) if is_somewhere(d.span) else {}
    if place:
        place = {"file": within(folder, finding.file(d.span.source))} | place
    return command(d.severity, finding.said, **place, title=f"{d.code.number} {d.code.name}")


def _place(span: Span) -> dict[str, object]:
    """Lines and, where GitHub takes them, columns: only for a span within one line."""
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    lines: dict[str, object] = {"line": line, "endLine": end_line}
    return lines | ({"col": column, "endColumn": end_column} if line == end_line else {})


def _data(text: str) -> str:
    return visible(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
