"""Starts an MCP server as a client would, asks it for its tools, and ends it."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

PATIENCE = 30.0
"""Seconds until a server must have listed its tools."""
_GRACE = 2.0
"""Seconds that it has to end by itself once nobody speaks to it any longer."""
_LONGEST = 4_000_000
"""Bytes of a line."""
_MOST = 16_000_000
"""Bytes in all."""
_LONGEST_CURSOR = 4096
_WAITING = 1000
"""Lines that nobody has asked for yet."""
_PROTOCOL = "2025-06-18"


class NotServing(Exception):
    """A server does not do what it should; the message is a part of a sentence. `said` is the end of its standard error."""

    def __init__(self, message: str, said: str = "") -> None:
        super().__init__(message)
        self.said = said


def tools_of(words: Sequence[str], folder: Path) -> set[str]:
    """The names of the tools of the server that a command starts in a folder. Raises NotServing."""
    with _started(words, folder) as process:
        lines = _lines(process)
        deadline = time.monotonic() + PATIENCE
        about = {"protocolVersion": _PROTOCOL, "capabilities": {}, "clientInfo": {"name": "lattice", "version": "1"}}
        _send(process, {"id": 1, "method": "initialize", "params": about})
        _answer(lines, 1, deadline)
        _send(process, {"method": "notifications/initialized"})
        found, cursor, number = set[str](), None, 1
        while cursor or number == 1:
            number += 1
            _send(process, {"id": number, "method": "tools/list", "params": {"cursor": cursor} if cursor else {}})
            result = _answer(lines, number, deadline)
            found |= _names(result)
            cursor = result.get("nextCursor")
            if cursor and not (isinstance(cursor, str) and len(cursor) <= _LONGEST_CURSOR):
                raise NotServing("lists its tools in pages that cannot be asked for")
        return found


@contextlib.contextmanager
def _started(words: Sequence[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A server in a process group of its own, of which nothing is left afterwards."""
    pipe = subprocess.PIPE
    try:
        process = subprocess.Popen(words, cwd=folder, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True)
    except OSError as error:
        raise NotServing(f"`{words[0]}` cannot be started: {(error.strerror or 'no reason given').lower()}") from None
    told: list[bytes] = []
    reader = threading.Thread(target=_keep_last, args=(process.stderr, told), daemon=True)
    reader.start()
    try:
        yield process
    except NotServing as error:
        _end(process)
        reader.join(_GRACE)
        error.said = b"".join(told).decode("utf-8", "replace")
        raise
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Close its input, wait a moment, then end its whole group."""
    with contextlib.suppress(OSError, ValueError):
        assert process.stdin
        process.stdin.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE)
    with contextlib.suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _send(process: subprocess.Popen[bytes], message: dict[str, Any]) -> None:
    assert process.stdin
    try:
        process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        process.stdin.flush()
    except OSError:
        raise NotServing("ends before it answers") from None


def _answer(lines: queue.Queue[bytes | None], number: int, deadline: float) -> dict[str, Any]:
    """The result of a request; anything else that the server says in between is passed over."""
    while True:
        left = deadline - time.monotonic()
        try:
            if left <= 0:  # or one that never stops talking would be listened to
                raise queue.Empty
            line = lines.get(timeout=left)
        except queue.Empty:
            raise NotServing(f"does not answer within {PATIENCE:g} s") from None
        if line is None:
            raise NotServing("ends before it answers")
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            raise NotServing("writes something to its standard output that is not MCP") from None
        if isinstance(message, dict) and message.get("id") == number and "method" not in message:
            if not isinstance(message.get("result"), dict):
                raise NotServing("answers with an error")
            result: dict[str, Any] = message["result"]
            return result


def _names(result: dict[str, Any]) -> set[str]:
    tools = result.get("tools")
    if not isinstance(tools, list):
        raise NotServing("lists no tools")
    return {tool["name"] for tool in tools if isinstance(tool, dict) and isinstance(tool.get("name"), str)}


def _lines(process: subprocess.Popen[bytes]) -> queue.Queue[bytes | None]:
    """The lines of its standard output as they come, and None at the end."""
    found: queue.Queue[bytes | None] = queue.Queue(_WAITING)

    def read() -> None:
        assert process.stdout
        left = _MOST
        with contextlib.suppress(OSError, ValueError), process.stdout as stream:
            while left > 0 and (line := stream.readline(_LONGEST)):
                left -= len(line)
                found.put(line)
        found.put(None)

    threading.Thread(target=read, daemon=True).start()
    return found


def _keep_last(stream: IO[bytes], told: list[bytes]) -> None:
    """Read a stream to its end and keep the last few lines."""
    with contextlib.suppress(OSError, ValueError), stream:
        while line := stream.readline(_LONGEST):
            told.append(line)
            del told[:-5]
