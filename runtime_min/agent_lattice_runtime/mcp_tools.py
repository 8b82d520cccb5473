"""Operations of MCP servers: what `tool t = mcp("…")` declares. The SDK itself is only loaded when one is called."""

from __future__ import annotations

from .errors import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .mcp_connecting import Connection
    from .models import Auth, Check, Deps, Env, OnDoubt

REQUIREMENT = "mcp>=2.3,<3"  # the official SDK, as installers name it


def require_sdk() -> None:
    """Raises Failure unavailable when the official MCP SDK, in a version that this code knows, is not installed."""
    what = "is not installed"
    try:
        import mcp as mcp

        what = "that is installed is of another version"
        from mcp.client.client import Client as Client
        from mcp.client.streamable_http import streamable_http_client as streamable_http_client
    except ImportError as error:
        if error.name not in ("mcp", None) and not str(error.name).startswith("mcp."):
            what = f"cannot be loaded ({error})"
        message = f'the official MCP SDK {what}: install the extra `mcp`, or `pip install "{REQUIREMENT}"`'
        raise Failure("unavailable", message, retryable=False) from None


class McpServer:
    """A declared server. Either `base` is its address, spoken to with `auth` and `headers`; or `command` starts it, in an
    environment of the variables `env` and `secrets`; `scripts` are words of the command that are files of the tools
    folder. timeout in seconds, for starting it and for each call."""

    __slots__ = ("auth", "base", "command", "env", "headers", "name", "scripts", "secrets", "timeout")

    def __init__(
        self,
        *,
        name: str,
        base: str | Env | None = None,
        command: tuple[str, ...] = (),
        scripts: tuple[str, ...] = (),
        env: tuple[str, ...] = (),
        secrets: tuple[str, ...] = (),
        auth: Auth | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 30.0,
    ) -> None:
        self.name = name
        self.base = base
        self.command = command
        self.scripts = scripts
        self.env = env
        self.secrets = secrets
        self.auth = auth
        self.headers = dict(headers or {})
        self.timeout = timeout


class McpOp:
    """An operation of an MCP server: its tool `tool`, called with those arguments that are not null. `result` says what
    of the answer is the value: "json", its "text", or "none" of it."""

    __slots__ = ("doubt", "effect", "key", "name", "output", "result", "server", "tool")

    prepare = staticmethod(require_sdk)

    def __init__(
        self,
        *,
        name: str,
        server: McpServer,
        tool: str,
        output: Check,
        result: str = "json",
        effect: str = "write",
        key: str | None = None,
        doubt: OnDoubt | None = None,
    ) -> None:
        self.name = name
        self.doubt = doubt
        self.server = server
        self.tool = tool
        self.output = output
        self.result = result
        self.effect = effect
        self.key = key

    def call(self, arguments: Mapping[str, Any], deps: Deps) -> object:
        """Call the tool once and decode its answer; the first call of a run starts the server. Raises Failure:
        permission_denied before anything is done; refused for an answer that says it is an error; malformed_output for
        one that is not of the declared type."""
        from .canonical import canonical, recorded
        from .mcp_connecting import connection
        from .mcp_results import value_of
        from .mcp_sessions import sessions_of

        wanted: Connection = connection(self.server, deps)
        given = {name: value for name, value in arguments.items() if value is not None}
        meta = {"agent-lattice/idempotency-key": deps.idempotency_key} if deps.idempotency_key else None
        # A write that has started is waited for: given up, nobody would know whether it happened.
        cancelled = bool if self.effect == "write" else deps.cancelled
        sessions = sessions_of(deps.shared)
        answer = sessions.call(wanted, self.tool, recorded(canonical(given)), meta, cancelled)
        return value_of(answer, self.result, self.output, f"the answer of {self.name}")
