"""Driving OpenCode."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar

from agent_lattice_targets import codex
from agent_lattice_targets.opencode import TARGET
from clients.harness.drivers import Driver
from clients.harness.homes import KEY, surroundings
from clients.harness.installing import program
from clients.harness.namespaces import BASE
from clients.harness.scripts import Call

_MODEL = "loopback-model"
_PLACE = {"baseURL": f"{BASE}/v1", "apiKey": KEY}
_LOOPBACK = {
    "npm": "@ai-sdk/openai-compatible",
    "name": "loopback",
    "options": _PLACE,
    "models": {_MODEL: {"name": _MODEL, "tool_call": True, "limit": {"context": 200000, "output": 8000}}},
}
_PROVIDERS = {"loopback": _LOOPBACK, "anthropic": {"options": _PLACE}, "openai": {"options": _PLACE}}


class OpenCode(Driver):
    """Asks for chat completions, and the providers that roles name in their own languages. It would download a package for plug-ins,
    from a registry that has none, and a program that reads skills: Codex brings that one."""

    target = TARGET
    beside = (codex.TARGET,)
    refusal = r"unavailable tool|prevents you from using|rejected permission|denied"
    shell = Call("bash", {"command": "touch forbidden", "description": "make a file"})
    guarded = False
    skill = ".agents/skills/{}/SKILL.md"
    unavoidable: ClassVar = frozenset({"skill", "task"})
    seconds = 180.0

    def settings(self, home: Path) -> dict[str, str]:
        model = f"loopback/{_MODEL}"
        config = {"provider": _PROVIDERS, "model": model, "small_model": model, "share": "disabled"}
        return {
            "PATH": os.pathsep.join([*map(str, _search_programs()), surroundings(home)["PATH"]]),
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

    def load(self, skill: str) -> Call:
        return Call("skill", {"name": skill})


def _search_programs() -> Iterator[Path]:
    """The folder of ripgrep."""
    return program(codex.TARGET).parents[1].glob("@openai/codex-*/vendor/*/codex-path")


DRIVER = OpenCode()
