"""Outcomes as JUnit XML, which nearly every CI service shows: a suite for each file, a case for each finding or test."""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.etree import ElementTree

from agent_lattice.records import record
from agent_lattice.renders.findings import Finding, is_somewhere, key_of

_NO_XML = re.compile("[^\t\n -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold, even escaped."""


@record
class Case:
    """What became of one thing that was looked at. `problem` is "" when it passed; `kind` and `said` tell more about it."""

    name: str
    problem: str = ""
    kind: str = ""
    said: str = ""


def render(suites: Iterable[tuple[str, Iterable[Case]]]) -> str:
    """The document of suites by file, with a line end."""
    root = ElementTree.Element("testsuites", name="lattice")
    for file, cases in suites:
        _suite(root, file, list(cases))
    _count(root, list(root.iter("testcase")))
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def of_findings(
    findings: Iterable[Finding], files: Iterable[str], failures: Iterable[Finding]
) -> list[tuple[str, list[Case]]]:
    """A suite for each of `files` and each file with findings; those that are not among `failures` are told and pass.

    A file without findings has one case that passes.
    """
    suites: dict[str, list[Case]] = {file: [] for file in files}
    failing = {key_of(finding) for finding in failures}
    for finding in findings:
        span = finding.diagnostic.span
        file = finding.file(span.source) if is_somewhere(span) else span.source.name
        suites.setdefault(file, []).append(_case(finding, key_of(finding) in failing))
    return [(file, cases or [Case("no findings")]) for file, cases in suites.items()]


def _case(finding: Finding, failing: bool) -> Case:
    d = finding.diagnostic
    line, column = d.span.source.position(d.span.start)
    name = f"{d.code.number} {d.code.name} at {line}:{column}"
    problem = d.message if failing else ""
    return Case(name, problem, str(d.severity), f"{finding.place(d.span)}: {d.severity}: {finding.said}")


def _suite(root: ElementTree.Element, file: str, cases: list[Case]) -> None:
    suite = ElementTree.SubElement(root, "testsuite", name=_text(file))
    for case in cases:
        element = ElementTree.SubElement(suite, "testcase", name=_text(case.name), classname=_text(file))
        if case.problem:
            failure = ElementTree.SubElement(element, "failure", message=_text(case.problem), type=_text(case.kind))
            failure.text = _text(case.said)
        elif case.said:
            ElementTree.SubElement(element, "system-out").text = _text(case.said)
    _count(suite, list(suite))


def _count(element: ElementTree.Element, cases: list[ElementTree.Element]) -> None:
    failed = sum(case.find("failure") is not None for case in cases)
    for name, count in (("tests", len(cases)), ("failures", failed), ("errors", 0), ("skipped", 0)):
        element.set(name, str(count))


def _text(text: str) -> str:
    return _NO_XML.sub("\ufffd", text.replace("\r\n", "\n"))
