"""What Claude Code lets a session and its roles do, by the model of its matcher, is within what the workflow was granted."""

from __future__ import annotations

import json

import pytest
from agent_lattice import plan
from agent_lattice_clients.exporting import Export
from agent_lattice_targets.claude import TARGET
from agent_lattice_targets.claude.files import role_tools, session_tools
from agent_lattice_targets.claude.matching import call_name, decision, matches, offers
from clients.programs import programs

BUILT_IN = [
    "Bash",
    "Bash(rm -rf /)",
    "Read",
    "Read(./.env)",
    "Edit",
    "Write",
    "WebFetch",
    "Agent",
    "Agent(general)",
    "Workflow",
]


def calls(made: plan.Plan, export: Export) -> dict[str, str | None]:
    """Anything that could be called, with the operation that it is: every operation that is declared, granted or not, and more."""
    found: dict[str, str | None] = dict.fromkeys(BUILT_IN)
    for tool in made.tools:
        for op in tool.operations:
            found[call_name(export.server, f"{tool.name}_{op.name}")] = f"{tool.name}.{op.name}"
    found |= {call_name(export.server, tool.name): tool.operation for tool in export.tools}
    others = ["delete_everything", *(tool.name for tool in export.tools)]
    found |= {call_name(f"{export.server}2", name): None for name in others}
    return found


@pytest.mark.parametrize("mode", TARGET.modes)
def test_a_session_may_call_what_was_granted(mode: str) -> None:
    for made in programs().values():
        export = Export(made, mode)
        settings = json.loads(TARGET.files(export)[".claude/settings.json"])["permissions"]
        granted = {call_name(export.server, tool.name) for tool in export.tools}
        asked = {call_name(export.server, tool.name) for tool in export.tools if tool.asked}
        for call, operation in calls(made, export).items():
            allowed = decision(settings, call) == "allow"
            assert allowed == (call in granted - asked), (made.name, call)
            assert (call in settings.get("ask", ())) == (call in asked)
            assert operation is None or not allowed or operation in made.grants.total.operations
            direct = call in granted and mode != "native"  # there the script calls, by its sub-agents
            assert offers(session_tools(export), call) == direct, (made.name, call)
        for role in export.roles:
            assert (decision(settings, f"Agent({role.id})") == "allow") == (mode == "instructed")


@pytest.mark.parametrize("mode", TARGET.modes)
def test_a_role_may_call_its_own_operations_and_no_more(mode: str) -> None:
    for made in programs().values():
        export = Export(made, mode)
        for role in export.roles:
            own = (
                {call_name(export.server, tool.name) for tool in export.role_tools(role)} if mode != "driven" else set()
            )
            for call in calls(made, export):
                assert offers(role_tools(export, role), call) == (call in own), (role.id, call)


def test_deny_beats_ask_beats_allow() -> None:
    rules = {"allow": ["mcp__shop__lookup"], "ask": ["mcp__shop"], "deny": ["mcp__shop__delete", "Bash(rm *)"]}
    assert decision(rules, "mcp__shop__lookup") == "ask"
    assert decision(rules, "mcp__shop__delete") == "deny"
    assert decision(rules, "mcp__shopping__lookup") == "ask"
    assert decision({"allow": ["mcp__shop__*"]}, "mcp__shop__lookup") == "allow"
    assert decision({"allow": ["Bash(npm run *)"]}, "Bash(npm run build)") == "allow"
    assert decision({"allow": ["Bash(npm run *)"]}, "Bash(rm x)") == "ask"
    assert decision(rules, "Bash(rm -rf /)") == "deny"
    assert matches("Agent(x)", "Agent(x)") and not matches("Agent(x)", "Agent(y)")
