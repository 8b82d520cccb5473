"""The files of a project for OpenCode."""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING, Any

from agent_lattice_clients import texts
from agent_lattice_clients.embedding import folder_of
from agent_lattice_clients.exporting import INSTRUCTED
from agent_lattice_clients.skills import open_skill

from agent_lattice_targets.opencode.matching import Rules, call_name

if TYPE_CHECKING:
    from agent_lattice_clients.exporting import Export, ServerTool
    from agent_lattice_clients.roles import Role

    from agent_lattice_targets.opencode import OpenCode

SCHEMA = "https://opencode.ai/config.json"
"""Without it the client rewrites the file."""


def files(export: Export, client: OpenCode) -> dict[str, str]:
    """By relative path. All but skill and instructions is in one file: a folder `.opencode` would make the client install packages."""
    found = {
        "AGENTS.md": texts.section(export.plan, export.mode),
        **open_skill(export),
        "opencode.json": json.dumps(config(export, client), indent=2, ensure_ascii=False) + "\n",
    }
    if export.mode == INSTRUCTED:
        found[_plugin(export)] = _plugin_text(export)
    return found


def config(export: Export, client: OpenCode) -> dict[str, Any]:
    """`opencode.json`. The order within `permission` counts."""
    agents = {export.slug: _session(export)}
    if export.mode == INSTRUCTED:
        agents |= {role.id: _role(export, role, client) for role in export.roles}
    command = {
        "template": f"Use the skill `{export.slug}`. What the person wrote: $ARGUMENTS",
        "description": texts.description(export.plan, export.mode),
        "agent": export.slug,
    }
    found = {
        "$schema": SCHEMA,
        "mcp": {export.server: {"type": "local", "command": list(export.command)}},
        "agent": agents,
        "command": {export.slug: command},
        "permission": permissions(export),
    }
    return found | ({"plugin": [f"./{_plugin(export)}"]} if export.mode == INSTRUCTED else {})


def permissions(export: Export) -> Rules:
    """What every agent of the project may do with the server's tools: call them one by one, and nothing that is added to it later."""
    return {f"{export.server}_*": "deny", **_allowed(export, export.tools)}


def session_permissions(export: Export) -> Rules:
    """All that a session started in the workflow may do."""
    rules: dict[str, str | dict[str, str]] = {"*": "deny", "skill": {"*": "deny", export.slug: "allow"}}
    if export.mode == INSTRUCTED:
        rules["task"] = {"*": "deny", **{role.id: "allow" for role in export.roles}}
    return rules | _allowed(export, export.tools)


def role_permissions(export: Export, role: Role) -> Rules:
    """All that a role may do."""
    return {"*": "deny", **_allowed(export, export.role_tools(role))}


def _plugin(export: Export) -> str:
    """Beside the package, not in `.opencode/plugins`: it is loaded by its path in the settings."""
    return f"{folder_of(export.plan)}/opencode.js"


def _plugin_text(export: Export) -> str:
    text = resources.files("agent_lattice_targets.opencode").joinpath("plugin.js").read_text("utf-8")
    return text.replace("@SERVER@", export.server).replace("@SLUG@", export.slug)


def _session(export: Export) -> dict[str, Any]:
    return {
        "description": f"Runs the workflow {export.plan.name} and nothing else.",
        "mode": "primary",
        "prompt": f"You run the workflow {export.plan.name}: use the skill `{export.slug}` and do as it says.",
        "permission": session_permissions(export),
    }


def _role(export: Export, role: Role, client: OpenCode) -> dict[str, Any]:
    model = client.model(export, role)
    return {
        "description": role.title,
        "mode": "subagent",
        **({"model": model} if model else {}),
        **({"steps": role.max_turns} if role.max_turns else {}),
        "prompt": texts.role_text(export.plan, role),
        "permission": role_permissions(export, role),
    }


def _allowed(export: Export, tools: tuple[ServerTool, ...]) -> dict[str, str]:
    return {call_name(export.server, tool.name): "ask" if tool.asked else "allow" for tool in tools}
