"""A project of GitHub Copilot (command line and VS Code): agents, skills, prompts and servers."""

from __future__ import annotations

import re
from typing import Any

from agent_lattice.importing.claude import add_server, leave_instructions
from agent_lattice.importing.folder import Folder, text_of, words
from agent_lattice.importing.found import Project, Wants
from agent_lattice.importing.prose import add_role, lose_others, role_of, skills, texts
from agent_lattice.records import record, replace

_SETTINGS = ".github/copilot/settings.json"
_INPUT = re.compile(r"\$\{input:([^}:]*)[^}]*\}")
_AGENT = {"model", "tools", "mcp-servers", "agent"}


def read(folder: Folder) -> Project:
    project = Project("anthropic")
    settings = folder.json(_SETTINGS)
    project.model = text_of(settings.get("model"))
    rules: dict[str, _Rules] = {}
    project.decide = lambda server, tool: rules[server].decide(tool) if server in rules else ""
    off = set(words(settings.get("disabledMcpServers")))
    for file, name, value in _entries(folder):
        if name in off:
            folder.lose(file, name, "the settings switch it off")
        else:
            _add_server(folder, project, rules, name, value, file)
    _agents(folder, project, rules)
    for file, name, values, text in skills(folder, ".github/skills", ".agents/skills", ".claude/skills"):
        lose_others(folder, file, values, {"allowed-tools"})
        add_role(project, folder, role_of(folder, "skill", file, name, values, text))
    _commands(folder, project)
    for key in sorted(settings.keys() - {"model", "disabledMcpServers"}):
        folder.lose(_SETTINGS, key, "nothing in a declaration stands for it")
    more = folder.files(".github/instructions", endings=(".instructions.md",))
    leave_instructions(folder, ".github/copilot-instructions.md", "AGENTS.md", "CLAUDE.md", "GEMINI.md", *more)
    hooks = folder.files(".github/hooks", endings=(".json",))
    folder.leave(hooks, "hooks", "a run has no hooks: what has to happen is a statement")
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
    for file, stem, values, text in texts(folder, files, ".md"):
        name = stem.removesuffix(".agent")
        if name in taken:
            continue
        taken.add(name)
        for server, entry in folder.members(values.get("mcp-servers"), file, "mcp-servers").items():
            _add_server(folder, project, rules, server, entry, file)
        lose_others(folder, file, values, _AGENT)
        add_role(project, folder, _with_tools(folder, project, "agent", file, name, values, text))


def _commands(folder: Folder, project: Project) -> None:
    for place, ending in ((".github/prompts", ".prompt.md"), (".claude/commands", ".md")):
        for file, name, values, text in texts(folder, folder.files(place, endings=(ending,)), ending):
            lose_others(folder, file, values, {*_AGENT, "allowed-tools"})
            if len(set(_INPUT.findall(text))) > 1:
                folder.lose(file, name, "it asks for several inputs: one text stands for all of them")
            text = _INPUT.sub("$ARGUMENTS", text)
            add_role(project, folder, _with_tools(folder, project, "command", file, name, values, text))


def _with_tools(
    folder: Folder, project: Project, sort: str, file: str, name: str, values: dict[str, Any], text: str
) -> Any:
    models = words(values.get("model"))
    role = role_of(folder, sort, file, name, values, text)
    return replace(role, model=models[0] if models else "", wants=_wanted(folder, project, file, values.get("tools")))


def _wanted(folder: Folder, project: Project, file: str, given: Any) -> Wants | None:
    """The tools of the servers among those that a role lists: `shop/find`, `shop/*`, `shop-find`."""
    if given is None or "*" in (listed := words(given)):
        return None
    known = {server.name for server in project.servers}
    for item in listed:
        server, slash, tool = item.partition("/")
        if slash and tool != "*" and server in known:
            project.named.add((server, tool))
        elif not slash and not any(item.startswith(f"{_plain(name)}-") for name in known):
            folder.lose(file, "tools", f"`{item}` is a tool of the client: a run has the declared tools and no other")

    def wants(server: str, tool: str) -> bool:
        return not {f"{server}/{tool}", f"{server}/*", f"{_plain(server)}-{_plain(tool)}"}.isdisjoint(listed)

    return wants


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "-", name)
