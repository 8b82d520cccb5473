"""MCP servers that are programs: started here, spoken to over their standard input and output, ended with all they started.

The SDK has a transport of its own for this. It gives a program part of this process's environment, lets its error output through to
ours, and takes a line of any length; this one gives what is declared, listens, and has a limit.
"""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import asynccontextmanager, suppress

import anyio
from mcp.shared.message import SessionMessage
from mcp_types import jsonrpc_message_adapter

from .errors import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from typing import Any

    from anyio.abc import Process

    from .mcp_failures import Witness

MOST_BYTES = 16_000_000  # of one message
PATIENCE = 1.0  # seconds to end after each of: end of input, SIGTERM, SIGKILL


@asynccontextmanager
async def program(
    command: tuple[str, ...], environment: dict[str, str], witness: Witness
) -> AsyncGenerator[tuple[Any, Any], None]:
    """The transport of a server that is started for it: the streams of messages from it and to it. Raises OSError."""
    process = await anyio.open_process(
        list(command), env=environment, stderr=subprocess.PIPE, start_new_session=os.name == "posix"
    )
    to_session, from_server = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    from_session, to_server = anyio.create_memory_object_stream[SessionMessage](0)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_listen, process, to_session, witness)
        tasks.start_soon(_overhear, process, witness)
        tasks.start_soon(_speak, process, to_server, to_session, witness)
        try:
            yield from_server, from_session
        finally:
            with anyio.CancelScope(shield=True):
                from_server.close()
                from_session.close()
                await _end(process)
            tasks.cancel_scope.cancel()


async def _listen(process: Process, to_session: Any, witness: Witness) -> None:
    """Every line that the program writes, as a message; a line that is none ends the connection."""
    assert process.stdout is not None
    buffer, done = bytearray(), 0
    async with to_session:
        with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream, ConnectionError):
            async for chunk in process.stdout:
                buffer += chunk
                while (end := buffer.find(b"\n", done)) >= 0:
                    message = _message(bytes(buffer[:end]), witness)
                    del buffer[: end + 1]
                    done = 0
                    if witness.problem is not None:
                        return
                    if message is not None:
                        await to_session.send(message)
                done = len(buffer)
                if done > MOST_BYTES:
                    witness.problem = _malformed(witness, f"wrote a message of more than {MOST_BYTES // 1_000_000} MB")
                    return
        await _note_end(process, witness)


def _message(line: bytes, witness: Witness) -> SessionMessage | None:
    if not line.strip():
        return None
    try:
        return SessionMessage(jsonrpc_message_adapter.validate_json(line, by_name=False))
    except (ValueError, RecursionError):
        shown = line[:60].decode("utf-8", "replace")
        witness.problem = _malformed(witness, f"wrote what is no message of the protocol: {shown!r}")
        witness.ended = True
        return None


def _malformed(witness: Witness, what: str) -> Failure:
    witness.ended = True
    return Failure("malformed_output", f"the server {witness.name} {what}")


async def _note_end(process: Process, witness: Witness) -> None:
    """The program writes no more: it has ended, or is about to."""
    witness.ended = True
    if witness.leaving or witness.problem is not None:
        return
    with anyio.move_on_after(PATIENCE):
        await process.wait()
        await anyio.sleep(0.05)  # for the last words of its error output
    code = process.returncode
    how = "closed its output" if code is None else f"was killed by signal {-code}" if code < 0 else f"ended with {code}"
    witness.problem = Failure("unavailable", f"the server {witness.name} {how}")


async def _overhear(process: Process, witness: Witness) -> None:
    """What the program writes to its error output: the last lines are told when it fails."""
    assert process.stderr is not None
    buffer = b""
    with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream, ConnectionError):
        async for chunk in process.stderr:
            *lines, buffer = (buffer + chunk).split(b"\n")
            for line in lines:
                witness.hear(line)
            buffer = buffer[-4096:]
    witness.hear(buffer)


async def _speak(process: Process, to_server: Any, to_session: Any, witness: Witness) -> None:
    assert process.stdin is not None
    try:
        async with to_server:
            async for sent in to_server:
                text = sent.message.model_dump_json(by_alias=True, exclude_unset=True)
                await process.stdin.send(text.encode() + b"\n")
    except (anyio.BrokenResourceError, anyio.ClosedResourceError, OSError):
        await _note_end(process, witness)
        await to_session.aclose()  # else what was asked would be waited for


async def _end(process: Process) -> None:
    """Close its input and give it time; then end it and everything that it started."""
    assert process.stdin is not None
    with suppress(OSError, anyio.BrokenResourceError, anyio.ClosedResourceError):
        with anyio.move_on_after(PATIENCE):
            await process.stdin.aclose()
    for number in (None, signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)):
        if number is not None:
            _signal(process, number)
        with anyio.move_on_after(PATIENCE):
            while process.returncode is None:
                await anyio.sleep(0.01)
        if process.returncode is not None:
            break
    _signal(process, getattr(signal, "SIGKILL", signal.SIGTERM))
    with anyio.move_on_after(PATIENCE), suppress(OSError, anyio.BrokenResourceError, anyio.ClosedResourceError):
        await process.aclose()


def _signal(process: Process, number: int) -> None:
    """To the program and, where it leads a group of its own, to all in it."""
    with suppress(OSError):
        if os.name == "posix":
            os.killpg(process.pid, number)
        else:
            process.send_signal(signal.Signals(number))
