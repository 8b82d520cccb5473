"""Driving Codex CLI with a model that it knows: such a model writes code, and the code calls the tools."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from agent_lattice_targets.codex.matching import call_name
from clients.harness.codex import Codex
from clients.harness.projects import FORBIDDEN
from clients.harness.requests import entries, joined
from clients.harness.scripts import Call

if TYPE_CHECKING:
    from clients.harness.runs import Run

_PATCH = f"*** Begin Patch\n*** Add File: {FORBIDDEN}\n+\n*** End Patch\n"


def made(tool: str, given: object) -> str:
    """Code that makes a call and tells what came of it."""
    return f"try {{ text(await tools.{tool}({json.dumps(given)})); }} catch (error) {{ text(String(error)); }}"


class CodexCode(Codex):
    """The tools that code can call are told by the code itself; those of the request start code and sub-agents."""

    refusal = r"is not a function|requires approval|rejected|denied|blocked|unsupported custom tool call"
    shell = Call("exec", source=made("exec_command", {"cmd": f"touch {FORBIDDEN}"}) + made("apply_patch", _PATCH))
    unavoidable = Codex.unavoidable | {"clock__curr_time", "apply_patch"}
    """`apply_patch` is there and changes nothing in a session that only reads: `shell` tries it."""
    reporting: ClassVar = [word.replace("loopback-model", "gpt-6.1-sol") for word in Codex.reporting]

    def call(self, server: str, tool: str, **arguments: object) -> Call:
        told = "text(ALL_TOOLS.map(tool => 'tool ' + tool.name).join('\\n'));"
        return Call("exec", source=told + made(call_name(server, tool), arguments))

    def delegate(self, role: str, task: str) -> Sequence[tuple[Call, str | None]]:
        given = {"task_name": role.replace("-", "_"), "message": task, "agent_type": role, "fork_turns": "none"}
        wait = Call("wait_agent", {"timeout_ms": 60000}, "collaboration")
        return [(Call("spawn_agent", given, "collaboration"), None), (wait, None)]

    def offered(self, call: Call) -> str:
        named = re.search(r"await tools\.(\w+)", call.source or "")
        assert named
        return named[1]

    def tools(self, run: Run, rule: str) -> set[str]:
        lines = run.result(rule).splitlines()
        return {line.removeprefix("tool ") for line in lines if line.startswith("tool ")}

    def answer(self, run: Run, role: str, rule: str) -> str:
        """It arrives as a message of its own, after the wait."""
        author = f"/root/{role.replace('-', '_')}"
        items = [item for exchange in run.exchanges for item in entries(exchange["body"].get("input"))]
        return joined([item.get("content") for item in items if item.get("author") == author])
