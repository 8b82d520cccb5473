"""Driving Claude Code."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from agent_lattice_targets.claude import TARGET
from agent_lattice_targets.claude.matching import call_name
from clients.harness.drivers import Driver
from clients.harness.homes import KEY
from clients.harness.namespaces import BASE
from clients.harness.scripts import Call


class Claude(Driver):
    """Tools are put before the model at once, and servers waited for: on a machine with much to do a session begins without them."""

    target = TARGET
    refusal = r"No such tool available|haven't granted|needs approval"
    shell = Call("Bash", {"command": "touch forbidden", "description": "make a file"})
    guarded = True
    skill = ".claude/skills/{}/SKILL.md"
    unavoidable = frozenset({"Skill", "Agent"})
    reporting: ClassVar = ["--output-format", "stream-json", "--verbose"]

    def settings(self, home: Path) -> dict[str, str]:
        return {
            "ANTHROPIC_BASE_URL": BASE,
            "ANTHROPIC_API_KEY": KEY,
            "CLAUDE_CONFIG_DIR": str(home / ".claude"),
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "ENABLE_TOOL_SEARCH": "false",
            "MCP_CONNECTION_NONBLOCKING": "false",
        }

    def trust(self, home: Path, project: Path) -> None:
        accepted = {"hasTrustDialogAccepted": True, "hasCompletedProjectOnboarding": True}
        state = {"hasCompletedOnboarding": True, "projects": {str(project): accepted}}
        (home / ".claude").mkdir()
        (home / ".claude/.claude.json").write_text(json.dumps(state))

    def words(self, launched: Sequence[str]) -> list[str]:
        return [*launched, *self.reporting]

    def starting(self, skill: str, words: str) -> list[str]:
        return ["-p", f"/{skill} {words}", *self.reporting]

    def call(self, server: str, tool: str, **arguments: object) -> Call:
        return Call(call_name(server, tool), arguments)

    def delegate(self, role: str, task: str) -> Sequence[tuple[Call, str | None]]:
        asked = {"description": "a part", "prompt": task, "subagent_type": role, "run_in_background": False}
        return [(Call("Agent", asked), None)]

    def told(self, skill: str, words: str) -> str:
        return skill.replace("$ARGUMENTS", words)


DRIVER = Claude()
