"""JSON-RPC 2.0, a message a line: reading what a client writes, whatever it is, and writing from any thread."""

from __future__ import annotations

import json
from queue import SimpleQueue
from threading import Thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any, BinaryIO

    Message = Mapping[str, Any]

PARSE_ERROR, INVALID_REQUEST, NO_METHOD, INVALID_PARAMS, INTERNAL = -32700, -32600, -32601, -32602, -32603
NOT_FOUND, BUSY = -32002, -32000
MAX_LINE = 16 * 2**20  # bytes of a message; of a longer one nothing is kept


class RpcError(Exception):
    """What a request is answered with in place of a result."""

    def __init__(self, code: int, message: str, data: Message | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data


class Wire:
    """The lines of one client, read from `source` and written to `target`, which keeps nothing back. What is sent is
    written by a thread of its own: a client that does not read can still be heard."""

    def __init__(self, source: BinaryIO, target: BinaryIO) -> None:
        self._source = source
        self._target = target
        self._outgoing: SimpleQueue[bytes | None] = SimpleQueue()
        self._writer = Thread(target=self._write, name="mcp-writer", daemon=True)
        self._writer.start()

    def lines(self) -> Iterator[bytes]:
        """What comes in until its end, without empty lines. Of a line that is too long comes one byte too much."""
        while line := self._source.readline(MAX_LINE + 1):
            rest = line
            while len(rest) > MAX_LINE and not rest.endswith(b"\n"):
                rest = self._source.readline(MAX_LINE + 1)
            if line.strip():
                yield line

    def send(self, message: Message | list[Message]) -> None:
        """Write a message after those that were sent before."""
        self._outgoing.put(encoded(message) + b"\n")

    def close(self, patience: float) -> None:
        """Write what is left, for at most `patience` seconds."""
        self._outgoing.put(None)
        self._writer.join(patience)

    def _write(self) -> None:
        while (line := self._outgoing.get()) is not None:
            left = memoryview(line)
            try:
                while left:
                    left = left[self._target.write(left) :]
            except OSError:
                return  # nobody reads any more


def encoded(message: Message | list[Message]) -> bytes:
    """The JSON text of a message, without line ends."""
    try:
        return json.dumps(message, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    except UnicodeEncodeError:  # half a character that the client has sent goes back as it came
        return json.dumps(message, separators=(",", ":"), allow_nan=False).encode()


def decoded(line: bytes) -> object:
    """The value of a line; raises RpcError for anything that is not JSON."""
    if len(line) > MAX_LINE:
        raise RpcError(PARSE_ERROR, f"the message is longer than {MAX_LINE} bytes")
    try:
        return json.loads(line.decode(), parse_constant=_not_json)
    except RecursionError:
        raise RpcError(PARSE_ERROR, "the message is nested too deeply") from None
    except ValueError as error:
        what = (
            error.msg if isinstance(error, json.JSONDecodeError) else "not UTF-8 text, or a number of too many digits"
        )
        raise RpcError(PARSE_ERROR, f"the message is not JSON: {what}") from None


def _not_json(word: str) -> object:
    raise ValueError(word)


def is_id(value: object) -> bool:
    """Whether a value can name a request, or the progress of one."""
    return isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool))


def success(id: object, result: Message) -> Message:
    """The answer to a request."""
    return {"jsonrpc": "2.0", "id": id, "result": result}


def failure(id: object, error: RpcError) -> Message:
    """The answer to a request that cannot be carried out; without a readable id it is null."""
    data = {"data": error.data} if error.data is not None else {}
    return {"jsonrpc": "2.0", "id": id, "error": {"code": error.code, "message": error.message, **data}}


def request(id: object, method: str, params: Message) -> Message:
    """A message that wants an answer."""
    return {"jsonrpc": "2.0", "id": id, "method": method, "params": params}


def notification(method: str, params: Message) -> Message:
    """A message that wants no answer."""
    return {"jsonrpc": "2.0", "method": method, "params": params}
