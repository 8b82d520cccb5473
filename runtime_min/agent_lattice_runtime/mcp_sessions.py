"""Sessions with MCP servers: one for each server of a run, in a thread with an event loop of its own.

The runtime has no event loop, the SDK needs one. Steps wait here for what happens there; nothing waits without an end.
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import CancelledError
from contextlib import suppress
from threading import Lock, Thread

from mcp.client.client import Client

from .errors import Failure
from .mcp_failures import Witness, failure_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from concurrent.futures import Future
    from typing import Any

    from mcp_types import CallToolResult

    from .mcp_connecting import Connection

GRACE = 5.0  # seconds beyond its own timeout after which an answer of the loop is no longer waited for
CLOSING = 6.0  # seconds that servers have to end before the run goes on without waiting

for _name in (
    "mcp",
    "client",
    "httpx2",
    "httpcore2",
):  # what they log is told in failures; whoever wants it, gets it still
    logging.getLogger(_name).addHandler(logging.NullHandler())


def sessions_of(shared: dict[str, Any]) -> Sessions:
    """The sessions of a run."""
    found: Sessions = shared.setdefault("mcp", Sessions())
    return found


class Sessions:
    """The servers that a run has called, by name. `close` ends them; it is called when the run is left."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: Thread | None = None
        self._open: dict[str, _Session] = {}

    def call(
        self,
        connection: Connection,
        tool: str,
        arguments: dict[str, Any],
        meta: dict[str, Any] | None,
        cancelled: Callable[[], bool],
    ) -> CallToolResult:
        """The answer of a tool; a server that was not started yet, or has died, is started. Raises Failure."""

        async def answer() -> CallToolResult:
            session = await self._session(connection)
            return await session.call(tool, arguments, meta)

        result: CallToolResult = self.wait(answer(), 2 * connection.timeout + GRACE, cancelled, connection.name)
        return result

    def listing(self, connection: Connection) -> tuple[str, list[dict[str, Any]]]:
        """The version of the protocol that a server speaks, and its tools as MCP spells them. Raises Failure."""

        async def answer() -> tuple[str, list[dict[str, Any]]]:
            return await (await self._session(connection)).listing()

        found: tuple[str, list[dict[str, Any]]] = self.wait(
            answer(), 2 * connection.timeout + GRACE, bool, connection.name
        )
        return found

    async def _session(self, connection: Connection) -> _Session:
        session = self._open.get(connection.name)
        if session is None or session.over:
            session = self._open[connection.name] = _Session(connection)
        await session.started()
        return session

    def wait(self, work: Coroutine[Any, Any, Any], timeout: float, cancelled: Callable[[], bool], name: str) -> Any:
        """The result of a coroutine in the loop; raises Failure cancelled as soon as nobody wants it any more."""
        future = asyncio.run_coroutine_threadsafe(work, self._started())
        try:
            return self._result(future, timeout, cancelled, name)
        except BaseException:
            future.cancel()
            raise

    def _result(self, future: Future[Any], timeout: float, cancelled: Callable[[], bool], name: str) -> Any:
        from time import monotonic

        end = monotonic() + timeout
        while True:
            try:
                return future.result(0.05)
            except TimeoutError as error:
                if future.done():
                    raise Failure("timeout", f"{name}: {error}") from None
            except CancelledError:
                raise Failure("cancelled", f"the call of {name} was given up") from None
            if cancelled():
                raise Failure("cancelled", "the run is being stopped")
            if monotonic() > end:
                raise Failure("timeout", f"{name} did not answer within {timeout:g} s")

    def _started(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._loop.set_exception_handler(lambda loop, context: None)
                # a daemon: whatever a server does, it does not keep this process alive
                self._thread = Thread(target=self._run, args=(self._loop,), name="mcp", daemon=True)
                self._thread.start()
            return self._loop

    @staticmethod
    def _run(loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        loop.run_forever()

    def close(self) -> None:
        """End all servers, those that hang by force."""
        loop, thread = self._loop, self._thread
        if loop is None or thread is None:
            return
        with suppress(TimeoutError, CancelledError):
            asyncio.run_coroutine_threadsafe(self._close_all(), loop).result(CLOSING)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(1.0)
        if not thread.is_alive():
            loop.close()
        self._loop = self._thread = None
        self._open = {}

    async def _close_all(self) -> None:
        await asyncio.gather(*(session.close() for session in self._open.values()), return_exceptions=True)


class _Session:
    """A connection to a server, held by a task of its own: the SDK wants it opened and closed in one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._witness = Witness(connection.name)
        self._closing = asyncio.Event()
        self._client: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._live())

    @property
    def over(self) -> bool:
        return self._task.done() or self._witness.ended

    async def _live(self) -> None:
        try:
            async with Client(self._transport(), read_timeout_seconds=self._connection.timeout, cache=None) as client:
                self._client.set_result(client)
                await self._closing.wait()
        except BaseException as error:
            if not self._client.done():
                self._client.set_exception(failure_of(error, self._witness))
                self._client.exception()  # looked at: nobody may be waiting any more
            if isinstance(error, asyncio.CancelledError):
                raise

    def _transport(self) -> Any:
        if self._connection.command:
            from .mcp_programs import program

            return program(self._connection.command, self._connection.environment, self._witness)
        from .mcp_http import service

        return service(self._connection, self._witness)

    async def started(self) -> None:
        """Wait until it can be used. Raises Failure; a server that takes too long is ended."""
        try:
            async with asyncio.timeout(self._connection.timeout):
                await asyncio.shield(self._client)
        except TimeoutError:
            self._task.cancel()
            timeout = self._connection.timeout
            message = f"the server {self._connection.name} was not ready within {timeout:g} s"
            raise Failure("timeout", message, details=self._witness.said) from None

    async def call(self, tool: str, arguments: dict[str, Any], meta: dict[str, Any] | None) -> CallToolResult:
        client = await self._client
        extra: Any = meta
        try:
            return await client.call_tool(tool, arguments, meta=extra)
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            raise failure_of(error, self._witness, tool) from None

    async def listing(self) -> tuple[str, list[dict[str, Any]]]:
        """The version of the protocol and every tool as the server describes it."""
        client = await self._client
        tools: list[dict[str, Any]] = []
        cursor: str | None = None
        try:
            for _ in range(100):
                page = await client.list_tools(cursor=cursor)
                tools += [tool.model_dump(by_alias=True, mode="json", exclude_none=True) for tool in page.tools]
                cursor = page.next_cursor
                if cursor is None:
                    return client.protocol_version, tools
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            raise failure_of(error, self._witness) from None
        raise Failure("malformed_output", f"the list of tools of {self._connection.name} has no end")

    async def close(self) -> None:
        self._closing.set()
        self._witness.leaving = True
        done, _ = await asyncio.wait([self._task], timeout=CLOSING - 1)
        if not done:
            self._task.cancel()
