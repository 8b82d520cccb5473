"""The files of a project for Codex CLI. It ignores a whole file for one key that it does not know: only tried keys stand here."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import tomlkit
from agent_lattice_clients import texts
from agent_lattice_clients.exporting import DRIVEN, INSTRUCTED
from agent_lattice_clients.hooks import calls_file, calls_json, decide_command, hook_command
from agent_lattice_clients.skills import open_skill
from agent_lattice_runtime.mcp_server_tools import LONGEST

from agent_lattice_targets.codex.matching import call_name

if TYPE_CHECKING:
    from agent_lattice_clients.exporting import Export, ServerTool
    from agent_lattice_clients.roles import Role

    from agent_lattice_targets.codex import Codex

_MARGIN = 30
"""Seconds that a call may take longer than what it waits for."""


def files(export: Export, client: Codex) -> dict[str, str]:
    """By relative path."""
    made = export.plan
    found = {
        "AGENTS.md": texts.section(made, export.mode),
        ".codex/config.toml": tomlkit.dumps(config(export)),
        **open_skill(export),
    }
    if export.mode == INSTRUCTED:
        found[".codex/hooks.json"] = json.dumps({"hooks": _hooks(export)}, indent=2, ensure_ascii=False) + "\n"
        found |= {f".codex/agents/{role.id}.toml": _agent(export, role, client) for role in export.roles}
        if held(export):
            found[calls_file(made, client.name)] = calls_json(export, call_name)
    return found


def config(export: Export) -> dict[str, Any]:
    """The MCP server. Tools that not everybody may call are asked about, and the hook answers; so are any that come to be."""
    server = {
        "command": export.command[0],
        "args": list(export.command[1:]),
        **({"env_vars": list(export.env)} if export.env else {}),
        "tool_timeout_sec": _longest(export) + _MARGIN,
        "enabled_tools": [tool.name for tool in export.tools],
        "default_tools_approval_mode": "prompt",
        "tools": {tool.name: {"approval_mode": _approval(export, tool)} for tool in export.tools},
    }
    return {"mcp_servers": {export.server: server}}


def held(export: Export) -> bool:
    """Whether a hook has to hold roles to their tools: sub-agents have all tools of their session."""
    return export.mode == INSTRUCTED and any(export.roles)


def _approval(export: Export, tool: ServerTool) -> str:
    if tool.asked:
        return "prompt"
    everybody = not held(export) or all(tool in export.role_tools(role) for role in export.roles)
    return "approve" if everybody else "prompt"


def _hooks(export: Export) -> dict[str, Any]:
    def at(command: str) -> list[dict[str, Any]]:
        return [{"hooks": [{"type": "command", "command": command}]}]

    made, asked = export.plan, ("PreToolUse", "PermissionRequest") if held(export) else ()
    return {event: at(decide_command(made, "codex")) for event in asked} | {
        "PostToolUse": at(hook_command(made, "codex"))
    }


def _agent(export: Export, role: Role, client: Codex) -> str:
    model = client.model(export, role)
    entries = {
        "name": role.id,
        "description": " ".join(role.title.split()),
        **({"model": model} if model else {}),
        "developer_instructions": tomlkit.string(texts.role_text(export.plan, role), multiline=True),
        "features": {"shell_tool": False},
    }
    return tomlkit.dumps(entries)


def _longest(export: Export) -> int:
    """Seconds that a call of the server's tools may take; a caller says itself how long to wait for a run."""
    if export.mode == DRIVEN:
        return math.ceil(LONGEST)
    used = {operation.split(".")[0] for operation in export.plan.grants.total.operations}
    return math.ceil(max((tool.timeout for tool in export.plan.tools if tool.name in used), default=0))
