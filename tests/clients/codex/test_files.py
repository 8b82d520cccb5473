"""What stands in the files for Codex: texts that come back as they were, agents and servers as the client wants them."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
import tomlkit
from agent_lattice_clients.exporting import Export
from agent_lattice_clients.texts import role_text
from agent_lattice_targets.codex import TARGET
from clients.programs import ROOT, programs
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

KNOWN = {"name", "description", "developer_instructions", "model", "features"}


@pytest.mark.parametrize("name", programs())
def test_agents_have_what_is_required_and_nothing_unknown(name: str) -> None:
    made = programs()[name]
    files = TARGET.emit(made, "instructed")
    export = Export(made, "instructed")
    agents = {Path(path).stem: tomllib.loads(text) for path, text in files.items() if path.startswith(".codex/agents/")}
    assert agents.keys() == {role.id for role in export.roles}
    for role in export.roles:
        agent = agents[role.id]
        assert KNOWN >= agent.keys() >= KNOWN - {"model"}
        assert agent["name"] == role.id and agent["description"].strip()
        assert agent["developer_instructions"] == role_text(made, role)
        assert agent["features"] == {"shell_tool": False}
        assert f"`{role.id}`" in files[f".agents/skills/{export.slug}/SKILL.md"]


@pytest.mark.parametrize("mode", TARGET.modes)
@pytest.mark.parametrize("name", programs())
def test_the_server_gets_the_variables_it_reads_and_serves_what_was_granted(mode: str, name: str) -> None:
    made = programs()[name]
    export = Export(made, mode)
    server = tomllib.loads(TARGET.emit(made, mode)[".codex/config.toml"])["mcp_servers"][export.server]
    assert server.get("env_vars", []) == list(export.env)
    assert server["enabled_tools"] == [tool.name for tool in export.tools] == list(server["tools"])
    assert "env" not in server and "cwd" not in server


@pytest.mark.parametrize("name", programs())
def test_hooks_are_of_the_public_schema(name: str) -> None:
    schema = json.loads((ROOT / "schemas/clients/codex-hooks.json").read_text("utf-8"))
    hooks = json.loads(TARGET.emit(programs()[name], "instructed")[".codex/hooks.json"])
    Draft7Validator(schema).validate(hooks)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back_from_an_agents_file(text: str) -> None:
    """Line ends are those of the source, `\\n`; a carriage return of its own is escaped."""
    written = tomlkit.dumps({"developer_instructions": tomlkit.string(text, multiline=True)})
    assert tomllib.loads(written)["developer_instructions"] == text


def test_who_is_started_can_do_nothing_else() -> None:
    words = TARGET.launch("refund", ["A-17", "broken"], mode="driven", headless=True).words
    assert words[:2] == ("codex", "exec") and words[-1] == "$refund A-17 broken"
    assert words[2:4] == ("-s", "read-only") and "features.shell_tool=false" in words
    assert TARGET.launch("refund", [], mode="driven", headless=False).words[-1] == "$refund"
