"""Driving OpenCode."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from agent_lattice_targets.opencode import TARGET
from clients.harness.drivers import Driver
from clients.harness.homes import KEY
from clients.harness.namespaces import BASE
from clients.harness.scripts import Call

_MODEL = "loopback-model"
_PROVIDER = {
    "npm": "@ai-sdk/openai-compatible",
    "name": "loopback",
    "options": {"baseURL": f"{BASE}/v1", "apiKey": KEY},
    "models": {_MODEL: {"name": _MODEL, "tool_call": True, "limit": {"context": 200000, "output": 8000}}},
}


class OpenCode(Driver):
    """Asks for chat completions. It would install a package for its plug-ins: the registry it is told of has none."""

    target = TARGET
    refusal = r"unavailable tool|prevents you from using|rejected permission|denied"
    shell = Call("bash", {"command": "touch forbidden", "description": "make a file"})
    guarded = False
    skill = ".agents/skills/{}/SKILL.md"
    unavoidable: ClassVar = frozenset({"skill", "task"})
    seconds = 180.0

    def settings(self, home: Path) -> dict[str, str]:
        model = f"loopback/{_MODEL}"
        config = {"provider": {"loopback": _PROVIDER}, "model": model, "small_model": model, "share": "disabled"}
        return {
            "OPENCODE_CONFIG_CONTENT": json.dumps(config),
            "OPENCODE_DISABLE_AUTOUPDATE": "1",
            "OPENCODE_DISABLE_MODELS_FETCH": "1",
            "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
            "npm_config_registry": f"{BASE}/npm/",
            "npm_config_fetch_retries": "0",
        }

    def trust(self, home: Path, project: Path) -> None:
        """It asks nobody: every project is trusted."""

    def starting(self, skill: str, words: str) -> list[str]:
        return ["run", "--command", skill, words]

    def call(self, server: str, tool: str, **arguments: object) -> Call:
        return Call(f"{server}_{tool}", arguments)

    def delegate(self, role: str, task: str) -> Sequence[tuple[Call, str | None]]:
        return [(Call("task", {"description": "a part", "prompt": task, "subagent_type": role}), None)]

    def told(self, skill: str, words: str) -> str:
        return skill.replace("$ARGUMENTS", words)


DRIVER = OpenCode()
