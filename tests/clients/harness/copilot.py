"""Driving Copilot CLI."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from agent_lattice_targets.copilot import TARGET
from clients.harness.drivers import Driver
from clients.harness.homes import KEY
from clients.harness.namespaces import BASE
from clients.harness.scripts import Call


class Copilot(Driver):
    """Asks for chat completions of a provider whose key one brings, without an account."""

    target = TARGET
    refusal = r"does not exist|[Dd]enied|not allowed"
    shell = Call("bash", {"command": "touch forbidden", "description": "make a file"})
    guarded = True
    skill = ".agents/skills/{}/SKILL.md"
    unavoidable: ClassVar = frozenset({"task"})

    def settings(self, home: Path) -> dict[str, str]:
        return {
            "COPILOT_HOME": str(home / ".copilot"),
            "COPILOT_PROVIDER_BASE_URL": f"{BASE}/v1",
            "COPILOT_PROVIDER_API_KEY": KEY,
            "COPILOT_PROVIDER_TYPE": "openai",
            "COPILOT_MODEL": "gpt-5.4",
            "COPILOT_OFFLINE": "true",
            "COPILOT_AUTO_UPDATE": "false",
        }

    def trust(self, home: Path, project: Path) -> None:
        (home / ".copilot").mkdir()
        (home / ".copilot/config.json").write_text(json.dumps({"trusted_folders": [str(project)]}))

    def starting(self, skill: str, words: str) -> list[str]:
        return ["-p", f"Use the skill {skill} for {words}."]

    def call(self, server: str, tool: str, **arguments: object) -> Call:
        return Call(f"{server}-{tool}", arguments)

    def delegate(self, role: str, task: str) -> Sequence[tuple[Call, str | None]]:
        asked = {"name": "part", "description": "a part", "prompt": task, "agent_type": role, "mode": "sync"}
        return [(Call("task", asked), None)]


DRIVER = Copilot()
