"""A project of Codex: `.codex/config.toml`, its agents and skills."""

from __future__ import annotations

from typing import Any

from agent_lattice.importing.folder import Folder, text_of, words
from agent_lattice.importing.found import NO_COUNTERPART, NO_HOOKS, SWITCHED_OFF, Header, Project, Role, Server
from agent_lattice.importing.prose import Prose, add_role, leave_instructions, skills
from agent_lattice.importing.servers import Entry, program, remote, seconds, with_header, with_variables
from agent_lattice.records import record, replace

_CONFIG = ".codex/config.toml"
_MODES = {"approve": "allow", "prompt": "ask"}
_ENTRY = {
    "command", "args", "env", "env_vars", "cwd", "url", "http_headers", "env_http_headers", "bearer_token_env_var", "enabled",
    "enabled_tools", "disabled_tools", "default_tools_approval_mode", "tools", "tool_timeout_sec", "startup_timeout_sec",
    "startup_timeout_ms", "required", "name",
}  # fmt: skip


def read(folder: Folder) -> Project:
    values = folder.toml(_CONFIG)
    project = Project("openai", model=text_of(values.get("model")))
    rules: dict[str, _Rules] = {}
    for name, entry in folder.members(values.get("mcp_servers"), _CONFIG, "mcp_servers").items():
        made = _server(Entry(name, _CONFIG, folder.members(entry, _CONFIG, name), folder))
        if made is not None:
            project.servers.append(made[0])
            rules[name] = made[1]
            project.named |= {(name, tool) for tool in made[1].named}
    project.decide = lambda server, tool: rules[server].decide(tool) if server in rules else ""
    _agents(folder, project, folder.members(values.get("agents"), _CONFIG, "agents"))
    for skill in skills(folder, ".agents/skills", ".codex/skills"):
        skill.lose_others("allowed-tools")
        add_role(project, folder, skill.role("skill"))
    _leave_rest(folder, values)
    return project


@record
class _Rules:
    """What an entry says of its tools: those it offers (None: all), those it does not, and how calls are approved."""

    offered: frozenset[str] | None
    off: frozenset[str]
    modes: dict[str, str]
    usual: str

    def decide(self, tool: str) -> str:
        if tool in self.off or (self.offered is not None and tool not in self.offered):
            return "deny"
        return _MODES.get(self.modes.get(tool, self.usual), "")

    @property
    def named(self) -> set[str]:
        return {*self.modes, *(self.offered or ())}


def _server(entry: Entry) -> tuple[Server, _Rules] | None:
    if not entry.values:
        return None
    if entry.values.get("enabled") is False:
        entry.lose("", SWITCHED_OFF)
        return None
    entry.lose_others(_ENTRY)
    timeout, args = seconds(entry, "tool_timeout_sec", 1), entry.values.get("args")
    if "url" in entry.values:
        made = _remote(entry, timeout)
    else:
        command = [entry.values.get("command"), *(args if isinstance(args, list) else [])]
        made = program(entry, command, "env", timeout)
        made = made and with_variables(made, entry, "env", tuple(words(entry.values.get("env_vars"))))
    return None if made is None else (made, _rules(entry))


def _remote(entry: Entry, timeout: float | None) -> Server | None:
    """A server at an address, with the headers whose values are in variables."""
    made = remote(entry, entry.values["url"], "http_headers", timeout)
    if made is None:
        return None
    headers = made.headers
    if token := text_of(entry.values.get("bearer_token_env_var")):
        headers = with_header(headers, entry, "bearer_token_env_var", Header("Authorization", "", token))
    for name, source in entry.members("env_http_headers").items():
        headers = with_header(headers, entry, f"env_http_headers.{name}", Header(name, "", text_of(source) or "-"))
    return replace(made, headers=headers)


def _rules(entry: Entry) -> _Rules:
    offered = entry.values.get("enabled_tools")
    modes: dict[str, str] = {}
    for tool, value in entry.members("tools").items():
        modes[tool] = text_of(entry.folder.members(value, entry.file, tool).get("approval_mode"))
    return _Rules(
        frozenset(words(offered)) if isinstance(offered, list) else None,
        frozenset(words(entry.values.get("disabled_tools"))),
        modes,
        text_of(entry.values.get("default_tools_approval_mode")),
    )


def _agents(folder: Folder, project: Project, registered: dict[str, Any]) -> None:
    """Agents in files of their own, and those that the configuration registers."""
    files = folder.files(".codex/agents", endings=(".toml",))
    for file in files:
        values = folder.toml(file)
        name = text_of(values.get("name"))
        if values and not name:
            folder.lose(file, "file", "an agent has a `name`")
        elif values:
            add_role(project, folder, _agent(folder, file, name, values))
    for name, value in registered.items():
        if not isinstance(value, dict):
            folder.lose(_CONFIG, f"agents.{name}", NO_COUNTERPART)
            continue
        file = f".codex/{text_of(value.get('config_file'))}"
        if file not in files:
            add_role(project, folder, _agent(folder, file, name, {**folder.toml(file), **value}))


def _agent(folder: Folder, file: str, name: str, values: dict[str, Any]) -> Role:
    agent = Prose(folder, file, name, values, text_of(values.get("developer_instructions")))
    agent.lose_others("developer_instructions", "model", "config_file")
    return agent.role("agent")


def _leave_rest(folder: Folder, values: dict[str, Any]) -> None:
    for key in sorted(values.keys() - {"mcp_servers", "agents", "model"}):
        folder.lose(_CONFIG, key, NO_COUNTERPART)
    leave_instructions(folder, "AGENTS.md", "AGENTS.override.md")
    folder.leave((".codex/hooks.json",), "hooks", NO_HOOKS)
    folder.leave(
        folder.files(".codex/rules", endings=(".rules",)),
        "rules",
        "they are about a tool of the client: a run has no shell",
    )
