"""Findings as JSON: the shape that `schemas/diagnostics.schema.json` promises."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
from agent_lattice.diagnostics import CODES, Label
from agent_lattice.driver import compile_source
from agent_lattice.renders.findings import Finding
from agent_lattice.renders.json import render
from agent_lattice.source import NOWHERE, Source, Span
from renders.made_up import ODD, Edit, Fix, at, finding

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "schemas" / "diagnostics.schema.json").read_text())


def test_every_part_of_a_finding() -> None:
    source = Source("main.lat", "\ufeffab\r\ncd\n")
    found = finding(
        at(source, "cd"),
        "here",
        code=ODD,
        folder="x",
        related=(Label(at(source, "b"), "there"), Label(NOWHERE, "built in")),
        notes=("why",),
        help="do this",
        fix=Fix("mend", (Edit(Span(source, 5, 5), "é"),)),
    )
    made = json.loads(render([found]))
    jsonschema.validate(made, SCHEMA)
    spot = {"offset": 5, "line": 2, "column": 3}
    assert made == {
        "format": 1,
        "summary": {"errors": 0, "warnings": 1, "hints": 0},
        "diagnostics": [
            {
                "code": "LAT9902",
                "name": "made-up-warning",
                "severity": "warning",
                "message": "something is wrong",
                "label": "here",
                "place": {"file": "x/main.lat", "start": {"offset": 3, "line": 2, "column": 1}, "end": spot},
                "related": [
                    {
                        "place": {
                            "file": "x/main.lat",
                            "start": {"offset": 1, "line": 1, "column": 2},
                            "end": {"offset": 2, "line": 1, "column": 3},
                        },
                        "text": "there",
                    },
                    {"place": None, "text": "built in"},
                ],
                "notes": ["why"],
                "help": "do this",
                "fix": {
                    "title": "mend",
                    "safe": True,
                    "edits": [{"place": {"file": "x/main.lat", "start": spot, "end": spot}, "text": "é"}],
                },
            }
        ],
    }


def test_nothing_found() -> None:
    made = json.loads(render([]))
    jsonschema.validate(made, SCHEMA)
    assert made["diagnostics"] == []


def test_real_findings_keep_to_the_schema() -> None:
    for case in sorted((ROOT / "tests" / "kinds").rglob("wrong.lat")):
        compilation = compile_source(case.name, case.read_bytes(), lambda name: None)
        made = json.loads(render([Finding(d) for d in compilation.report.sorted()]))
        jsonschema.validate(made, SCHEMA)
        assert {d["code"] for d in made["diagnostics"]} <= CODES.keys()
        assert made["summary"]["errors"] + made["summary"]["warnings"] + made["summary"]["hints"] == len(
            made["diagnostics"]
        )
