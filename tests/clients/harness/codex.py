"""Driving Codex CLI."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from agent_lattice_targets.codex import TARGET
from clients.harness.drivers import Driver
from clients.harness.homes import KEY
from clients.harness.namespaces import BASE
from clients.harness.scripts import TAKEN, Call

_PROVIDER = f'{{name="loopback",base_url="{BASE}/v1",env_key="LOOPBACK_KEY",wire_api="responses"}}'


class Codex(Driver):
    """Asks for responses. A model that it does not know gets all tools under their own names."""

    target = TARGET
    refusal = r"unsupported call|requires approval|rejected|denied|blocked"
    shell = Call("exec_command", {"cmd": "touch forbidden"})
    guarded = False
    skill = ".agents/skills/{}/SKILL.md"
    unavoidable = frozenset(
        {
            *("list_mcp_resources", "list_mcp_resource_templates", "read_mcp_resource"),
            *("get_goal", "create_goal", "update_goal", "request_user_input", "view_image"),
            *(f"multi_agent_v1/{word}_agent" for word in ("spawn", "wait", "close", "resume")),
            "multi_agent_v1/send_input",
        }
    )
    provided: ClassVar = ["-c", 'model_provider="loopback"', "-c", f"model_providers.loopback={_PROVIDER}"]
    reporting: ClassVar = ["-m", "loopback-model", "--json", "--skip-git-repo-check", "--dangerously-bypass-hook-trust"]

    def settings(self, home: Path) -> dict[str, str]:
        return {"CODEX_HOME": str(home / ".codex"), "LOOPBACK_KEY": KEY}

    def trust(self, home: Path, project: Path) -> None:
        (home / ".codex").mkdir()
        trusted = f'[projects."{project}"]\ntrust_level = "trusted"\n'
        (home / ".codex/config.toml").write_text(f"check_for_update_on_startup = false\n{trusted}")

    def words(self, launched: Sequence[str]) -> list[str]:
        command, *words = launched
        return [*self.provided, command, *self.reporting, *words]

    def starting(self, skill: str, words: str) -> list[str]:
        return self.words(["exec", f"${skill} {words}"])

    def call(self, server: str, tool: str, **arguments: object) -> Call:
        return Call(tool, arguments, f"mcp__{server}")

    def delegate(self, role: str, task: str) -> Sequence[tuple[Call, str | None]]:
        space = "multi_agent_v1"
        begun = Call("spawn_agent", {"agent_type": role, "message": task}, space)
        ended = Call("wait_agent", {"targets": [TAKEN], "timeout_ms": 60000}, space)
        return [(begun, None), (ended, r'"agent_id":"([0-9a-f-]+)"')]


DRIVER = Codex()
