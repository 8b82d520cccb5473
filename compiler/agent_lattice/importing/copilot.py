"""A project of GitHub Copilot (command line and VS Code): agents, skills, prompts and servers."""

from __future__ import annotations

import re
from typing import Any

from agent_lattice.importing.folder import Folder, text_of, words
from agent_lattice.importing.found import NO_COUNTERPART, NO_HOOKS, SWITCHED_OFF, Project, Wants
from agent_lattice.importing.prose import Prose, add_role, leave_instructions, skills, texts
from agent_lattice.importing.servers import add_server
from agent_lattice.records import record, replace

_SETTINGS = ".github/copilot/settings.json"
_INPUT = re.compile(r"\$\{input:([^}:]*)[^}]*\}")


def read(folder: Folder) -> Project:
    project = Project("anthropic")
    settings = folder.json(_SETTINGS)
    project.model = text_of(settings.get("model"))
    rules: dict[str, _Rules] = {}
    project.decide = lambda server, tool: rules[server].decide(tool) if server in rules else ""
    off = set(words(settings.get("disabledMcpServers")))
    for file, name, value in _entries(folder):
        if name in off:
            folder.lose(file, name, SWITCHED_OFF)
        else:
            _add_server(folder, project, rules, name, value, file)
    _agents(folder, project, rules)
    for skill in skills(folder, ".github/skills", ".agents/skills", ".claude/skills"):
        skill.lose_others("allowed-tools")
        add_role(project, folder, skill.role("skill"))
    _commands(folder, project)
    for key in sorted(settings.keys() - {"model", "disabledMcpServers"}):
        folder.lose(_SETTINGS, key, NO_COUNTERPART)
    more = folder.files(".github/instructions", endings=(".instructions.md",))
    leave_instructions(folder, ".github/copilot-instructions.md", "AGENTS.md", "CLAUDE.md", "GEMINI.md", *more)
    hooks = folder.files(".github/hooks", endings=(".json",))
    folder.leave(hooks, "hooks", NO_HOOKS)
    return project


def _entries(folder: Folder) -> list[tuple[str, str, Any]]:
    """File, name and entry of every server; those of an editor count where the command line has none of the name."""
    first = folder.json(".mcp.json")
    file = ".mcp.json" if first else ".github/mcp.json"
    values = first or folder.json(file)
    found = folder.members(values.get("mcpServers", values), file, "mcpServers")
    editor = folder.json(".vscode/mcp.json")
    more = folder.members(editor.get("servers"), ".vscode/mcp.json", "servers")
    return [
        *((file, name, value) for name, value in found.items()),
        *((".vscode/mcp.json", name, value) for name, value in more.items() if name not in found),
    ]


@record
class _Rules:
    """The tools that an entry offers (None: all, and each call is asked for), and those that it does not."""

    offered: frozenset[str] | None
    off: frozenset[str]

    def decide(self, tool: str) -> str:
        if tool in self.off:
            return "deny"
        return "" if self.offered is None else "allow" if tool in self.offered else "deny"


def _add_server(folder: Folder, project: Project, rules: dict[str, _Rules], name: str, value: Any, file: str) -> None:
    if add_server(project, folder, name, value, file) is None:
        return
    listed = value.get("tools")
    offered = None if not isinstance(listed, list) or "*" in listed else frozenset(words(listed))
    rules[name] = _Rules(offered, frozenset(words(value.get("excludeTools"))))
    project.named |= {(name, tool) for tool in offered or ()}


def _agents(folder: Folder, project: Project, rules: dict[str, _Rules]) -> None:
    """Those of `.github` count before those of `.claude` with the same name."""
    files = folder.files(".github/agents", ".claude/agents", endings=(".md",))
    taken: set[str] = set()
    for one in texts(folder, files):
        agent = replace(one, name=one.name.removesuffix(".agent"))
        if agent.name in taken:
            continue
        taken.add(agent.name)
        for server, entry in folder.members(agent.values.get("mcp-servers"), agent.file, "mcp-servers").items():
            _add_server(folder, project, rules, server, entry, agent.file)
        _add_role(project, "agent", agent)


def _commands(folder: Folder, project: Project) -> None:
    for place, ending in ((".github/prompts", ".prompt.md"), (".claude/commands", ".md")):
        for one in texts(folder, folder.files(place, endings=(ending,)), ending):
            if len(set(_INPUT.findall(one.text))) > 1:
                one.lose(one.name, "it asks for several inputs: one text stands for all of them")
            _add_role(project, "command", replace(one, text=_INPUT.sub("$ARGUMENTS", one.text)))


def _add_role(project: Project, sort: str, one: Prose) -> None:
    """A role with the first of its models."""
    one.lose_others("model", "tools", "mcp-servers", "agent", "allowed-tools")
    models = words(one.values.get("model"))
    role = replace(one.role(sort), model=models[0] if models else "", wants=_wanted(project, one))
    add_role(project, one.folder, role)


def _wanted(project: Project, one: Prose) -> Wants | None:
    """The tools of the servers among those that a role lists: `shop/find`, `shop/*`, `shop-find`."""
    given = one.values.get("tools")
    if given is None or "*" in (listed := words(given)):
        return None
    known = {server.name for server in project.servers}
    for item in listed:
        server, slash, tool = item.partition("/")
        if slash and tool != "*" and server in known:
            project.named.add((server, tool))
        elif slash and server not in known:
            one.lose("tools", f"`{item}` is a tool of a server that was not imported")
        elif not slash and not any(item.startswith(f"{_plain(name)}-") for name in known):
            one.lose("tools", f"`{item}` is a tool of the client: a run has the declared tools and no other")

    def wants(server: str, tool: str) -> bool:
        return not {f"{server}/{tool}", f"{server}/*", f"{_plain(server)}-{_plain(tool)}"}.isdisjoint(listed)

    return wants


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "-", name)
