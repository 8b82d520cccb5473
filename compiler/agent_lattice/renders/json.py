"""Findings for programs, in the shape of `schemas/diagnostics.schema.json`.

Offsets count characters of the text with LF line ends and no byte order mark, from 0; lines and columns count from 1; ends are excluded.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from agent_lattice.renders.findings import Finding, counts, is_somewhere
from agent_lattice.source import Span

FORMAT = 1
"""Version of the shape; grows when something in it changes or goes."""


def render(findings: Iterable[Finding]) -> str:
    """One JSON object and a line end."""
    return json.dumps(data(list(findings)), ensure_ascii=False, indent=2) + "\n"


def data(findings: list[Finding]) -> dict[str, Any]:
    """The findings as plain data."""
    summary = {f"{severity}s": count for severity, count in counts(findings).items()}
    return {"format": FORMAT, "diagnostics": [_finding(finding) for finding in findings], "summary": summary}


def _finding(finding: Finding) -> dict[str, Any]:
    d = finding.diagnostic
    return {
        "code": d.code.number,
        "name": d.code.name,
        "severity": str(d.severity),
        "message": d.message,
        "label": d.label,
        "place": place(finding, d.span),
        "related": [{"place": place(finding, label.span), "text": label.text} for label in d.related],
        "notes": list(d.notes),
        "help": d.help,
        "fix": d.fix
        and {
            "title": d.fix.title,
            "safe": d.fix.safe,
            "edits": [{"place": place(finding, edit.span), "text": edit.text} for edit in d.fix.edits],
        },
    }


def place(finding: Finding, span: Span) -> dict[str, Any] | None:
    """File and both ends of a span; None for what is built in."""
    if not is_somewhere(span):
        return None
    return {"file": finding.file(span.source), "start": _point(span, span.start), "end": _point(span, span.end)}


def _point(span: Span, offset: int) -> dict[str, int]:
    line, column = span.source.position(offset)
    return {"offset": offset, "line": line, "column": column}
