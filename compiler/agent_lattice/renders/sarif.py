"""Findings for code scanning services: SARIF 2.1.0, with the rules' pages, related places and fixes. No absolute paths."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote

from agent_lattice import __version__
from agent_lattice.diagnostics import Code, Edit, Fix, Severity
from agent_lattice.renders.findings import Finding, is_somewhere
from agent_lattice.source import Source, Span

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "%SRCROOT%"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.HINT: "note"}

Page = Callable[[Code], str | None]
"""The explanation of a code in Markdown, when there is one."""


def render(findings: Iterable[Finding], page: Page) -> str:
    """One SARIF log with one run and a line end."""
    return json.dumps(data(list(findings), page), ensure_ascii=False, indent=2) + "\n"


def data(findings: list[Finding], page: Page) -> dict[str, Any]:
    """The log as plain data."""
    codes = {finding.diagnostic.code.number: finding.diagnostic.code for finding in findings}
    rules = [codes[number] for number in sorted(codes)]
    places = {code.number: index for index, code in enumerate(rules)}
    driver = {"name": "lattice", "version": __version__, "rules": [_rule(code, page(code)) for code in rules]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, places) for finding in findings],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(code: Code, page: str | None) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "id": code.number,
        "name": code.name,
        "shortDescription": {"text": code.name.replace("-", " ")},
        "defaultConfiguration": {"level": _LEVELS[code.severity]},
    }
    if page:
        rule["help"] = {"text": page, "markdown": page}
    return rule


def _result(finding: Finding, places: dict[str, int]) -> dict[str, Any]:
    d = finding.diagnostic
    result: dict[str, Any] = {
        "ruleId": d.code.number,
        "ruleIndex": places[d.code.number],
        "level": _LEVELS[d.severity],
        "message": {"text": finding.said},
    }
    if is_somewhere(d.span):
        result["locations"] = [{"physicalLocation": _physical(finding, d.span)}]
    related = [
        {"id": id, "physicalLocation": _physical(finding, label.span), "message": {"text": label.text}}
        for id, label in enumerate(d.related, 1)
        if is_somewhere(label.span)
    ]
    if related:
        result["relatedLocations"] = related
    if d.fix:
        result["fixes"] = [_fix(finding, d.fix)]
    return result


def _fix(finding: Finding, fix: Fix) -> dict[str, Any]:
    by_source: dict[int, list[Edit]] = {}
    for edit in fix.edits:
        by_source.setdefault(id(edit.span.source), []).append(edit)
    changes = [
        {
            "artifactLocation": _artifact(finding, edits[0].span.source),
            "replacements": [
                {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.text}} for edit in edits
            ],
        }
        for edits in by_source.values()
    ]
    return {"description": {"text": fix.title}, "artifactChanges": changes}


def _physical(finding: Finding, span: Span) -> dict[str, Any]:
    return {"artifactLocation": _artifact(finding, span.source), "region": _region(span)}


def _artifact(finding: Finding, source: Source) -> dict[str, str]:
    return {"uri": quote(finding.file(source).encode("utf-8", "surrogateescape")), "uriBaseId": ROOT}


def _region(span: Span) -> dict[str, int]:
    start_line, start = span.source.position(span.start)
    end_line, end = span.source.position(span.end)
    return {"startLine": start_line, "startColumn": start, "endLine": end_line, "endColumn": end}
