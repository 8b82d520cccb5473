"""What goes wrong with an MCP server as a typed failure, with what the server said on the way."""

from __future__ import annotations

from .errors import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_LINES = 5  # of a program's error output, the last ones
MOST_WORDS = 300  # characters of a line

_CODES = {
    -32700: "malformed_output",  # parse error
    -32600: "unavailable",  # invalid request
    -32601: "not_found",  # method not found
    -32602: "validation",  # invalid parameters
    -32000: "unavailable",  # connection closed
    -32001: "timeout",  # request timeout
    -32022: "unavailable",  # no version of the protocol in common
}


class Witness:
    """What a connection has seen: `problem` is why it ended, `status` the last HTTP status that was no success; `said` are the
    last lines that a program wrote to its error output. `ended`: nothing more will come; `leaving`: it is being closed."""

    __slots__ = ("ended", "leaving", "name", "problem", "said", "status")

    def __init__(self, name: str) -> None:
        self.name = name
        self.problem: Failure | None = None
        self.status: int | None = None
        self.said: list[str] = []
        self.ended = False
        self.leaving = False

    def hear(self, line: bytes) -> None:
        """Keep a line of error output."""
        text = line.decode("utf-8", "replace").rstrip()[:MOST_WORDS]
        if text:
            self.said = [*self.said[-MOST_LINES + 1 :], text]


def failure_of(error: BaseException, witness: Witness, tool: str = "") -> Failure:
    """The failure that an exception of the SDK, or from below it, stands for."""
    if witness.problem is not None:
        found = witness.problem
        return Failure(found.code, found.message, details=(*found.details, *witness.said), retryable=found.retryable)
    for single in _leaves(error):
        if isinstance(single, Failure):
            return single
    first = next(_leaves(error))
    code, message, retryable = _meaning(first, witness, f"{witness.name}.{tool}" if tool else witness.name)
    return Failure(code, message, details=witness.said, retryable=retryable)


def _leaves(error: BaseException) -> Iterator[BaseException]:
    """The exceptions of a group, however nested, else the exception itself."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


def _meaning(error: BaseException, witness: Witness, what: str) -> tuple[str, str, bool | None]:
    from mcp.shared.exceptions import MCPError

    if isinstance(error, MCPError):
        return _protocol_meaning(error.code, error.message, witness, what)
    kind = type(error)
    text = _words(str(error)) or kind.__name__
    if isinstance(error, TimeoutError) or "Timeout" in kind.__name__:
        return "timeout", f"{what} did not answer in time", None
    if isinstance(error, FileNotFoundError):
        return "unavailable", f"{what} cannot be started: there is no program {error.filename}", False
    if isinstance(error, OSError) or kind.__module__.partition(".")[0] in ("httpx2", "httpcore2", "anyio"):
        return "unavailable", f"{what} cannot be reached: {text}", None
    if "protocol version" in text.lower():  # the SDK has no class for this
        return "unavailable", f"{what} speaks no version of the protocol that is known here: {text}", False
    if isinstance(error, (ValueError, RuntimeError)):  # the SDK's own checks of what a server sends
        return "malformed_output", f"{what} answers against the protocol or its own schema: {text}", None
    return "internal", f"{what}: {kind.__name__}: {text}", None


def _words(text: str) -> str:
    """The text on one line, without the hint that pydantic puts behind every problem."""
    return " ".join(text.partition("For further information visit")[0].split())[:MOST_WORDS]


def _protocol_meaning(code: int, message: str, witness: Witness, what: str) -> tuple[str, str, bool | None]:
    said = _words(message)
    if witness.status is not None and message in _STAND_INS:
        return _status_meaning(witness.status, what)
    if code == -32000:
        return "unavailable", f"{what} has ended or closed the connection", None
    if code == -32001:
        return "timeout", f"{what} did not answer in time", None
    if code == -32022:
        return "unavailable", f"{what} speaks no version of the protocol that is known here: {said}", False
    if "redirect" in message.lower() and code == -32600:
        return "permission_denied", f"{what}: {said}", None
    return _CODES.get(code, "refused"), f"{what} answers with an error: {said}", None


_STAND_INS = ("Server returned an error response", "Not Found", "Session terminated")  # the SDK's, for an HTTP status


def _status_meaning(status: int, what: str) -> tuple[str, str, bool | None]:
    codes = {401: "auth", 403: "auth", 404: "not_found", 408: "timeout", 429: "rate_limited", 504: "timeout"}
    code = codes.get(status, "unavailable" if status >= 500 else "refused")
    return code, f"{what} answers with the status {status}", None
