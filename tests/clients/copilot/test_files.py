"""What stands in the files for Copilot: agents as the client wants them, one server for two programs, launches that name it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from agent_lattice import plan
from agent_lattice_clients.exporting import Export
from agent_lattice_clients.texts import main_of, role_text
from agent_lattice_runtime.client_names import server_name, slug
from agent_lattice_targets.claude import TARGET as CLAUDE
from agent_lattice_targets.copilot import TARGET
from clients.programs import programs
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

KNOWN = {"description", "tools", "model", "skills", "agents"}
CASES = [(mode, name) for mode in TARGET.modes for name in programs()]


@pytest.mark.parametrize("name", programs())
def test_each_role_is_an_agent_with_its_own_words(name: str) -> None:
    made = programs()[name]
    files, export = TARGET.emit(made, "instructed"), Export(made, "instructed")
    agents = {Path(path).name.removesuffix(".agent.md"): text for path, text in files.items() if "/agents/" in path}
    assert agents.keys() == {export.slug, *(role.id for role in export.roles)}
    for text in agents.values():
        head = YAML(typ="safe").load(text.split("---\n")[1])
        assert head.keys() <= KNOWN and head["description"].strip() and isinstance(head["tools"], list)
    for role in export.roles:
        head, body = agents[role.id].removeprefix("---\n").split("---\n\n", 1)
        assert body == role_text(made, role)
        assert YAML(typ="safe").load(head).get("model") == TARGET.model(export, role)


@pytest.mark.parametrize(("mode", "name"), CASES)
def test_both_programs_start_the_same_server(mode: str, name: str) -> None:
    made = programs()[name]
    files, export = TARGET.emit(made, mode), Export(made, mode)
    cli = json.loads(files[".mcp.json"])["mcpServers"][export.server]
    code = json.loads(files[".vscode/mcp.json"])["servers"][export.server]
    assert (cli["command"], *cli["args"]) == (code["command"], *code["args"]) == export.command
    assert list(cli.get("env", {})) == list(code.get("env", {})) == list(export.env)


@pytest.mark.parametrize(("mode", "name"), CASES)
def test_what_two_clients_read_is_the_same_for_both(mode: str, name: str) -> None:
    made = programs()[name]
    copilot, claude = TARGET.emit(made, mode), CLAUDE.emit(made, mode)
    shared = copilot.keys() & claude.keys()
    assert {".mcp.json", "AGENTS.md"} <= shared
    assert [path for path in shared if copilot[path] != claude[path]] == []


@pytest.mark.parametrize(("mode", "name"), CASES)
def test_the_prompt_asks_for_every_argument_and_links_a_skill_that_is_there(mode: str, name: str) -> None:
    made = programs()[name]
    files, made_slug = TARGET.emit(made, mode), slug(made.name)
    prompt = files[f".github/prompts/{made_slug}.prompt.md"]
    assert all(f"${{input:{param.name}}}" in prompt for param in main_of(made).params)
    assert YAML(typ="safe").load(prompt.split("---\n")[1])["agent"] == made_slug
    link = prompt.partition("](../../")[2].partition(")")[0]
    assert link in files


@given(st.text())
def test_a_launch_names_the_server_whatever_the_workflow_is_called(name: str) -> None:
    words = TARGET.launch(slug(name), [], mode="driven", headless=False).words
    assert f"{server_name(name)}/*" in words


def test_words_of_a_launch() -> None:
    start = ("copilot", "--agent", "refund", "--available-tools", "refund/*")
    assert TARGET.launch("refund", ["A-17"], mode="driven", headless=False).words == (*start, "-i", "/refund A-17")
    assert TARGET.launch("refund", ["A-17", "x"], mode="instructed", headless=True).words == (
        *(*start, "task"),
        *("-p", "Use the skill refund. Arguments: A-17 x"),
    )
    assert TARGET.launch("refund", [], mode="driven", headless=True).words[-1] == "Use the skill refund."


@pytest.mark.parametrize(
    ("provider", "id", "name"),
    [
        ("anthropic", "claude-haiku-4-5", "claude-haiku-4.5"),
        ("anthropic", "claude-opus-5", "claude-opus-5"),
        ("openai", "gpt-5-mini", "gpt-5-mini"),
        ("openai", "gpt-unheard-of", None),
        ("ollama", "llama", None),
    ],
)
def test_models_are_called_as_the_client_does(provider: str, id: str, name: str | None) -> None:
    declared = plan.Model("m", provider, id, 100, None, 30.0, 0, None, None, None, None, None)
    assert TARGET.models.name(declared) == name
