"""Findings for people: message, source with carets, related places, notes, help, and the fix as a small diff."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from agent_lattice.diagnostics import Diagnostic, Edit, Fix
from agent_lattice.renders.columns import Line, visible
from agent_lattice.renders.findings import Finding, counts, is_somewhere
from agent_lattice.renders.paint import PLAIN, Paint
from agent_lattice.renders.snippet import Mark, Snippet
from agent_lattice.source import Source

_MOST_DIFF = 8
"""Lines of one side of a fix that are shown."""


def render(findings: Iterable[Finding], paint: Paint = PLAIN) -> str:
    """All findings, a blank line between them; "" for none. A summary is `summary`."""
    return "\n".join("".join(f"{row}\n" for row in _Message(finding, paint).rows()) for finding in findings)


def summary(findings: Iterable[Finding]) -> str:
    """`2 errors, 1 warning`; "" for none."""
    return ", ".join(_counted(count, str(severity)) for severity, count in counts(findings).items() if count)


def advice(findings: Iterable[Finding]) -> str:
    """Where to read more about the codes; "" for none."""
    numbers = sorted({finding.diagnostic.code.number for finding in findings})
    if len(numbers) > 1:
        return f"`lattice explain CODE` says more about {', '.join(numbers[:6])}{', …' if len(numbers) > 6 else ''}"
    return f"`lattice explain {numbers[0]}` says more" if numbers else ""


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


class _Message:
    """One finding; all its snippets share the width of their gutters."""

    def __init__(self, finding: Finding, paint: Paint) -> None:
        self.finding = finding
        self.diagnostic: Diagnostic = finding.diagnostic
        self.paint = paint
        self.snippets = self._snippets()
        fix = self.diagnostic.fix
        last = [snippet.last_line for snippet in self.snippets]
        last += [edit.span.source.position(edit.span.end)[0] for edit in fix.edits] if fix else []
        self.width = len(str(max(last, default=1)))

    def rows(self) -> Iterator[str]:
        d, paint = self.diagnostic, self.paint
        severity = str(d.severity)
        head = paint(severity, f"{severity}[{d.code.number}]")
        yield f"{head}{paint('strong', f': {visible(d.message)}')}"
        for index, snippet in enumerate(self.snippets):
            span = d.span if index == 0 and is_somewhere(d.span) else snippet.marks[0].span
            arrow = paint("gutter", " " * self.width + ("-->" if index == 0 else ":::"))
            yield f"{arrow} {visible(self.finding.place(span))}"
            yield from snippet.rows(self.width)
        yield from self._remarks()
        if d.fix:
            yield from self._fix(d.fix)

    def _snippets(self) -> list[Snippet]:
        """The file of the finding first, then the files of related places."""
        d = self.diagnostic
        marks: dict[int, list[Mark]] = {}
        if is_somewhere(d.span):
            marks[id(d.span.source)] = [Mark(d.span, d.label, str(d.severity), "^")]
        for label in d.related:
            if is_somewhere(label.span):
                marks.setdefault(id(label.span.source), []).append(Mark(label.span, label.text, "related", "-"))
        return [Snippet(group, self.paint) for group in marks.values()]

    def _remarks(self) -> Iterator[str]:
        built_in = [label.text for label in self.diagnostic.related if not is_somewhere(label.span)]
        remarks = [("note", text) for text in (*self.diagnostic.notes, *built_in)]
        if self.diagnostic.help:
            remarks.append(("help", self.diagnostic.help))
        if (remarks or self.diagnostic.fix) and self.snippets:
            yield self.paint("gutter", " " * self.width + " |")
        for word, text in remarks:
            first, *rest = visible(text).split("\n")
            yield f"{self.paint('gutter', ' ' * self.width + ' =')} {self.paint('strong', word)}: {first}"
            yield from (f"{' ' * (self.width + len(word) + 5)}{line}".rstrip() for line in rest)

    def _fix(self, fix: Fix) -> Iterator[str]:
        word = self.paint("strong", "fix" if fix.safe else "suggestion")
        yield f"{self.paint('gutter', ' ' * self.width + ' =')} {word}: {visible(fix.title)}"
        by_source: dict[int, list[Edit]] = {}
        for edit in sorted(fix.edits, key=lambda edit: edit.span.start):
            by_source.setdefault(id(edit.span.source), []).append(edit)
        for edits in by_source.values():
            source = edits[0].span.source
            if source is not self.diagnostic.span.source:
                yield f"{self.paint('gutter', ' ' * self.width + ':::')} {visible(self.finding.file(source))}"
            for group in _neighbours(source, edits):
                yield from self._diff(source, group)

    def _diff(self, source: Source, edits: list[Edit]) -> Iterator[str]:
        """The lines that the edits touch, before and after."""
        start, first, old, new = _before_and_after(source, edits)
        around = edits[0].span.start - start
        for sign, style, lines in (("-", "removed", old), ("+", "added", new)):
            for number, text in enumerate(lines[:_MOST_DIFF], first):
                shown = Line(text, around if number == first else 0).text
                yield f"{self.paint('gutter', f'{number:>{self.width}}')} {self.paint(style, f'{sign} {shown}'.rstrip())}"
            if len(lines) > _MOST_DIFF:
                yield self.paint("gutter", f"{' ' * self.width} {sign} … {len(lines) - _MOST_DIFF} more lines")


def _neighbours(source: Source, edits: list[Edit]) -> list[list[Edit]]:
    """Edits grouped so that no two groups touch the same line."""
    groups: list[list[Edit]] = []
    last = 0
    for edit in edits:
        line = source.position(edit.span.start)[0]
        if groups and line <= last:
            groups[-1].append(edit)
        else:
            groups.append([edit])
        last = max(last, source.position(edit.span.end)[0])
    return groups


def _before_and_after(source: Source, edits: list[Edit]) -> tuple[int, int, list[str], list[str]]:
    """Offset and number of the first touched line, the touched lines, and what becomes of them (none when all goes)."""
    first = source.position(edits[0].span.start)[0]
    start = edits[0].span.start - (source.position(edits[0].span.start)[1] - 1)
    stop = max(edit.span.end for edit in edits)
    end = source.text.find("\n", stop)
    end = len(source.text) if end < 0 else end
    changed, at = [], start
    for edit in edits:
        changed += [source.text[at : edit.span.start], edit.text]
        at = edit.span.end
    after = "".join([*changed, source.text[at:end]])
    lines = after.split("\n") if after.strip() else []
    return start, first, source.text[start:end].split("\n"), lines
