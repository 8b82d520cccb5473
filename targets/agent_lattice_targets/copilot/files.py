"""The files of a project for Copilot CLI, and those that VS Code reads in their place."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from agent_lattice_clients import texts
from agent_lattice_clients.exporting import INSTRUCTED
from agent_lattice_clients.frontmatter import frontmatter, quoted
from agent_lattice_clients.hooks import calls_file, calls_json, decide_command, hook_command
from agent_lattice_clients.servers import mcp_json
from agent_lattice_clients.skills import open_skill

from agent_lattice_targets.copilot.matching import asked_name

if TYPE_CHECKING:
    from agent_lattice_clients.exporting import Export, ServerTool
    from agent_lattice_clients.roles import Role

    from agent_lattice_targets.copilot import Copilot

_WATCHED = ("PostToolUse", "PostToolUseFailure", "SessionEnd")
"""What an instructed run writes down."""


def files(export: Export, client: Copilot) -> dict[str, str]:
    """By relative path."""
    made, slug = export.plan, export.slug
    found = {
        "AGENTS.md": texts.section(made, export.mode),
        ".mcp.json": mcp_json(export),
        ".vscode/mcp.json": _json({"servers": {export.server: _vscode_server(export)}}),
        f".github/hooks/{slug}.json": _json({"version": 1, "hooks": hooks(export)}),
        f".github/agents/{slug}.agent.md": _session(export),
        f".github/prompts/{slug}.prompt.md": _prompt(export),
        calls_file(made, client.name): calls_json(export, asked_name),
        **open_skill(export),
    }
    if export.mode == INSTRUCTED:
        found |= {f".github/agents/{role.id}.agent.md": _role(export, role, client) for role in export.roles}
    return found


def hooks(export: Export) -> dict[str, Any]:
    """Who may call the server's tools is asked of the package, and nothing else is; with agents' tools, that is all there is of
    permissions in a project. An instructed run is written down."""
    made, watched = export.plan, _WATCHED if export.mode == INSTRUCTED else ()
    asked = {"matcher": asked_name(export.server, ".*"), "hooks": [_command(decide_command(made, "copilot"))]}
    told = {"hooks": [_command(hook_command(made, "copilot"))]}
    return {"PermissionRequest": [asked]} | {event: [told] for event in watched}


def _command(line: str) -> dict[str, str]:
    return {"type": "command", "command": line}


def session_tools(export: Export) -> list[str]:
    """All that a session started in the workflow can call."""
    return [*_tools(export, export.tools), *(["agent"] if _spawned(export) else [])]


def role_tools(export: Export, role: Role) -> list[str]:
    """All that a role can call."""
    return _tools(export, export.role_tools(role))


def _vscode_server(export: Export) -> dict[str, Any]:
    """An unset variable is empty there, too."""
    entry = {"type": "stdio", "command": export.command[0], "args": list(export.command[1:])}
    return entry | ({"env": {name: f"${{env:{name}}}" for name in export.env}} if export.env else {})


def _session(export: Export) -> str:
    """The agent of a session that does nothing but this workflow. VS Code heeds `agents`, the CLI `skills`."""
    entries = {
        "description": quoted(f"Runs the workflow {export.plan.name} and nothing else."),
        "tools": _list(session_tools(export)),
        "skills": _list([export.slug]),
    }
    if spawned := _spawned(export):
        entries["agents"] = _list(spawned)
    return frontmatter(entries) + f"\nYou run the workflow {export.plan.name}: do as the skill `{export.slug}` says.\n"


def _role(export: Export, role: Role, client: Copilot) -> str:
    model = client.model(export, role)
    entries = {
        "description": quoted(role.title),
        "tools": _list(role_tools(export, role)),
        **({"model": quoted(model)} if model else {}),
    }
    return frontmatter(entries) + "\n" + texts.role_text(export.plan, role)


def _prompt(export: Export) -> str:
    """Starts the workflow in VS Code, in the session's agent. That one cannot read files, so the skill is linked, which hands it over."""
    entries = {"description": quoted(texts.summary(export.plan)), "agent": quoted(export.slug)}
    given = "".join(f"- {param.name}: ${{input:{param.name}}}\n" for param in texts.main_of(export.plan).params)
    skill = f"[SKILL.md](../../.agents/skills/{export.slug}/SKILL.md)"
    return (
        frontmatter(entries) + f"\nDo as the skill `{export.slug}` says: {skill}.\n" + (f"\n{given}" if given else "")
    )


def _spawned(export: Export) -> list[str]:
    return [role.id for role in export.roles] if export.mode == INSTRUCTED else []


def _tools(export: Export, tools: tuple[ServerTool, ...]) -> list[str]:
    return [f"{export.server}/{tool.name}" for tool in tools]


def _list(names: list[str]) -> str:
    return f"[{', '.join(map(quoted, names))}]"


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
