"""What Codex lets a session, its roles and other sub-agents do, by the model of its decisions, is within what the workflow was granted."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from agent_lattice_clients.exporting import Export, ServerTool
from agent_lattice_clients.hooks import calls_file
from agent_lattice_runtime.client_decisions import checked
from agent_lattice_runtime.client_decisions import decision as answered
from agent_lattice_targets.codex import TARGET
from agent_lattice_targets.codex.matching import Hook, call_name, decision, offered
from clients.programs import programs

CASES = [(mode, name) for mode in TARGET.modes for name in programs()]
BUILT_IN = ["apply_patch", "exec_command", "view_image", "spawn_agent", "mcp__other__delete"]
SESSION, STRANGER = None, "worker"


class Emitted:
    """What a build wrote about permissions."""

    def __init__(self, mode: str, name: str) -> None:
        made = programs()[name]
        self.export = Export(made, mode)
        files = TARGET.emit(made, mode)
        self.config: dict[str, Any] = tomllib.loads(files[".codex/config.toml"])
        self.calls = checked(json.loads(text)) if (text := files.get(calls_file(made, "codex"))) else None
        hooks = json.loads(files.get(".codex/hooks.json", "{}")).get("hooks", {})
        asked = {"PreToolUse", "PermissionRequest"} & hooks.keys()
        assert asked == ({"PreToolUse", "PermissionRequest"} if self.calls else set())

    def hook(self, who: str | None) -> Hook | None:
        """What a trusted hook says to `who`."""
        calls = self.calls
        return (lambda tool: answered(calls, who, tool)) if calls else None

    def granted(self, who: str | None) -> set[str]:
        """The names of the tools that `who` was granted. Sub-agents of others are as the session where there are no roles."""
        roles = {role.id: role for role in self.export.roles} if self.calls else {}
        if who in roles:
            return {tool.name for tool in self.export.role_tools(roles[who])}
        return set() if roles and who is not SESSION else {tool.name for tool in self.export.tools}

    def everybody(self) -> list[str | None]:
        return [SESSION, STRANGER, *(role.id for role in self.export.roles)]

    def tools(self) -> Iterator[ServerTool]:
        """Whatever the server could serve, granted or not."""
        yield from self.export.tools
        served = {tool.name for tool in self.export.tools}
        for tool in self.export.plan.tools:
            for op in tool.operations:
                if f"{tool.name}_{op.name}" not in served:
                    yield ServerTool(f"{tool.name}_{op.name}", op.effect != "write")
        yield ServerTool("delete_everything", False)


@pytest.mark.parametrize(("mode", "name"), CASES)
def test_with_trusted_hooks_each_may_call_exactly_what_was_granted(mode: str, name: str) -> None:
    emitted = Emitted(mode, name)
    for who in emitted.everybody():
        for tool in emitted.tools():
            said = decision(emitted.config, emitted.export.server, tool.name, reads=tool.reads, hook=emitted.hook(who))
            assert (said != "deny") == (tool.name in emitted.granted(who)), (who, tool, said)
            assert (said == "ask") == (tool.asked and tool.name in emitted.granted(who)), (who, tool)


@pytest.mark.parametrize(("mode", "name"), CASES)
def test_without_trusted_hooks_nobody_may_call_more(mode: str, name: str) -> None:
    emitted = Emitted(mode, name)
    for tool in emitted.tools():
        said = decision(emitted.config, emitted.export.server, tool.name, reads=tool.reads, hook=None)
        for who in emitted.everybody():
            assert said != "allow" or tool.name in emitted.granted(who) or who == STRANGER, (who, tool)
        granted = tool.name in emitted.granted(SESSION)
        assert offered(emitted.config, emitted.export.server, tool.name) == granted, tool


@pytest.mark.parametrize("name", programs())
def test_roles_may_do_nothing_else_and_other_sessions_are_left_alone(name: str) -> None:
    emitted = Emitted("instructed", name)
    for call in BUILT_IN:
        for who in emitted.everybody():
            hook = emitted.hook(who)
            role = who not in (SESSION, STRANGER)
            assert hook is None or hook(call) == ("deny" if role else ""), (who, call)


@pytest.mark.parametrize("name", programs())
def test_an_operation_belongs_to_the_grants(name: str) -> None:
    emitted = Emitted("instructed", name)
    granted = set(emitted.export.plan.grants.total.operations)
    assert {tool.operation for tool in emitted.export.tools} == granted


def test_a_decision_is_made_as_measured() -> None:
    """The table of approvals of `codex exec`, where a question is a refusal; seen on the client."""
    modes = {"auto": (True, False), "writes": (True, False), "prompt": (False, False), "approve": (True, True)}
    for mode, (read, write) in modes.items():
        for config in (
            {"mcp_servers": {"shop": {"default_tools_approval_mode": mode}}},
            {"mcp_servers": {"shop": {"tools": {"get": {"approval_mode": mode}}}}},
        ):
            assert (decision(config, "shop", "get", reads=True, hook=None) == "allow") == read
            assert (decision(config, "shop", "get", reads=False, hook=None) == "allow") == write
    bare: dict[str, Any] = {"mcp_servers": {"shop": {}}}
    assert decision(bare, "shop", "get", reads=True, hook=None) == "allow"
    assert decision(bare, "shop", "put", reads=False, hook=None) == "ask"
    assert decision(bare, "shop", "get", reads=True, hook=lambda call: "deny") == "deny"
    assert decision(bare, "shop", "put", reads=False, hook=lambda call: "allow") == "allow"
    assert not offered({"mcp_servers": {"shop": {"disabled_tools": ["get"]}}}, "shop", "get")
    assert not offered({"mcp_servers": {"shop": {"enabled": False}}}, "shop", "get")
    assert not offered({}, "shop", "get")
    assert call_name("my-shop", "look-up.order") == "mcp__my_shop__look_up_order"
