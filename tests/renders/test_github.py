"""Findings as workflow commands: one line each, whatever the texts hold, as the runner of GitHub Actions reads them."""

from __future__ import annotations

import re
from pathlib import Path

from agent_lattice.driver import compile_source
from agent_lattice.renders.findings import Finding
from agent_lattice.renders.github import command, render
from agent_lattice.source import NOWHERE, Source, Span
from hypothesis import given
from hypothesis import strategies as st
from renders.made_up import IDEA, ODD, WRONG, Label, at, finding

TESTS = Path(__file__).parents[1]


def read(line: str) -> tuple[str, dict[str, str], str]:
    """Command, properties and message, as the runner takes a line apart."""
    found = re.fullmatch(r"::(\w+)(?: (.*?))?::(.*)", line)
    assert found, line
    properties = dict(part.split("=", 1) for part in found[2].split(","))
    return (
        found[1],
        {name: _decoded(_decoded(value, "property"), "data") for name, value in properties.items()},
        found[3],
    )


def _decoded(text: str, where: str) -> str:
    """What the runner undoes: `%25` last."""
    codes = {"property": (("%3A", ":"), ("%2C", ",")), "data": (("%0D", "\r"), ("%0A", "\n"), ("%25", "%"))}[where]
    for code, char in codes:
        text = text.replace(code, char)
    return text


def test_severity_place_and_everything_that_is_said() -> None:
    source = Source("a,b.lat", "one\ntwo\n")
    found = [
        finding(
            at(source, "two"),
            "here",
            folder="x:y",
            notes=("100%",),
            help="do it",
            related=(Label(NOWHERE, "built in"),),
        ),
        finding(Span(source, 0, 7), code=ODD),
        finding(NOWHERE, code=IDEA),
    ]
    assert render(found) == (
        "::error file=x%3Ay/a%2Cb.lat,line=2,endLine=2,col=1,endColumn=4,title=LAT9901 made-up-error"
        "::something is wrong: here%0Anote: 100%25%0Ahelp: do it\n"
        "::warning file=a%2Cb.lat,line=1,endLine=2,title=LAT9902 made-up-warning::something is wrong\n"
        "::notice title=LAT9903 made-up-hint::something is wrong\n"
    )
    assert render([]) == ""


def test_files_are_named_from_the_top_of_the_repository() -> None:
    source = Source("a.lat", "x")
    files = [
        read(line)[1]["file"] for line in render([finding(at(source, "x"), folder="../b")], "flows/one").splitlines()
    ]
    assert files == ["flows/b/a.lat"]


@given(st.text(), st.text())
def test_any_text_is_one_command_of_one_line(message: str, file: str) -> None:
    line = command(WRONG.severity, message, file=file, title="t")
    assert line.endswith("\n") and len(line.splitlines()) == 1
    name, properties, data = read(line[:-1])
    assert (name, properties.keys(), properties["title"]) == ("error", {"file", "title"}, "t")
    if message.isascii() and message.isprintable():
        assert _decoded(data, "data") == message
    if file.isascii() and file.isprintable():
        assert properties["file"] == file


def test_real_findings() -> None:
    seen = 0
    for case in sorted((TESTS / "kinds").rglob("wrong.lat")):
        compilation = compile_source(case.name, case.read_bytes(), lambda name: None)
        found = [Finding(d, "tests") for d in compilation.report.sorted()]
        lines = render(found).splitlines()
        assert [read(line)[1]["title"].split()[0] for line in lines] == [f.diagnostic.code.number for f in found]
        seen += len(lines)
    assert seen > 20
