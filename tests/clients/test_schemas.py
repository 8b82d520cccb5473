"""What is written for clients is valid by their own schemas, and several clients can live in one project."""

from __future__ import annotations

import json
from itertools import combinations
from typing import Any

import pytest
from agent_lattice_clients.exporting import Export
from agent_lattice_clients.target import ClientTarget
from agent_lattice_targets import targets
from clients.programs import ROOT, programs
from jsonschema.validators import validator_for

CLIENTS: dict[str, ClientTarget] = {
    name: made for name, load in targets().items() if isinstance(made := load().TARGET, ClientTarget)
}
SCHEMAS = {
    ("claude", ".claude/settings.json"): "claude-code-settings.json",
    ("opencode", "opencode.json"): "opencode.json",
}


def validator(name: str) -> Any:
    schema = json.loads((ROOT / "schemas/clients" / name).read_text("utf-8"))
    return validator_for(schema)(schema)


@pytest.mark.parametrize(("client", "path"), SCHEMAS)
def test_settings_are_valid(client: str, path: str) -> None:
    valid = validator(SCHEMAS[client, path])
    for mode in CLIENTS[client].modes:
        for made in programs().values():
            text = CLIENTS[client].files(Export(made, mode))[path]
            assert not list(valid.iter_errors(json.loads(text))), (made.name, mode)


@pytest.mark.parametrize(("client", "path", "key", "wrong"), [
    ("claude", ".claude/settings.json", "permissions", {"allow": ["no rule (at all"]}),
    ("opencode", "opencode.json", "mcp", {"x": {"type": "local"}}),
])  # fmt: skip
def test_the_schemas_find_mistakes(client: str, path: str, key: str, wrong: object) -> None:
    assert not validator(SCHEMAS[client, path]).is_valid({key: wrong})


@pytest.mark.parametrize(("one", "other"), list(combinations(CLIENTS, 2)))
def test_files_that_two_clients_read_are_the_same(one: str, other: str) -> None:
    """In one mode: a skill or server that is read by both is listed once, whoever wrote it last."""
    for mode in {*CLIENTS[one].modes} & {*CLIENTS[other].modes}:
        for made in programs().values():
            export = Export(made, mode)
            first, second = CLIENTS[one].files(export), CLIENTS[other].files(export)
            for path in first.keys() & second.keys():
                assert first[path] == second[path], (mode, made.name, path)
