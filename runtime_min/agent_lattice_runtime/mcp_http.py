"""MCP servers at an address: the SDK's streamable HTTP, kept to the declared host, with a limit on what is read."""

from __future__ import annotations

from contextlib import asynccontextmanager

import httpx2
from mcp.client.streamable_http import streamable_http_client

from .errors import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator
    from typing import Any

    from .mcp_connecting import Connection
    from .mcp_failures import Witness

MOST_BYTES = 16_000_000  # of one answer


@asynccontextmanager
async def service(connection: Connection, witness: Witness) -> AsyncGenerator[Any, None]:
    """The transport of a server at `connection.url`. No proxy, no cookies of others, no redirect to another host."""

    async def check(request: httpx2.Request) -> None:
        port = request.url.port or (443 if request.url.scheme == "https" else 80)
        connection.deps.allow_host(request.url.host, port)

    async def bound(response: httpx2.Response) -> None:
        if not response.is_success:
            witness.status = response.status_code
        if isinstance(response.stream, httpx2.AsyncByteStream):
            response.stream = _Bounded(response.stream, witness)

    timeout = httpx2.Timeout(connection.timeout)
    hooks: Any = {"request": [check], "response": [bound]}
    async with (
        httpx2.AsyncClient(
            headers=connection.headers, timeout=timeout, trust_env=False, follow_redirects=False, event_hooks=hooks
        ) as client,
        streamable_http_client(connection.url, http_client=client, max_sse_event_size=MOST_BYTES) as streams,
    ):
        yield streams


class _Bounded(httpx2.AsyncByteStream):
    """The bytes of an answer up to a limit."""

    def __init__(self, inner: httpx2.AsyncByteStream, witness: Witness) -> None:
        self._inner = inner
        self._witness = witness

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = MOST_BYTES
        async for chunk in self._inner:
            left -= len(chunk)
            if left < 0:
                name = self._witness.name
                message = f"the server {name} sent an answer of more than {MOST_BYTES // 1_000_000} MB"
                self._witness.problem = Failure("malformed_output", message)
                raise httpx2.ReadError(message)
            yield chunk

    async def aclose(self) -> None:
        await self._inner.aclose()
