"""The files of a project for Claude Code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from agent_lattice_clients import texts
from agent_lattice_clients.exporting import DRIVEN, INSTRUCTED, NATIVE
from agent_lattice_clients.frontmatter import frontmatter, quoted
from agent_lattice_clients.hooks import hook_command
from agent_lattice_clients.javascript.roles import instructions
from agent_lattice_clients.servers import mcp_json

from agent_lattice_targets.claude.matching import call_name

if TYPE_CHECKING:
    from agent_lattice_clients.exporting import Export, ServerTool
    from agent_lattice_clients.roles import Role

    from agent_lattice_targets.claude import Claude

_WATCHED = ("PostToolUse", "PostToolUseFailure", "PermissionDenied", "SessionEnd")
"""What an instructed run writes down: calls, how they ended, what was refused, the end."""


def files(export: Export, client: Claude) -> dict[str, str]:
    """By relative path."""
    made, slug = export.plan, export.slug
    found = {
        "AGENTS.md": texts.section(made, export.mode),
        ".mcp.json": mcp_json(export),
        ".claude/settings.json": _settings(export),
        f".claude/skills/{slug}/SKILL.md": _skill(export, client),
        f".claude/agents/{slug}.md": _session(export),
    }
    if export.mode != DRIVEN:
        found |= {f".claude/agents/{role.id}.md": _role(export, role, client) for role in export.roles}
    if export.mode == NATIVE:
        found[f".claude/workflows/{slug}.js"] = export.script
    return found


def permissions(export: Export) -> dict[str, list[str]]:
    """What is allowed without asking: the tools of the server, and the roles that a session may start; what speaks for a person is
    asked about."""
    asked = tuple(tool for tool in export.tools if tool.asked)
    others = tuple(tool for tool in export.tools if not tool.asked)
    allowed = {"allow": [*_tools(export, others), *_spawned(export)]}
    return allowed | ({"ask": _tools(export, asked)} if asked else {})


def session_tools(export: Export) -> list[str]:
    """All that a session started in the workflow can call: where a script runs, nothing but that."""
    direct = [] if export.mode == NATIVE else _tools(export, export.tools)
    return ["Skill", *direct, *_spawned(export)]


def role_tools(export: Export, role: Role) -> list[str]:
    """All that a role can call."""
    return _tools(export, export.role_tools(role))


def _settings(export: Export) -> str:
    settings: dict[str, Any] = {"permissions": permissions(export), "enabledMcpjsonServers": [export.server]}
    if export.mode == INSTRUCTED:
        hook = {"type": "command", "command": hook_command(export.plan, "claude")}
        settings["hooks"] = {event: [{"hooks": [hook]}] for event in _WATCHED}
    return json.dumps(settings, indent=2, ensure_ascii=False) + "\n"


def _skill(export: Export, client: Claude) -> str:
    made = export.plan
    entries = {"name": export.slug, "description": quoted(texts.description(made, export.mode))}
    hint = " ".join(f"[{param.name}]" for param in texts.main_of(made).params)
    entries |= {"argument-hint": quoted(hint)} if hint else {}
    entries["allowed-tools"] = ", ".join(permissions(export)["allow"])
    return frontmatter(entries) + "\n" + _body(export, client)


def _body(export: Export, client: Claude) -> str:
    if export.mode == DRIVEN:
        return texts.driven(export.plan, export.server)
    if export.mode == NATIVE:
        return texts.native(export.plan, export.slug)
    return texts.instructed(export.plan, export.server, export.roles, client.losses(export.plan, INSTRUCTED))


def _session(export: Export) -> str:
    """The agent of a session that does nothing but this workflow."""
    entries = {
        "name": export.slug,
        "description": quoted(f"Runs the workflow {export.plan.name} and nothing else."),
        "tools": ", ".join(session_tools(export)),
    }
    return (
        frontmatter(entries)
        + f"\nYou run the workflow {export.plan.name}: use the skill `{export.slug}` and do as it says.\n"
    )


def _role(export: Export, role: Role, client: Claude) -> str:
    model = client.model(export, role)
    entries = {
        "name": role.id,
        "description": quoted(role.title),
        "tools": ", ".join(role_tools(export, role)) or "[]",
        **({"model": quoted(model)} if model else {}),
        **({"maxTurns": str(role.max_turns)} if role.max_turns else {}),
        **({"omitClaudeMd": "true"} if export.mode == NATIVE else {}),
    }
    text = instructions(role) if export.mode == NATIVE else texts.role_text(export.plan, role)
    return frontmatter(entries) + "\n" + text


def _tools(export: Export, tools: tuple[ServerTool, ...]) -> list[str]:
    return [call_name(export.server, tool.name) for tool in tools]


def _spawned(export: Export) -> list[str]:
    """What may be started: roles by the session itself, or the script that starts them."""
    if export.mode == NATIVE:
        return [f"Workflow({export.slug})"]
    return [f"Agent({role.id})" for role in export.roles] if export.mode == INSTRUCTED else []
