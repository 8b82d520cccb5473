"""Outcomes as JUnit XML: well-formed whatever the texts hold, and counted as its readers expect."""

from __future__ import annotations

from xml.etree import ElementTree

from agent_lattice.renders.junit import Case, of_findings, render
from agent_lattice.source import NOWHERE, Source
from hypothesis import given
from hypothesis import strategies as st
from renders.made_up import IDEA, ODD, at, finding

COUNTS = {"errors": "0", "skipped": "0"}


def test_a_suite_for_each_file_and_a_case_for_each_finding() -> None:
    one, lib = Source("one.lat", "a\nb\n"), Source("lib.lat", "c\n")
    found = [
        finding(at(one, "b"), "here", folder="x", help="do it"),
        finding(at(one, "a"), code=IDEA, folder="x"),
        finding(at(lib, "c"), code=ODD, folder="x"),
        finding(NOWHERE, code=ODD),
    ]
    root = ElementTree.fromstring(render(of_findings(found, ["x/one.lat", "clean.lat"], [found[0], *found[2:]])))
    assert root.attrib == {"name": "lattice", "tests": "5", "failures": "3", **COUNTS}
    suites = {suite.attrib["name"]: suite for suite in root}
    assert list(suites) == ["x/one.lat", "clean.lat", "x/lib.lat", "<built-in>"]
    assert suites["x/one.lat"].attrib == {"name": "x/one.lat", "tests": "2", "failures": "1", **COUNTS}
    wrong, idea = suites["x/one.lat"]
    assert wrong.attrib == {"name": "LAT9901 made-up-error at 2:1", "classname": "x/one.lat"}
    failure = wrong.find("failure")
    assert failure is not None and failure.attrib == {"message": "something is wrong", "type": "error"}
    assert failure.text == "x/one.lat:2:1: error: something is wrong: here\nhelp: do it"
    assert idea.find("failure") is None and idea.findtext("system-out") == "x/one.lat:1:1: hint: something is wrong"
    (clean,) = suites["clean.lat"]
    assert (clean.attrib["name"], list(clean)) == ("no findings", [])


@given(st.text(), st.text(), st.text())
def test_any_text_is_well_formed(file: str, name: str, said: str) -> None:
    made = render([(file, [Case(name, said, "failed", said), Case(name, "", "", said)])])
    root = ElementTree.fromstring(made.encode("utf-8", "strict"))
    assert root.attrib["tests"] == "2" and root.attrib["failures"] == ("1" if said else "0")
    plain = all(char in "\t\n" or char.isprintable() for char in said)
    if said and plain:
        failure = root[0][0].find("failure")
        assert failure is not None and failure.attrib["message"] == failure.text == said


def test_no_xml_character_is_lost_and_no_other_stays() -> None:
    allowed = "\t\n \ud7ff\ue000\ufffd\U00010000\U0010ffff"
    refused = "\x00\x08\x0b\x1f\ufffe\uffff\ud800\udfff"
    root = ElementTree.fromstring(render([("f", [Case("n", "p", "k", allowed + refused)])]))
    assert root.findtext(".//failure") == allowed + "\ufffd" * len(refused)
