"""Asking the MCP servers that a source declares what they offer, with what the declaration allows and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from agent_lattice_runtime.errors import Failure
from agent_lattice_runtime.redaction import Redactor

from agent_lattice import plan
from agent_lattice.reading import Unusable
from agent_lattice.surface import Surface, plain, server_key, surface_of

if TYPE_CHECKING:
    from agent_lattice_runtime.mcp_connecting import Connection
    from agent_lattice_runtime.mcp_sessions import Sessions

    from agent_lattice.program import Program


def servers_of(program: Program) -> dict[str, tuple[plan.ToolSet, PurePosixPath]]:
    """The declared servers by key, each once, and the folders of their declarations from the main source's."""
    found: dict[str, tuple[plan.ToolSet, PurePosixPath]] = {}
    for module in program.modules:
        for symbol in module.of_sort("tool"):
            tool = symbol.value
            if isinstance(tool, plan.ToolSet) and tool.protocol == "mcp" and server_key(tool):
                found.setdefault(server_key(tool), (tool, module.folder))
    return found


@contextmanager
def contact() -> Iterator[Sessions]:
    """Sessions with servers, closed at the end. Raises Unusable when the SDK is not installed."""
    from agent_lattice_runtime.mcp_tools import require_sdk

    try:
        require_sdk()
    except Failure as failure:
        raise Unusable(failure.message) from None
    from agent_lattice_runtime.mcp_sessions import Sessions

    sessions = Sessions()
    try:
        yield sessions
    finally:
        sessions.close()


def surface_at(tool: plan.ToolSet, folder: Path, sessions: Sessions) -> tuple[Surface, dict[str, str]]:
    """What a server offers, and the first line of what it says of each tool. Raises Unusable."""
    redactor = Redactor()
    try:
        protocol, listing = sessions.listing(_connection(tool, folder, redactor))
        cleared: Any = redactor.value(listing)
        listing = cleared
        surface = surface_of(protocol, listing)
    except Failure as failure:
        said = "".join(f"\n  it said: {plain(redactor.text(line))}" for line in failure.details)
        raise Unusable(f"{tool.name}: {plain(redactor.text(failure.message))}{said}") from None
    except ValueError as error:
        raise Unusable(f"{tool.name}: the server describes itself in a way that cannot be kept: {error}") from None
    return surface, {str(each.get("name")): _first_line(each) for each in listing}


def _first_line(tool: dict[str, object]) -> str:
    lines = str(tool.get("description") or "").strip().splitlines()
    return plain(lines[0])[:100] if lines else ""


def _connection(tool: plan.ToolSet, folder: Path, redactor: Redactor) -> Connection:
    from agent_lattice_runtime.mcp_connecting import connection
    from agent_lattice_runtime.mcp_tools import McpServer
    from agent_lattice_runtime.models import Auth, Deps, Env
    from agent_lattice_runtime.permissions import Grant

    from agent_lattice.lower import access

    granted = access(tool)
    server = McpServer(
        name=tool.name,
        base=Env(tool.base.name) if isinstance(tool.base, plan.EnvRef) else tool.base,
        command=tool.command,
        scripts=tool.scripts,
        env=tool.env,
        secrets=tool.secrets,
        auth=Auth(tool.auth.header, tool.auth.secret) if tool.auth else None,
        headers=dict(tool.headers),
        timeout=tool.timeout,
    )
    grant = Grant(hosts=granted.hosts, secrets=granted.secrets, env=granted.env, programs=granted.programs)
    return connection(server, Deps("", grant, redactor, tools=str(folder)))
