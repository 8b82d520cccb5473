"""What Copilot CLI lets a session, its roles and other sub-agents do, by the model of its decisions, is within what was granted."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from agent_lattice_clients.exporting import Export, ServerTool
from agent_lattice_clients.hooks import calls_file, decide_command
from agent_lattice_runtime.client_decisions import answer, checked
from agent_lattice_targets.copilot import TARGET
from agent_lattice_targets.copilot.matching import AGENTS, Hook, asked_name, call_name, decision, has, offers
from clients.programs import programs
from ruamel.yaml import YAML

CASES = [(mode, name) for mode in TARGET.modes for name in programs()]
BUILT_IN = ["bash", "view", "edit", "create", "apply_patch", "glob", "rg", "execute", "read", "search", "web", "skill"]
SESSION, STRANGER = None, "general-purpose"


class Emitted:
    """What a build wrote about permissions."""

    def __init__(self, mode: str, name: str) -> None:
        made = programs()[name]
        self.export = Export(made, mode)
        self.files = TARGET.emit(made, mode)
        self.calls = checked(json.loads(self.files[calls_file(made, "copilot")]))
        words = TARGET.launch(self.export.slug, ["x"], mode=mode, headless=True).words
        self.available = words[words.index("--available-tools") + 1 : words.index("-p")]

    def hook(self, who: str | None) -> Hook:
        """What the trusted hook says to `who`, as the client asks and reads it; nothing for calls that its matcher is not for."""
        entries = json.loads(self.files[f".github/hooks/{self.export.slug}.json"])["hooks"]["PermissionRequest"]
        assert [hook["command"] for entry in entries for hook in entry["hooks"]] == [
            decide_command(self.export.plan, "copilot")
        ]
        by = {} if who is None else {"agent_id": "1", "agent_type": who}

        def says(tool: str) -> str:
            if not re.fullmatch(entries[0]["matcher"], tool):
                return ""
            said = answer(self.calls, {"hookName": "permissionRequest", "toolName": tool, **by})
            return str((said or {}).get("behavior", ""))

        return says

    def agent(self, id: str) -> dict[str, Any]:
        """The header of an agent's file."""
        head: dict[str, Any] = YAML(typ="safe").load(self.files[f".github/agents/{id}.agent.md"].split("---\n")[1])
        return head

    def lists(self, who: str | None, launched: bool) -> Sequence[Sequence[str] | None]:
        """The lists of tools that hold for `who`. A session that was not launched in the workflow has none, nor have strangers."""
        session = self.available if launched else None
        if who is SESSION:
            return [session, self.agent(self.export.slug)["tools"] if launched else None]
        return [session, None if who == STRANGER else self.agent(who)["tools"]]

    def granted(self, who: str | None) -> set[str]:
        """The names of the tools that `who` was granted."""
        roles = {role.id: role for role in self.export.roles}
        if who in roles:
            return {tool.name for tool in self.export.role_tools(roles[who])}
        return {tool.name for tool in self.export.tools} if who is SESSION else set()

    def everybody(self) -> list[str | None]:
        roles = self.export.roles if self.export.mode == "instructed" else ()
        return [SESSION, STRANGER, *(role.id for role in roles)]

    def tools(self) -> Iterator[ServerTool]:
        """Whatever the server could serve, granted or not."""
        yield from self.export.tools
        served = {tool.name for tool in self.export.tools}
        for tool in self.export.plan.tools:
            for op in tool.operations:
                if f"{tool.name}_{op.name}" not in served:
                    yield ServerTool(f"{tool.name}_{op.name}", op.effect != "write")
        yield ServerTool("delete_everything", False)
        yield ServerTool("read_everything", True)


@pytest.mark.parametrize("launched", [True, False])
@pytest.mark.parametrize(("mode", "name"), CASES)
def test_each_may_call_exactly_what_was_granted(mode: str, name: str, launched: bool) -> None:
    emitted = Emitted(mode, name)
    for who in emitted.everybody():
        lists, hook = emitted.lists(who, launched), emitted.hook(who)
        for tool in emitted.tools():
            said = decision(lists, emitted.export.server, tool.name, reads=tool.reads, hook=hook)
            granted = "ask" if tool.asked else "allow"
            assert said == (granted if tool.name in emitted.granted(who) else "deny"), (who, tool)


@pytest.mark.parametrize(("mode", "name"), CASES)
def test_without_the_hook_roles_have_no_more_and_writes_are_asked_about(mode: str, name: str) -> None:
    emitted = Emitted(mode, name)
    for who in emitted.everybody():
        for tool in emitted.tools():
            said = decision(emitted.lists(who, True), emitted.export.server, tool.name, reads=tool.reads, hook=None)
            assert said != "allow" or tool.reads, (who, tool)
            if who != STRANGER:
                assert (said == "deny") == (tool.name not in emitted.granted(who)), (who, tool)


@pytest.mark.parametrize(("mode", "name"), CASES)
def test_whoever_is_launched_has_nothing_of_the_clients_own(mode: str, name: str) -> None:
    emitted = Emitted(mode, name)
    spawned = [role.id for role in emitted.export.roles] if mode == "instructed" else []
    for who in emitted.everybody():
        session, own = emitted.lists(who, True)
        for tool in BUILT_IN:
            assert not (has(session, (tool,)) and has(own, (tool,))), (who, tool)
        spawns = has(session, AGENTS) and has(own, AGENTS)
        assert not spawns or (mode == "instructed" and who in (SESSION, STRANGER)), who
        assert not spawns or who is STRANGER or emitted.agent(emitted.export.slug)["agents"] == spawned
    assert not spawned or has(emitted.lists(SESSION, True)[0], AGENTS)


@pytest.mark.parametrize(("mode", "name"), CASES)
def test_the_hook_says_nothing_about_other_calls(mode: str, name: str) -> None:
    emitted = Emitted(mode, name)
    for who in emitted.everybody():
        for tool in [*BUILT_IN, "other/delete", f"{emitted.export.server}2/delete", f"x{emitted.export.server}/delete"]:
            assert emitted.hook(who)(tool) == ""


def test_a_decision_is_made_as_measured() -> None:
    """Without a person, where a question is a refusal; seen on the client."""
    everything: list[Sequence[str] | None] = [None, None]
    assert decision(everything, "shop", "get", reads=True, hook=None) == "allow"
    assert decision(everything, "shop", "put", reads=False, hook=None) == "ask"
    assert decision(everything, "shop", "put", reads=False, hook=lambda tool: "allow") == "allow"
    assert decision(everything, "shop", "get", reads=True, hook=lambda tool: "deny") == "deny"
    assert decision([["shop/*"], ["shop/get"]], "shop", "get", reads=True, hook=None) == "allow"
    assert decision([["shop/*"], ["shop/get"]], "shop", "put", reads=False, hook=lambda tool: "allow") == "deny"
    assert decision([["task"], None], "shop", "get", reads=True, hook=lambda tool: "allow") == "deny"
    assert (
        offers(["shop-get"], "shop", "get")
        and not offers(["shop(get)"], "shop", "get")
        and not offers([], "shop", "get")
    )
    assert offers(None, "shop", "get") and offers(["*"], "shop", "get") and offers(["shop"], "shop", "get")
    assert asked_name("shop", "get") == "shop/get" and call_name("my.shop", "look-up.order") == "my-shop-look-up-order"
