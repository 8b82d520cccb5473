"""A project of OpenCode: `opencode.json` or `.jsonc`, agents, skills and commands."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Any

from agent_lattice.importing.folder import Folder, text_of
from agent_lattice.importing.found import (
    BUILT_IN,
    NO_COUNTERPART,
    NO_HOOKS,
    NO_SERVER,
    SWITCHED_OFF,
    Project,
    Server,
    Wants,
)
from agent_lattice.importing.prose import Prose, add_role, leave_instructions, skills, texts
from agent_lattice.importing.servers import Entry, is_taken, plain, program, remote
from agent_lattice.records import record, replace

_CONFIGS = ("opencode.json", "opencode.jsonc", ".opencode/opencode.json", ".opencode/opencode.jsonc")
_READ = {"$schema", "agent", "command", "mcp", "mode", "model", "permission", "tools"}
_AGENT = (
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
)
_BUILT_IN = frozenset(
    {
        "bash", "codesearch", "doom_loop", "edit", "external_directory", "glob", "grep", "list", "lsp", "patch", "question",
        "read", "skill", "task", "todoread", "todowrite", "webfetch", "websearch", "write",
    }
)  # fmt: skip


def read(folder: Folder) -> Project:
    project, rules = Project("anthropic", roles_decide=True), _Rules(())
    ruled: dict[str, _Rules] = {}
    configs = {file: folder.json(file) for file in _CONFIGS}
    for file, values in configs.items():
        project.model = text_of(values.get("model")) or project.model
        ruled[file] = _rules(folder, file, values)
        rules = rules.then(ruled[file])
        for name, entry in folder.members(values.get("mcp"), file, "mcp").items():
            _add_server(folder, project, name, entry, file)
        for key in sorted(values.keys() - _READ):
            folder.lose(file, key, NO_COUNTERPART)
    project.decide = rules.decide
    _agents(folder, project, configs, rules)
    for skill in skills(folder, ".opencode/skills", ".opencode/skill", ".agents/skills", ".claude/skills"):
        skill.lose_others("allowed-tools", "when_to_use")
        add_role(project, folder, skill.role("skill"))
    project.named |= {tool for pattern, _ in rules.of for tool in _tool(project, pattern)}
    _lose_unknown(folder, project, ruled)
    leave_instructions(folder, "AGENTS.md", *(() if (folder.root / "AGENTS.md").is_file() else ("CLAUDE.md",)))
    plugins = folder.files(".opencode/plugins", ".opencode/plugin", endings=(".js", ".ts"))
    folder.leave(plugins, "plugin", NO_HOOKS)
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


def _rules(folder: Folder, file: str, values: dict[str, Any]) -> _Rules:
    """The rules of a configuration or an agent: `permission`, and `tools`, its older form."""
    given = values.get("permission")
    said = {"*": given} if isinstance(given, str) else folder.members(given, file, "permission")
    rules: list[tuple[str, str]] = []
    for name, on in folder.members(values.get("tools"), file, "tools").items():
        rules += [] if name in _BUILT_IN else [(name, "deny" if on is False else "allow")]
    for name, action in said.items():
        if name in _BUILT_IN:
            folder.lose(file, f"permission.{name}", BUILT_IN)
        elif action in ("allow", "ask", "deny"):
            rules.append((name, action))
        else:
            rules.append((name, "ask"))
            folder.lose(file, f"permission.{name}", "a tool is allowed or not, whatever its arguments: it is not")
    return _Rules(tuple(rules))


def _lose_unknown(folder: Folder, project: Project, ruled: dict[str, _Rules]) -> None:
    """Rules of the configurations that are about none of the servers."""
    starts = [f"{plain(server.name)}_" for server in project.servers]
    for file, rules in ruled.items():
        for pattern in sorted({pattern for pattern, _ in rules.of} - {"*"}):
            if not any(pattern.startswith(start) or _fits(pattern, start) for start in starts):
                folder.lose(file, f"permission.{pattern}", NO_SERVER)


def _tool(project: Project, pattern: str) -> set[tuple[str, str]]:
    """The tool that a pattern without `*` names."""
    starts = [(server.name, f"{plain(server.name)}_") for server in project.servers]
    return {(name, pattern[len(start) :]) for name, start in starts if pattern.startswith(start) and "*" not in pattern}


def _add_server(folder: Folder, project: Project, name: str, value: Any, file: str) -> None:
    entry = Entry(name, file, folder.members(value, file, name), folder)
    if not entry.values or is_taken(project, entry):
        return
    if entry.values.get("enabled") is False:
        entry.lose("", SWITCHED_OFF)
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
    for sort, text in (("agent", "prompt"), ("command", "template")):
        for one in texts(folder, folder.files(f".opencode/{sort}s", f".opencode/{sort}", endings=(".md",))):
            _add_role(project, sort, one, rules)
        for file, config in configs.items():
            for name, value in folder.members(config.get(sort), file, sort).items():
                item = f"{sort}.{name}"
                values = folder.members(value, file, item)
                body = _included(folder, file, item, text_of(values.get(text)))
                _add_role(project, sort, Prose(folder, file, name, values, body), rules)


def _included(folder: Folder, file: str, item: str, text: str) -> str:
    """A prompt; one that stands in a file of its own is read from there."""
    found = re.fullmatch(r"\{file:(?:\./)?([^}]+)\}", text.strip())
    if found is None:
        return text
    read = folder.text(str(PurePosixPath(file).parent / found[1]))
    if read is None:
        folder.lose(file, item, "its prompt is in a file that cannot be read")
    return read or ""


def _add_role(project: Project, sort: str, one: Prose, rules: _Rules) -> None:
    one.lose_others(*_AGENT)
    if one.values.get("disable") is True:
        one.lose(one.name, SWITCHED_OFF)
        return
    own = _rules(one.folder, one.file, one.values) if sort == "agent" else _Rules(())
    wants = _wants(rules.then(own)) if own.of else None
    project.named |= {tool for pattern, _ in own.of for tool in _tool(project, pattern)}
    add_role(project, one.folder, replace(one.role(sort), turns=one.whole("steps"), wants=wants))


def _wants(rules: _Rules) -> Wants:
    return lambda server, tool: rules.decide(server, tool) == "allow"
