"""The official Python SDK as the client."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from mcp import ClientSession, MCPError, StdioServerParameters
from mcp.client.client import Client
from mcp.client.stdio import stdio_client
from mcp_server.packages import command, environment

Talk = Callable[[ClientSession], Awaitable[None]]


def parameters(package: Path, cwd: Path, *words: str) -> StdioServerParameters:
    program, *rest = command(package, *words)
    return StdioServerParameters(command=program, args=rest, cwd=cwd, env=environment())


def talk(package: Path, cwd: Path, say: Talk, *words: str) -> None:
    async def session() -> None:
        async with (
            stdio_client(parameters(package, cwd, *words)) as (read, write),
            ClientSession(read, write) as client,
        ):
            await client.initialize()
            await say(client)

    asyncio.run(asyncio.wait_for(session(), 60))


@pytest.mark.filterwarnings("ignore:The logging capability is deprecated")
def test_everything_that_it_can_ask_for(package: Path, tmp_path: Path) -> None:
    async def say(client: ClientSession) -> None:
        told: list[tuple[float, str | None]] = []

        async def progress(done: float, total: float | None, message: str | None) -> None:
            told.append((done, message))

        names = [tool.name for tool in (await client.list_tools()).tools]
        assert names == ["desk", "desk_status", "desk_events", "desk_cancel"]
        arguments = {"id": "A1", "way": "pay", "run_id_": "r1"}
        done = await client.call_tool("desk", arguments, progress_callback=progress)
        assert not done.is_error and done.structured_content is not None
        assert done.structured_content["result"] == {"id": "r-A1", "total": 12.5, "big": 1}
        assert [done for done, _ in told] == sorted(done for done, _ in told) and len(told) == 8
        failed = await client.call_tool("desk", {"id": "none", "way": "pay"})
        assert failed.is_error and "not_found" in str(failed.content)
        status = await client.call_tool("desk_status", {"run_id": "r1"})
        assert status.structured_content == done.structured_content
        assert "flowchart" in str(await client.read_resource("lattice://desk/graph"))
        assert "run.completed" in str(await client.read_resource("lattice://desk/runs/r1"))
        assert (await client.list_resource_templates()).resource_templates[0].name == "run"
        prompt = await client.get_prompt("desk", {"id": "A1", "way": "pay"})
        assert "Call the tool `desk`" in str(prompt.messages[0].content)
        await client.set_logging_level("debug")
        with pytest.raises(MCPError, match="there is no tool lost"):
            await client.call_tool("lost", {})
        with pytest.raises(MCPError, match="there is no such resource"):
            await client.read_resource("lattice://desk/lost")

    talk(package, tmp_path, say)


def test_a_call_that_the_client_gives_up_is_cancelled(package: Path, tmp_path: Path) -> None:
    async def say(client: ClientSession) -> None:
        arguments: dict[str, Any] = {"id": "A1", "way": "pay", "seconds": 1.5, "run_id_": "r1"}
        with pytest.raises(MCPError, match=r"(?i)timed out"):
            await client.call_tool("desk", arguments, read_timeout_seconds=0.7)
        state: dict[str, Any] = {}
        while state.get("status", "running") == "running":
            status = await client.call_tool("desk_status", {"run_id": "r1"})
            state = status.structured_content or {}
        assert state["status"] == "cancelled"

    talk(package, tmp_path, say)


def test_operations(package: Path, tmp_path: Path) -> None:
    async def say(client: ClientSession) -> None:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        hints = tools["bank_pay"].annotations
        assert hints is not None and hints.read_only_hint is False and hints.idempotent_hint is True
        found = await client.call_tool("books_find", {"id": "A1"})
        assert not found.is_error and '"total":12.5' in str(found.content)
        assert (await client.call_tool("books_find", {"id": 1})).is_error

    talk(package, tmp_path, say, "--operations")


def test_the_client_that_begins_with_the_newest_version(package: Path, tmp_path: Path) -> None:
    """It asks `server/discover` first, and falls back when that is not known."""

    async def session() -> None:
        async with Client(stdio_client(parameters(package, tmp_path)), mode="auto") as client:
            result = await client.call_tool("desk", {"id": "A1", "way": "pay"})
            assert result.structured_content is not None and result.structured_content["status"] == "completed"

    asyncio.run(asyncio.wait_for(session(), 60))
