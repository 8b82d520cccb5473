"""What is rendered: diagnostics, and how the files they speak of are called from where the reader stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from posixpath import join, normpath

from agent_lattice.diagnostics import Diagnostic, Severity
from agent_lattice.records import record
from agent_lattice.source import NOWHERE, Source, Span


@record
class Finding:
    """A diagnostic; its sources are named relative to `folder`, a relative POSIX path ("" for here)."""

    diagnostic: Diagnostic
    folder: str = ""

    def file(self, source: Source) -> str:
        """The relative path by which a source is shown."""
        return normpath(join(self.folder, source.name)) if self.folder else source.name

    def place(self, span: Span) -> str:
        """`file:line:column`."""
        line, column = span.source.position(span.start)
        return f"{self.file(span.source)}:{line}:{column}"

    @property
    def said(self) -> str:
        """All that is said about it, a line for each note: for readers that show one text beside a place."""
        d = self.diagnostic
        said = [f"{d.message}: {d.label}" if d.label else d.message]
        said += [f"note: {note}" for note in d.notes]
        said += [f"help: {d.help}"] if d.help else []
        return "\n".join(said)


def unique(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Each finding once: a file that two others import is analysed twice."""
    seen: set[tuple[str, int, int, str, str]] = set()
    for finding in findings:
        key = key_of(finding)
        if key not in seen:
            seen.add(key)
            yield finding


def key_of(finding: Finding) -> tuple[str, int, int, str, str]:
    """What tells a finding from others: its place, code and message."""
    d = finding.diagnostic
    return (finding.file(d.span.source), d.span.start, d.span.end, d.code.number, d.message)


def is_somewhere(span: Span) -> bool:
    """Whether a span is a place in a file that can be shown."""
    return span.source is not NOWHERE.source


def counts(findings: Iterable[Finding]) -> dict[Severity, int]:
    """How many findings there are of each severity, the worst first."""
    found = dict.fromkeys(sorted(Severity, reverse=True), 0)
    for finding in findings:
        found[finding.diagnostic.severity] += 1
    return found
