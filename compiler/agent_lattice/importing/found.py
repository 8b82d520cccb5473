"""What is found in a project of a client: servers, roles, who may call what, and what no declaration can say."""

from __future__ import annotations

from collections.abc import Callable

from agent_lattice.records import field, record

Decide = Callable[[str, str], str]
"""What a project says of a tool (server, tool): `allow`, `ask`, `deny`, or "" for nothing."""

Wants = Callable[[str, str], bool]
"""Whether a role is given a tool (server, tool)."""

NO_COUNTERPART = "nothing in a declaration stands for it"
BUILT_IN = "it is about a tool of the client: a run has the declared tools and no other"
NO_SERVER = "it is about a server that was not imported"
SWITCHED_OFF = "it is switched off"
NO_HOOKS = "a run has no hooks: what has to happen is a statement"


@record
class Loss:
    """Something in a file that did not become a declaration as it was, and why."""

    file: str
    item: str
    reason: str


@record
class Header:
    """A header of requests: with a fixed value, or with that of a secret."""

    name: str
    value: str
    secret: str = ""


@record
class Server:
    """An MCP server: a program (`command`), an address, or an address in an environment `variable`. `timeout` in seconds."""

    name: str
    file: str
    command: tuple[str, ...] = ()
    address: str = ""
    variable: str = ""
    env: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    headers: tuple[Header, ...] = ()
    timeout: float | None = None


@record
class Role:
    """Prose for a model: an agent, a skill or a command (`sort`). `model` is the client's word for one, "" for none; `wants` is
    None where the role has all that the project allows."""

    sort: str
    name: str
    file: str
    doc: str
    text: str
    model: str = ""
    wants: Wants | None = None
    turns: int | None = None


def nothing_said(server: str, tool: str) -> str:
    return ""


@record(frozen=False)
class Project:
    """All of it. `provider` is whose models the client asks when it is told nothing; `named` are tools (server, tool) that the
    project speaks of."""

    provider: str
    model: str = ""
    servers: list[Server] = field(default_factory=list)
    roles: list[Role] = field(default_factory=list)
    named: set[tuple[str, str]] = field(default_factory=set)
    decide: Decide = nothing_said
    roles_decide: bool = False
    """Whether a role may be given what the project forbids or asks about."""

    def server(self, name: str) -> Server | None:
        return next((server for server in self.servers if server.name == name), None)
