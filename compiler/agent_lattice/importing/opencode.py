"""A project of OpenCode: `opencode.json` or `.jsonc`, agents, skills and commands."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Any

from agent_lattice.importing.claude import leave_instructions, plain
from agent_lattice.importing.folder import Folder, text_of
from agent_lattice.importing.found import Project, Server, Wants
from agent_lattice.importing.prose import add_role, lose_others, role_of, skills, texts
from agent_lattice.importing.servers import Entry, program, remote
from agent_lattice.records import record, replace

_CONFIGS = ("opencode.json", "opencode.jsonc", ".opencode/opencode.json", ".opencode/opencode.jsonc")
_READ = {"$schema", "agent", "command", "mcp", "mode", "model", "permission", "tools"}
_AGENT = {
    "mode",
    "model",
    "permission",
    "prompt",
    "steps",
    "tools",
    "template",
    "agent",
    "disable",
    "hidden",
    "subtask",
}
_BUILT_IN = frozenset(
    {
        "bash", "codesearch", "doom_loop", "edit", "external_directory", "glob", "grep", "list", "lsp", "patch", "question",
        "read", "skill", "task", "todoread", "todowrite", "webfetch", "websearch", "write",
    }
)  # fmt: skip


def read(folder: Folder) -> Project:
    project, rules = Project("anthropic"), _Rules(())
    configs = {file: folder.json(file) for file in _CONFIGS}
    for file, values in configs.items():
        project.model = text_of(values.get("model")) or project.model
        rules = rules.then(_rules(folder, project, file, values))
        for name, entry in folder.members(values.get("mcp"), file, "mcp").items():
            _add_server(folder, project, name, entry, file)
        for key in sorted(values.keys() - _READ):
            folder.lose(file, key, "nothing in a declaration stands for it")
    project.decide = rules.decide
    _agents(folder, project, configs, rules)
    for file, name, values, text in skills(
        folder, ".opencode/skills", ".opencode/skill", ".agents/skills", ".claude/skills"
    ):
        lose_others(folder, file, values, {"allowed-tools", "when_to_use"})
        add_role(project, folder, role_of(folder, "skill", file, name, values, text))
    project.named |= {tool for pattern, _ in rules.of for tool in _tool(project, pattern)}
    leave_instructions(folder, "AGENTS.md", *(() if (folder.root / "AGENTS.md").is_file() else ("CLAUDE.md",)))
    plugins = folder.files(".opencode/plugins", ".opencode/plugin", endings=(".js", ".ts"))
    folder.leave(plugins, "plugin", "a run has no hooks: what has to happen is a statement")
    return project


@record
class _Rules:
    """Patterns of names with what is said of them: the last one that fits counts, and what none fits is allowed."""

    of: tuple[tuple[str, str], ...]

    def then(self, more: _Rules) -> _Rules:
        return _Rules((*self.of, *more.of))

    def decide(self, server: str, tool: str) -> str:
        name = f"{plain(server)}_{plain(tool)}"
        return next((said for pattern, said in reversed(self.of) if _fits(pattern, name)), "allow")


def _fits(pattern: str, name: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), name) is not None


def _rules(folder: Folder, project: Project, file: str, values: dict[str, Any]) -> _Rules:
    """The rules of a configuration or an agent: `permission`, and `tools`, its older form."""
    given = values.get("permission")
    said = {"*": given} if isinstance(given, str) else folder.members(given, file, "permission")
    rules: list[tuple[str, str]] = []
    for name, on in folder.members(values.get("tools"), file, "tools").items():
        rules += [] if name in _BUILT_IN else [(name, "deny" if on is False else "allow")]
    for name, action in said.items():
        if name in _BUILT_IN:
            folder.lose(
                file,
                f"permission.{name}",
                "it is about a tool of the client: a run has the declared tools and no other",
            )
        elif action in ("allow", "ask", "deny"):
            rules.append((name, action))
        else:
            rules.append((name, "ask"))
            folder.lose(file, f"permission.{name}", "a tool is allowed or not, whatever its arguments: it is not")
    return _Rules(tuple(rules))


def _tool(project: Project, pattern: str) -> set[tuple[str, str]]:
    """The tool that a pattern without `*` names."""
    starts = [(server.name, f"{plain(server.name)}_") for server in project.servers]
    return {(name, pattern[len(start) :]) for name, start in starts if pattern.startswith(start) and "*" not in pattern}


def _add_server(folder: Folder, project: Project, name: str, value: Any, file: str) -> None:
    entry = Entry(name, file, folder.members(value, file, name), folder)
    if not entry.values:
        return
    if project.server(name):
        entry.lose("", "another server has this name")
        return
    if entry.values.get("enabled") is False:
        entry.lose("", "it is switched off")
        return
    entry.lose_others({"type", "command", "cwd", "environment", "enabled", "url", "headers"})
    made: Server | None
    if "url" in entry.values:
        made = remote(entry, entry.values["url"], "headers", None)
    else:
        command = entry.values.get("command")
        made = program(entry, command if isinstance(command, list) else [], "environment", None)
    if made is not None:
        project.servers.append(made)


def _agents(folder: Folder, project: Project, configs: dict[str, dict[str, Any]], rules: _Rules) -> None:
    """Agents and commands, in files of their own and in the configuration."""
    for sort, key, text in (("agent", "agent", "prompt"), ("command", "command", "template")):
        places = (f".opencode/{key}s", f".opencode/{key}")
        for file, name, values, body in texts(folder, folder.files(*places, endings=(".md",)), ".md"):
            _add_role(folder, project, sort, file, name, values, body, rules)
        for file, config in configs.items():
            for name, value in folder.members(config.get(key), file, key).items():
                values = folder.members(value, file, f"{key}.{name}")
                body = _included(folder, file, f"{key}.{name}", text_of(values.get(text)))
                _add_role(folder, project, sort, file, name, values, body, rules)


def _included(folder: Folder, file: str, item: str, text: str) -> str:
    """A prompt; one that stands in a file of its own is read from there."""
    found = re.fullmatch(r"\{file:(?:\./)?([^}]+)\}", text.strip())
    if found is None:
        return text
    path = PurePosixPath(file).parent / found[1]
    inside = not path.is_absolute() and ".." not in path.parts
    read = folder.text(str(path)) if inside else None
    if read is None:
        folder.lose(file, item, "its prompt is in a file that is not in this project")
    return read or ""


def _add_role(
    folder: Folder, project: Project, sort: str, file: str, name: str, values: dict[str, Any], text: str, rules: _Rules
) -> None:
    lose_others(folder, file, values, _AGENT)
    if values.get("disable") is True:
        folder.lose(file, name, "it is switched off")
        return
    own = _rules(folder, project, file, values) if sort == "agent" else _Rules(())
    turns = values.get("steps")
    role = replace(
        role_of(folder, sort, file, name, values, text),
        model=text_of(values.get("model")),
        turns=turns if isinstance(turns, int) else None,
        wants=_wants(rules.then(own)) if own.of else None,
    )
    project.named |= {tool for pattern, _ in own.of for tool in _tool(project, pattern)}
    add_role(project, folder, role)


def _wants(rules: _Rules) -> Wants:
    return lambda server, tool: rules.decide(server, tool) == "allow"
