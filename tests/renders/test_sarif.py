"""Findings as SARIF 2.1.0.

The published schema is not part of this repository. What the standard demands of the properties that are written here is checked
one by one, and the shapes are closed: nothing but these properties is written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema
from agent_lattice.diagnostics import Code, Label
from agent_lattice.driver import compile_source
from agent_lattice.renders.findings import Finding
from agent_lattice.renders.sarif import SCHEMA, render
from agent_lattice.source import NOWHERE, Source, Span
from renders.made_up import IDEA, ODD, Edit, Fix, at, finding

TESTS = Path(__file__).parents[1]

_TEXT = {
    "type": "object",
    "required": ["text"],
    "properties": {"text": {"type": "string", "minLength": 1}},
    "additionalProperties": False,
}
_REGION = {
    "type": "object",
    "required": ["startLine", "startColumn", "endLine", "endColumn"],
    "properties": {
        name: {"type": "integer", "minimum": 1} for name in ("startLine", "startColumn", "endLine", "endColumn")
    },
    "additionalProperties": False,
}
_ARTIFACT = {
    "type": "object",
    "required": ["uri", "uriBaseId"],
    "properties": {"uri": {"type": "string", "pattern": r"^[A-Za-z0-9._~/%-]+$"}, "uriBaseId": {"const": "%SRCROOT%"}},
    "additionalProperties": False,
}
_PHYSICAL = {
    "type": "object",
    "required": ["artifactLocation", "region"],
    "properties": {"artifactLocation": _ARTIFACT, "region": _REGION},
    "additionalProperties": False,
}
_LEVEL = {"enum": ["error", "warning", "note"]}
_RULE = {
    "type": "object",
    "required": ["id", "name", "shortDescription", "defaultConfiguration"],
    "properties": {
        "id": {"type": "string"},
        "name": {"type": "string"},
        "shortDescription": _TEXT,
        "help": {
            "type": "object",
            "required": ["text", "markdown"],
            "properties": {"text": {"type": "string"}, "markdown": {"type": "string"}},
            "additionalProperties": False,
        },
        "defaultConfiguration": {
            "type": "object",
            "required": ["level"],
            "properties": {"level": _LEVEL},
            "additionalProperties": False,
        },
    },
    "additionalProperties": False,
}
_FIX = {
    "type": "object",
    "required": ["artifactChanges"],
    "properties": {
        "description": _TEXT,
        "artifactChanges": {
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": {
                "type": "object",
                "required": ["artifactLocation", "replacements"],
                "properties": {
                    "artifactLocation": _ARTIFACT,
                    "replacements": {
                        "type": "array",
                        "minItems": 1,
                        "items": {
                            "type": "object",
                            "required": ["deletedRegion", "insertedContent"],
                            "properties": {
                                "deletedRegion": _REGION,
                                "insertedContent": {
                                    "type": "object",
                                    "required": ["text"],
                                    "properties": {"text": {"type": "string"}},
                                    "additionalProperties": False,
                                },
                            },
                            "additionalProperties": False,
                        },
                    },
                },
                "additionalProperties": False,
            },
        },
    },
    "additionalProperties": False,
}
_RESULT = {
    "type": "object",
    "required": ["message", "ruleId", "ruleIndex", "level"],
    "properties": {
        "ruleId": {"type": "string"},
        "ruleIndex": {"type": "integer", "minimum": 0},
        "level": _LEVEL,
        "message": _TEXT,
        "locations": {
            "type": "array",
            "maxItems": 1,
            "items": {
                "type": "object",
                "required": ["physicalLocation"],
                "properties": {"physicalLocation": _PHYSICAL},
                "additionalProperties": False,
            },
        },
        "relatedLocations": {
            "type": "array",
            "uniqueItems": True,
            "items": {
                "type": "object",
                "required": ["id", "physicalLocation", "message"],
                "properties": {
                    "id": {"type": "integer", "minimum": 0},
                    "physicalLocation": _PHYSICAL,
                    "message": _TEXT,
                },
                "additionalProperties": False,
            },
        },
        "fixes": {"type": "array", "uniqueItems": True, "items": _FIX},
    },
    "additionalProperties": False,
}
_LOG = {
    "type": "object",
    "required": ["$schema", "version", "runs"],
    "properties": {
        "$schema": {"const": SCHEMA},
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "minItems": 1,
            "maxItems": 1,
            "items": {
                "type": "object",
                "required": ["tool", "results", "columnKind"],
                "properties": {
                    "tool": {
                        "type": "object",
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "type": "object",
                                "required": ["name", "version", "rules"],
                                "properties": {
                                    "name": {"const": "lattice"},
                                    "version": {"type": "string"},
                                    "rules": {"type": "array", "uniqueItems": True, "items": _RULE},
                                },
                                "additionalProperties": False,
                            }
                        },
                        "additionalProperties": False,
                    },
                    "columnKind": {"const": "unicodeCodePoints"},
                    "results": {"type": "array", "items": _RESULT},
                },
                "additionalProperties": False,
            },
        },
    },
    "additionalProperties": False,
}


def page(code: Code) -> str | None:
    return f"# {code.name}\n"


def checked(findings: list[Finding]) -> Any:
    """The log, after what the standard demands of it has been checked."""
    log = json.loads(render(findings, page))
    jsonschema.validate(log, _LOG)
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        ids = [location["id"] for location in result.get("relatedLocations", [])]
        assert len(set(ids)) == len(ids)
    for region in _regions(log):
        assert (region["startLine"], region["startColumn"]) <= (region["endLine"], region["endColumn"])
    assert not re.search(r'"uri": "(?:/|file:|[A-Za-z]:)', json.dumps(log))
    return run


def _regions(value: Any) -> Iterator[dict[str, int]]:
    if isinstance(value, dict):
        if "startLine" in value:
            yield value
        for inner in value.values():
            yield from _regions(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _regions(inner)


def test_rules_places_related_places_and_fixes() -> None:
    source, other = Source("a b.lat", "one\ntwo\n"), Source("ü.lat", "x\n")
    fix = Fix("mend", (Edit(at(source, "two"), "2"), Edit(other.end, "y")))
    found = [
        finding(
            at(source, "two"),
            "here",
            folder="p",
            related=(Label(at(other, "x"), "there"), Label(NOWHERE, "built in")),
            help="do it",
            notes=("why",),
            fix=fix,
        ),
        finding(Span(source, 0, 0), code=ODD),
        finding(NOWHERE, code=IDEA),
        finding(at(source, "one")),
    ]
    run = checked(found)
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["LAT9901", "LAT9902", "LAT9903"]
    assert [rule["defaultConfiguration"]["level"] for rule in run["tool"]["driver"]["rules"]] == [
        "error",
        "warning",
        "note",
    ]
    assert run["tool"]["driver"]["rules"][0]["help"]["markdown"] == "# made-up-error\n"
    first, second, third, fourth = run["results"]
    assert first["message"]["text"] == "something is wrong: here\nnote: why\nhelp: do it"
    location = first["locations"][0]["physicalLocation"]
    assert unquote(location["artifactLocation"]["uri"]) == "p/a b.lat"
    assert location["region"] == {"startLine": 2, "startColumn": 1, "endLine": 2, "endColumn": 4}
    assert [unquote(place["physicalLocation"]["artifactLocation"]["uri"]) for place in first["relatedLocations"]] == [
        "p/ü.lat"
    ]
    assert [len(change["replacements"]) for change in first["fixes"][0]["artifactChanges"]] == [1, 1]
    assert second["level"] == "warning" and "locations" not in third and fourth["ruleIndex"] == 0


def test_nothing_found_is_a_whole_log() -> None:
    assert checked([])["results"] == []


def test_real_findings_keep_to_the_standard() -> None:
    cases = sorted((TESTS / "kinds").rglob("wrong.lat"))
    assert cases
    for case in cases:
        compilation = compile_source(case.name, case.read_bytes(), lambda name: None)
        run = checked([Finding(d, "tests") for d in compilation.report.sorted()])
        assert len(run["results"]) == len(compilation.report.sorted())
