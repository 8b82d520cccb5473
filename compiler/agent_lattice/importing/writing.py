"""A project as Lattice source: secrets, models, tools, agents, and a workflow for each role that calls nothing."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator

from agent_lattice import plan
from agent_lattice.declarations.agent import FEWEST_TURNS, MOST_TURNS, USUAL_TURNS
from agent_lattice.driver import compile_source, format_source
from agent_lattice.importing.folder import Folder
from agent_lattice.importing.found import Header, Project, Role, Server
from agent_lattice.importing.models import USUAL, model_of
from agent_lattice.importing.secret_texts import hidden
from agent_lattice.importing.texts import literal, quoted, template
from agent_lattice.program import Surfaces
from agent_lattice.records import record
from agent_lattice.schema_names import is_name, operation_name
from agent_lattice.surface import Surface, server_key
from agent_lattice.surface_operations import Unsayable, signature

_NO_MODEL = ("", "inherit", "auto")
_USUAL = "usual"
TASK = "task"
"""The parameter of every role: what it is asked to do."""


def source_of(project: Project, folder: Folder, surfaces: Surfaces) -> str:
    """The canonical source; what cannot be declared is taken down as lost."""
    return _Writing(project, folder, surfaces).text()


@record
class _Part:
    """A declaration, and what it is made of."""

    text: str
    file: str
    item: str


class _Writing:
    def __init__(self, project: Project, folder: Folder, surfaces: Surfaces) -> None:
        self.project = project
        self.folder = folder
        self.surfaces = surfaces
        self.names: set[str] = {TASK, "answer", _USUAL}
        self.models: dict[tuple[str, str], str] = {}
        self.tools: dict[str, tuple[str, dict[str, str]]] = {}
        """By server: the name of the declared tool, and its operations by what the server calls them."""

    def text(self) -> str:
        servers = self.project.servers
        self.names |= {name for server in servers for name in _secrets(server)}
        tools = self._sound(_secrets_of(servers), [self._tool(server) for server in servers])
        kept = [server for server in servers if server.name in {part.item for part in tools}]
        self.tools = {server.name: self.tools[server.name] for server in kept if server.name in self.tools}
        roles = [self._role(role) for role in self.project.roles]
        models = "".join(
            f"model {name} = {provider}({literal(model)})\n" for (provider, model), name in self.models.items()
        )
        declared = "\n\n".join([_secrets_of(kept) + models, *(part.text for part in tools)])
        text = "\n\n".join([declared, *(part.text for part in self._sound(f"{declared}\n", roles))])
        return format_source("imported.lat", text.encode())[1]

    def _sound(self, head: str, parts: list[_Part]) -> list[_Part]:
        """The parts that compile behind `head`; what does not is lost with the name of what is wrong."""
        while True:
            starts: list[int] = []
            text = head
            for part in parts:
                starts.append(len(text))
                text += f"{part.text}\n"
            found = compile_source("imported.lat", text.encode(), lambda name: None, self.surfaces)
            wrong: dict[int, str] = {}
            for diagnostic in found.report.sorted() if found.report.failed else ():
                at = sum(start <= diagnostic.span.start for start in starts) - 1
                if diagnostic.severity.name == "ERROR" and at >= 0:
                    wrong.setdefault(at, diagnostic.code.name)
            if not wrong:
                return parts
            for at, code in wrong.items():
                self.folder.lose(parts[at].file, parts[at].item, f"no declaration can be made of it: {code}")
            parts = [part for at, part in enumerate(parts) if at not in wrong]

    def _name(self, wanted: str) -> str:
        """A name that nothing else has."""
        first = name = operation_name(hidden(wanted)[:60])
        count = 1
        while name in self.names:
            count += 1
            name = f"{first}_{count}"
        self.names.add(name)
        return name

    def _tool(self, server: Server) -> _Part:
        name = self._name(server.name)
        surface = self.surfaces(_key(server))
        lines = [f"tool {name} = mcp({_target(server)}) {{"]
        if surface is None:
            lines += self._waiting(server)
        else:
            operations = self._operations(server, surface)
            self.tools[server.name] = name, operations
            if operations:
                lines += [f"allow: [{_listed(operations)}]", "effect: write", "on_doubt: fail"]
        lines += _settings(server)
        return _Part("\n".join([*lines, "}"]), server.file, server.name)

    def _waiting(self, server: Server) -> Iterator[str]:
        """What stands for the tools of a server that nobody has looked at yet."""
        named = sorted(tool for name, tool in self.project.named if name == server.name and self._allowed(name, tool))
        reason = "the types of its tools are not known yet: take a snapshot with `lattice mcp`, then import again"
        self.folder.lose(server.file, server.name, reason)
        if named:
            yield f"// allow: [{hidden(_listed(named))}], as soon as `lattice mcp` has taken a snapshot"

    def _operations(self, server: Server, surface: Surface) -> dict[str, str]:
        """The tools that may be called: those that the project allows, and those that it gives to a role and does not ask about."""
        found: dict[str, str] = {}
        for tool, shape in surface.tools.items():
            if not self._allowed(server.name, tool):
                continue
            try:
                signature(tool, shape, set(), server.name)
            except Unsayable:
                self.folder.lose(server.file, f"{server.name}: {tool}", "no operation can stand for it")
                continue
            if operation_name(tool) in found.values():
                self.folder.lose(server.file, f"{server.name}: {tool}", "another tool has this name")
            else:
                found[tool] = operation_name(tool)
        for name, tool in sorted(self.project.named):
            if name == server.name and tool not in surface.tools:
                self.folder.lose(server.file, f"{name}: {tool}", "the server has no such tool")
        if not found:
            self.folder.lose(server.file, server.name, "the project allows none of its tools")
        return found

    def _allowed(self, server: str, tool: str) -> bool:
        said = self.project.decide(server, tool)
        given = any(role.wants is not None and role.wants(server, tool) for role in self.project.roles)
        allowed = said == "allow" or (given and (said == "" or self.project.roles_decide))
        if said == "ask" and not allowed:
            reason = "the client asks before each call: a tool is allowed or not, and this one is not"
            self.folder.lose(self._file(server), f"{server}: {tool}", reason)
        return allowed

    def _file(self, server: str) -> str:
        found = self.project.server(server)
        return found.file if found else ""

    def _role(self, role: Role) -> _Part:
        """An agent, or for want of tools a workflow that asks its model once."""
        name, model = self._name(role.name), self._model(role)
        offered = [
            f"{tool}.{operation}"
            for server, (tool, operations) in self.tools.items()
            for remote, operation in operations.items()
            if (self.project.decide(server, remote) == "allow" if role.wants is None else role.wants(server, remote))
        ]
        lines = [f"/// {line}".rstrip() for line in role.doc.split("\n")] if role.doc else []
        lines += self._agent(role, name, model, offered) if offered else self._ask(role, name, model)
        return _Part("\n".join(lines), role.file, role.name)

    def _agent(self, role: Role, name: str, model: str, offered: list[str]) -> Iterator[str]:
        yield f"agent {name}({TASK}: string) -> string {{"
        yield f"model {model}"
        yield f"tools {', '.join(offered)}"
        yield from self._texts(role, 4)
        yield f"max_turns {self._turns(role)}"
        yield "}"

    def _ask(self, role: Role, name: str, model: str) -> Iterator[str]:
        if role.sort == "agent":
            self.folder.lose(
                role.file, role.name, "it calls no declared tool: it became a workflow that asks its model once"
            )
        yield f"workflow {name}({TASK}: string) -> string {{"
        yield f"answer = ask {model} -> string {{"
        yield from self._texts(role, 6)
        yield "}"
        yield "return answer"
        yield "}"

    def _texts(self, role: Role, indent: int) -> Iterator[str]:
        """What the model is told, and what it is asked; a text with a place for the user's words is what it is asked."""
        text = template(role.text, TASK, indent)
        if "$ARGUMENTS" in role.text:
            yield f"prompt {text}"
            return
        if role.text:
            yield f"system {text}"
        yield f'prompt "{{{{ {TASK} }}}}"'

    def _turns(self, role: Role) -> int:
        turns = USUAL_TURNS if role.turns is None else max(FEWEST_TURNS, min(MOST_TURNS, role.turns))
        if role.turns not in (None, turns):
            self.folder.lose(
                role.file, role.name, f"an agent has {FEWEST_TURNS} to {MOST_TURNS} turns: it has {turns} now"
            )
        return turns

    def _model(self, role: Role) -> str:
        """The name of the declared model of a role: its own, else that of the project, else a usual one."""
        word = next((word for word in (role.model, self.project.model) if word not in _NO_MODEL), "")
        found = model_of(word)
        if found is None:
            if word:
                self.folder.lose(role.file, word, "nobody knows who has this model: `usual` stands in for it")
            elif _USUAL not in self.models.values():
                self.folder.lose(
                    role.file, role.name, "no model is named: `usual` stands in, here and wherever it is so"
                )
            return self.models.setdefault((self.project.provider, USUAL[self.project.provider]), _USUAL)
        if found[1] not in word:
            self.folder.lose(role.file, word, f"a program names one model: {found[1]}")
        if found not in self.models:
            self.models[found] = self._name(found[1])
        return self.models[found]


def _secrets_of(servers: list[Server]) -> str:
    return "".join(f"secret {name}\n" for name in dict.fromkeys(name for one in servers for name in _secrets(one)))


def _secrets(server: Server) -> Iterable[str]:
    return (*server.secrets, *(header.secret for header in server.headers if header.secret))


def _target(server: Server) -> str:
    return f"env.{server.variable}" if server.variable else literal(server.address or shlex.join(server.command))


def _key(server: Server) -> str:
    """What the server is called in a lock."""
    base = plan.EnvRef(server.variable) if server.variable else server.address.rstrip("/") or None
    return server_key(plan.ToolSet(server.name, "mcp", (), base=base, command=server.command))


def _listed(tools: Iterable[str]) -> str:
    return ", ".join(tool if is_name(tool) else quoted(tool) for tool in tools)


def _settings(server: Server) -> Iterator[str]:
    if server.env:
        yield f"env: [{', '.join(map(quoted, server.env))}]"
    if server.secrets:
        yield f"secrets: [{', '.join(server.secrets)}]"
    if server.timeout is not None:
        yield f"timeout: {round(server.timeout * 1000)}ms" if server.timeout % 1 else f"timeout: {int(server.timeout)}s"
    yield from map(_header, server.headers)


def _header(header: Header) -> str:
    if not header.secret:
        return f"header {quoted(header.name)}: {quoted(header.value)}"
    if header.name.lower() == "authorization":
        return f"auth bearer {header.secret}"
    return f"auth header {quoted(header.name)} {header.secret}"
