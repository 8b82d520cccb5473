"""`lattice schema`: every schema is one, is described, and its examples are valid; the files below `schemas/` are the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from agent_lattice.compiling import compile_file
from agent_lattice.driver import compile_source
from agent_lattice.plan_data import plan_data
from agent_lattice.published import SCHEMAS, published
from agent_lattice_targets.python.manifest import manifest
from cli.running import ROOT, lattice
from jsonschema import Draft202012Validator

NAMES = sorted(SCHEMAS)
WORKFLOWS = sorted(path for path in (ROOT / "tests/workflows").glob("*/*.lat") if path.stem == path.parent.name)
SERVERS = """\
secret DOCS_KEY
model fast = anthropic("small")
tool docs = mcp("uvx policy-docs-mcp") {
  secrets: [DOCS_KEY]
  op search(query: string) -> list<string> { effect: read }
  op fetch(id: string) -> string = TOOL "policy.fetch" { effect: read, returns: trusted }
}
tool remote = mcp("https://docs.example/mcp") {
  auth bearer DOCS_KEY
  op find(query: string) -> string { effect: read }
}
tool parcels = http(env.PARCELS_URL) { op at(id: string) -> string = GET "/{id}" { effect: read } }
agent researcher(question: string) -> string {
  model fast
  tools docs.search, remote.find
  prompt "{{ question }}"
  max_turns 4
}
workflow look(id: string) -> string {
  place = parcels.at(id: id)
  text = docs.fetch(id: place)
  found = run researcher(question: text)
  return found
}
workflow answer(id: string) -> string {
  found = call look(id: id)
  return found
}
"""


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_printed_with_valid_examples(name: str) -> None:
    ran = lattice("schema", name)
    assert (ran.exit_code, ran.stderr) == (0, "")
    schema: dict[str, Any] = json.loads(ran.stdout)
    Draft202012Validator.check_schema(schema)
    assert schema["title"] and schema["description"] and schema["examples"]
    for example in schema["examples"]:
        assert [error.message for error in Draft202012Validator(schema).iter_errors(example)] == []
        assert json.dumps(example) not in ("{}", "[]")
    if name != "events":
        assert (ROOT / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8") == ran.stdout


def test_every_type_of_event_has_an_example_of_its_own() -> None:
    any_event = Draft202012Validator(published("events"))
    for path in (ROOT / "schemas" / "events").iterdir():
        schema = json.loads(path.read_text(encoding="utf-8"))
        (example,) = schema["examples"]
        assert Draft202012Validator(schema).is_valid(example) and any_event.is_valid(example)
        assert not any_event.is_valid({**example, "type": "step.finished"})


def test_the_example_of_a_document_is_a_program() -> None:
    """Its shape is right; what is wrong in it is that no other files lie beside it."""
    for example in published("document")["examples"]:
        compilation = compile_source("example.json", json.dumps(example).encode(), lambda path: None)
        found = {diagnostic.code.number for diagnostic in compilation.report.found}
        assert not {number for number in found if number < "LAT1300"}


def test_manifests_and_plans_of_real_workflows_are_valid(here: Path) -> None:
    checks = {name: Draft202012Validator(published(name)) for name in ("manifest", "plan")}
    protocols = set()
    (here / "answer.lat").write_text(SERVERS)
    for path in [*WORKFLOWS, here / "answer.lat"]:
        plan = compile_file(str(path)).plan()
        protocols |= {tool.protocol for tool in plan.tools}
        for name, data in (("manifest", manifest(plan)), ("plan", plan_data(plan))):
            written = json.loads(json.dumps(data))
            assert [error.message for error in checks[name].iter_errors(written)] == [], path
            assert not checks[name].is_valid({**written, "more": 1})
    assert protocols == {"python", "http", "mcp"}


def test_without_a_name_all_are_listed() -> None:
    ran = lattice("schema")
    assert ran.exit_code == 0
    assert sorted(line.split()[0] for line in ran.stdout.splitlines()) == NAMES


def test_an_unknown_name_is_told() -> None:
    ran = lattice("schema", "documnet")
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert ran.stderr == "error: there is no schema `documnet`; did you mean `document`?\n"
