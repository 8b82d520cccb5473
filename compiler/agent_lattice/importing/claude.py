"""A project of Claude Code: `.mcp.json`, `.claude/settings.json`, agents, skills and commands."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from agent_lattice.importing.folder import Folder, text_of, words
from agent_lattice.importing.found import BUILT_IN, NO_COUNTERPART, NO_SERVER, SWITCHED_OFF, Project, Wants
from agent_lattice.importing.prose import Prose, add_role, leave_instructions, skills, texts
from agent_lattice.importing.servers import add_server, plain
from agent_lattice.records import record, replace

_SETTINGS = (".claude/settings.json", ".claude/settings.local.json")
_INSTRUCTIONS = ("CLAUDE.md", ".claude/CLAUDE.md", "CLAUDE.local.md", "AGENTS.md")
_READ = {
    "$schema", "permissions", "model", "enabledMcpjsonServers", "enableAllProjectMcpServers", "disabledMcpjsonServers",
}  # fmt: skip
_STRONGEST = ("deny", "ask", "allow")


def read(folder: Folder) -> Project:
    project = Project("anthropic")
    settings = {file: folder.json(file) for file in _SETTINGS}
    rules = _rules(folder, settings)
    project.decide = rules.decide
    project.model = next((model for values in settings.values() if (model := text_of(values.get("model")))), "")
    _servers(folder, project, settings)
    _agents(folder, project)
    _skills(folder, project)
    project.named |= {tool for one in _STRONGEST for rule in rules.of[one] for tool in _tools(folder, project, *rule)}
    _leave_rest(folder, settings)
    return project


@record
class _Rules:
    """The rules of each list, with the file that each is from."""

    of: dict[str, list[tuple[str, str]]]

    def decide(self, server: str, tool: str) -> str:
        """Denials before questions before permissions, whatever says more."""
        return next((one for one in _STRONGEST if any(_fits(rule, server, tool) for rule, _ in self.of[one])), "")


def _rules(folder: Folder, settings: dict[str, dict[str, Any]]) -> _Rules:
    found: dict[str, list[tuple[str, str]]] = {one: [] for one in _STRONGEST}
    for file, values in settings.items():
        permissions = folder.members(values.get("permissions"), file, "permissions")
        for one in _STRONGEST:
            given = words(permissions.pop(one, []))
            found[one] += [(rule, file) for rule in given if rule.startswith("mcp__")]
            _lose_built_in(folder, file, f"permissions.{one}", given)
        for item in sorted(permissions):
            folder.lose(file, f"permissions.{item}", NO_COUNTERPART)
    return _Rules(found)


def _lose_built_in(folder: Folder, file: str, item: str, rules: Iterable[str]) -> None:
    """Rules about tools of the client itself. What stands in their parentheses may be a whole command: it is not shown."""
    for name in sorted({rule.partition("(")[0] for rule in rules if not rule.startswith("mcp__")}):
        folder.lose(file, f"{item}: {name}", BUILT_IN)


def _fits(rule: str, server: str, tool: str) -> bool:
    """Whether a rule is about a tool: by its name, with `*` for any text, or by its server alone."""
    whole = f"mcp__{plain(server)}"
    pattern = re.escape(rule).replace(r"\*", ".*")
    return rule == whole or re.fullmatch(pattern, f"{whole}__{plain(tool)}") is not None


def _tools(folder: Folder, project: Project, rule: str, file: str) -> set[tuple[str, str]]:
    """The tool that a rule names; a rule about a server that the project does not have is a loss."""
    owners = [server for server in project.servers if rule.startswith(f"mcp__{plain(server.name)}")]
    if not owners and rule != "mcp__*":
        folder.lose(file, rule, NO_SERVER)
    starts = [(server.name, f"mcp__{plain(server.name)}__") for server in owners]
    return {(name, rule[len(start) :]) for name, start in starts if rule.startswith(start) and "*" not in rule}


def _servers(folder: Folder, project: Project, settings: dict[str, dict[str, Any]]) -> None:
    off = {name for values in settings.values() for name in words(values.get("disabledMcpjsonServers"))}
    values = folder.json(".mcp.json")
    for name, entry in folder.members(values.get("mcpServers"), ".mcp.json", "mcpServers").items():
        if name in off:
            folder.lose(".mcp.json", name, SWITCHED_OFF)
        else:
            add_server(project, folder, name, entry, ".mcp.json")


def _agents(folder: Folder, project: Project) -> None:
    for one in texts(folder, folder.files(".claude/agents", endings=(".md",))):
        name = text_of(one.values.get("name"))
        if not name:
            one.lose(one.name, "a file without a `name` is no agent")
            continue
        agent = replace(one, name=name)
        _inline_servers(folder, project, agent.file, agent.values.get("mcpServers"))
        agent.lose_others("mcpServers", "maxTurns", "model", "tools", "disallowedTools")
        wants = _wanted(project, agent, "tools", "disallowedTools")
        add_role(project, folder, replace(agent.role("agent"), turns=agent.whole("maxTurns"), wants=wants))


def _inline_servers(folder: Folder, project: Project, file: str, value: Any) -> None:
    """Servers that an agent brings itself; a name alone stands for one of the project."""
    for item in value if isinstance(value, list) else []:
        if isinstance(item, dict):
            for name, entry in item.items():
                add_server(project, folder, str(name), entry, file)


def _wanted(project: Project, prose: Prose, given: str, without: str) -> Wants | None:
    """The tools that a role has: those it lists, or else all, without those it gives up. None: all."""
    listed = prose.values.get(given)
    mine, out = words(listed), words(prose.values.get(without))
    if listed is None and not out:
        return None
    for rule in [*mine, *out]:
        if rule.startswith("mcp__"):
            project.named |= _tools(prose.folder, project, rule, prose.file)
    others = sorted({rule.partition("(")[0] for rule in mine if not rule.startswith("mcp__") and rule != "*"})
    if others:
        prose.lose(given, f"tools of the client are not in a run: {', '.join(others)}")

    def wants(server: str, tool: str) -> bool:
        has = listed is None or any(rule == "*" or _fits(rule, server, tool) for rule in mine)
        return has and not any(_fits(rule, server, tool) for rule in out)

    return wants


def _skills(folder: Folder, project: Project) -> None:
    """Skills, and commands, which are the same in one file. What they pre-approve is what they are for."""
    commands = texts(folder, folder.files(".claude/commands", endings=(".md",)))
    found = [("skill", one) for one in skills(folder, ".claude/skills")] + [("command", one) for one in commands]
    for sort, one in found:
        one.lose_others("model", "allowed-tools", "disallowed-tools", "when_to_use")
        role, wants = one.role(sort), _wanted(project, one, "allowed-tools", "disallowed-tools")
        doc = "\n".join(filter(None, (role.doc, text_of(one.values.get("when_to_use")).strip())))
        add_role(project, folder, replace(role, doc=doc, wants=wants))


def _leave_rest(folder: Folder, settings: dict[str, dict[str, Any]]) -> None:
    for file, values in settings.items():
        for key in sorted(values.keys() - _READ):
            folder.lose(file, key, NO_COUNTERPART)
    leave_instructions(folder, *_INSTRUCTIONS, *folder.files(".claude/rules", endings=(".md",)))
    scripts = folder.files(".claude/workflows", endings=(".js",), deep=False)
    folder.leave(scripts, "workflow", "a script is not read back: write its steps as statements")
