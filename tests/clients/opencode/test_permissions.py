"""What OpenCode lets a session and its roles do, by the model of its rules, is within what the workflow was granted."""

from __future__ import annotations

import json
from typing import Any

import pytest
from agent_lattice import plan
from agent_lattice_clients.exporting import Export
from agent_lattice_targets.opencode import TARGET
from agent_lattice_targets.opencode.matching import call_name, decision
from clients.programs import programs

BUILT_IN = [
    "bash",
    "read",
    "edit",
    "glob",
    "grep",
    "list",
    "webfetch",
    "websearch",
    "todowrite",
    "external_directory",
    "lsp",
]


def config(export: Export) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(TARGET.files(export)["opencode.json"])
    return made


def declared(made: plan.Plan, export: Export) -> list[str]:
    """Every operation that is declared, granted or not, and what else a server of that name could offer."""
    names = [f"{tool.name}_{op.name}" for tool in made.tools for op in tool.operations]
    return [call_name(export.server, name) for name in (*names, "delete_everything")]


def said_of(call: str, export: Export, granted: set[str]) -> str:
    """What speaks for a person is asked about, what else was granted is allowed."""
    if call in {call_name(export.server, tool.name) for tool in export.tools if tool.asked}:
        return "ask"
    return "allow" if call in granted else "deny"


@pytest.mark.parametrize("mode", TARGET.modes)
def test_the_project_may_call_what_was_granted(mode: str) -> None:
    for made in programs().values():
        export = Export(made, mode)
        granted = {call_name(export.server, tool.name) for tool in export.tools}
        rules = config(export)["permission"]
        for call in {*declared(made, export), *granted}:
            assert decision((rules,), call) == said_of(call, export, granted), (made.name, call)


@pytest.mark.parametrize("before", [{}, {"*": "ask"}, {"*": "allow", "bash": {"*": "allow"}}])
@pytest.mark.parametrize("mode", TARGET.modes)
def test_a_session_may_do_the_workflow_and_nothing_else(mode: str, before: dict[str, Any]) -> None:
    for made in programs().values():
        export = Export(made, mode)
        made_config = config(export)
        granted = {call_name(export.server, tool.name) for tool in export.tools}
        layers = (before | made_config["permission"], made_config["agent"][export.slug]["permission"])
        for call in {*declared(made, export), *granted, *BUILT_IN, "other_tool"}:
            assert decision(layers, call) == said_of(call, export, granted), (made.name, call)
        assert decision(layers, "skill", export.slug) == "allow" and decision(layers, "skill", "other") == "deny"
        spawned = {role.id for role in export.roles} if mode == "instructed" else set()
        for role in ("general", *(role.id for role in export.roles)):
            assert decision(layers, "task", role) == ("allow" if role in spawned else "deny")


def test_a_role_may_call_its_own_operations_and_no_more() -> None:
    for made in programs().values():
        export = Export(made, "instructed")
        made_config = config(export)
        for role in export.roles:
            own = {call_name(export.server, tool.name) for tool in export.role_tools(role)}
            layers = (made_config["permission"], made_config["agent"][role.id]["permission"])
            for call in {*declared(made, export), *own, *BUILT_IN, "task", "skill"}:
                assert decision(layers, call) == ("allow" if call in own else "deny"), (role.id, call)


def test_the_last_match_wins() -> None:
    assert decision(({"read": "allow", "*": "deny"},), "read") == "deny"
    assert decision(({"*": "deny", "read": "allow"},), "read") == "allow"
    assert decision(({"*": "deny"}, {"shop_*": "allow"}), "shop_lookup") == "allow"
    assert decision(({"task": {"*": "deny", "a": "allow"}},), "task", "a") == "allow"
    assert decision((), "bash") == "allow"
