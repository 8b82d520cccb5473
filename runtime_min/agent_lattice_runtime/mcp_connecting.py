"""From a declared MCP server to what is needed to reach it: permissions are asked for, secrets and variables read."""

from __future__ import annotations

from .errors import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .mcp_tools import McpServer
    from .models import Deps

_RESERVED = frozenset({"host", "connection", "content-length", "content-type", "accept", "transfer-encoding"})


class Connection:
    """How a server is reached: by starting `command` in `environment`, or else at `url` with `headers`; `deps` are those
    of the step that asks. timeout in seconds."""

    __slots__ = ("command", "deps", "environment", "headers", "name", "timeout", "url")

    def __init__(
        self,
        name: str,
        timeout: float,
        deps: Deps,
        *,
        command: tuple[str, ...] = (),
        environment: dict[str, str] | None = None,
        url: str = "",
        headers: dict[str, str] | None = None,
    ) -> None:
        self.name = name
        self.timeout = timeout
        self.deps = deps
        self.command = command
        self.environment = environment or {}
        self.url = url
        self.headers = headers or {}


def connection(server: McpServer, deps: Deps) -> Connection:
    """Raises Failure permission_denied for what the step may not use, auth and validation for what is not set."""
    if server.command:
        from shlex import join

        deps.grant.require("programs", join(server.command), deps.step)
        command, environment = _command(server, deps.tools), _environment(server, deps)
        return Connection(server.name, server.timeout, deps, command=command, environment=environment)
    from .urls import require_private, split_url

    url = deps.text(server.base or "")
    origin, _ = split_url(url)
    require_private(origin)
    deps.allow_host(origin.host, origin.port)
    return Connection(server.name, server.timeout, deps, url=url, headers=_headers(server, deps))


def _command(server: McpServer, tools: str) -> tuple[str, ...]:
    """The words to start: `python` is the interpreter of this run, scripts are taken from the tools folder."""
    import sys
    from os.path import isfile, join

    words = list(server.command)
    if words[0] in ("python", "python3") and sys.executable:
        words[0] = sys.executable
    for index, word in enumerate(words):
        if index and word in server.scripts:
            words[index] = join(tools, word)
            if not isfile(words[index]):
                message = f"the server {server.name} is started with {word}, which is no file here: unpack the package"
                raise Failure("unavailable", message, retryable=False)
    return tuple(words)


def _environment(server: McpServer, deps: Deps) -> dict[str, str]:
    """What programs need everywhere and holds no secret, and what is declared; nothing else."""
    from os import environ

    from .environment import ALWAYS

    found = {name: environ[name] for name in ALWAYS if name in environ}
    return found | {name: deps.env(name) for name in server.env} | {name: deps.secret(name) for name in server.secrets}


def _headers(server: McpServer, deps: Deps) -> dict[str, str]:
    headers = {name.lower(): value for name, value in server.headers.items()}
    if server.auth is not None:
        secret = deps.secret(server.auth.secret).strip()
        bearer = server.auth.scheme == "bearer"
        headers["authorization" if bearer else server.auth.scheme.lower()] = f"Bearer {secret}" if bearer else secret
    for name, value in headers.items():
        if name in _RESERVED or name.startswith("mcp-"):
            raise Failure("validation", f"{server.name} may not set the header {name}: the connection does")
        if not (name + value).isprintable() or not (name + value).isascii():
            raise Failure("validation", f"the header {name} of {server.name} holds characters that are not allowed")
    return headers
