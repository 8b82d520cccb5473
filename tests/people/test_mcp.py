"""The MCP server of a package: what a client can tell the runs that wait, with the official SDK as the client."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp_server.packages import command, environment

from .packages import paydesk

Talk = Callable[[ClientSession], Awaitable[None]]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return paydesk(tmp_path_factory.mktemp("paydesk"))


def talk(package: Path, cwd: Path, say: Talk) -> None:
    program, *rest = command(package, name="paydesk")
    server = StdioServerParameters(command=program, args=rest, cwd=cwd, env=environment())

    async def session() -> None:
        async with stdio_client(server) as (read, write), ClientSession(read, write) as client:
            await client.initialize()
            await say(client)

    asyncio.run(asyncio.wait_for(session(), 120))


async def call(client: ClientSession, tool: str, **arguments: Any) -> Any:
    """What a call gives as data; it is not an error."""
    result = await client.call_tool(f"paydesk{tool}", arguments)
    assert not result.is_error, result.content
    return result.structured_content


async def refused(client: ClientSession, tool: str, **arguments: Any) -> str:
    """What is wrong with a call, in words."""
    result = await client.call_tool(f"paydesk{tool}", arguments)
    assert result.is_error
    return str(result.content)


PAYMENT = {"id": "p1", "amount": 12.5}


def test_a_run_from_its_start_to_its_end(package: Path, tmp_path: Path) -> None:
    async def say(client: ClientSession) -> None:
        state = await call(client, "", order="A1", run_id="r1")
        assert state["status"] == "waiting" and state["run_id"] == "r1"
        assert state["waiting_for"].startswith("signal paid at paid until 20")
        state = await call(client, "_signal", run_id="r1", name="paid", value=PAYMENT, delivery="d1")
        assert state["waiting_for"].startswith("approval decision by refunds until 20")
        (wait,) = state["waits"]
        assert (wait["question"], wait["values"]) == ("Pay A1 back?", {"amount": 20.5})
        assert await call(client, "_signal", run_id="r1", name="paid", value=PAYMENT, delivery="d1") == state
        about = {"shown": wait["shown"], "by": "ann", "reason": "fine", "values": {"amount": 3.5}}
        done = await call(client, "_approve", run_id="r1", step="decision", **about)
        assert (done["status"], done["result"]) == ("completed", "A1 was told")
        assert await call(client, "_status", run_id="r1") == done
        assert "is over" in await refused(client, "_signal", run_id="r1", name="paid", value=PAYMENT)

    talk(package, tmp_path, say)
    assert (tmp_path / "book").read_text().splitlines() == ["pay A1 3.5", "tell A1"]


def test_what_the_tools_say_of_themselves(package: Path, tmp_path: Path) -> None:
    async def say(client: ClientSession) -> None:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        words = ["status", "events", "cancel", "signal", "approve", "reject", "resolve"]
        assert list(tools) == ["paydesk", *(f"paydesk_{word}" for word in words)]
        for word in words[2:]:
            tool = tools[f"paydesk_{word}"]
            hints = tool.annotations
            assert hints is not None and hints.destructive_hint and hints.idempotent_hint and not hints.read_only_hint
            Draft202012Validator.check_schema(tool.input_schema)
        signal = Draft202012Validator(tools["paydesk_signal"].input_schema)
        signal.validate({"run_id": "r1", "name": "paid", "value": PAYMENT})
        for wrong in ({"name": "lost", "value": PAYMENT}, {"name": "paid", "value": {"id": "p1"}}, {"name": "paid"}):
            assert not signal.is_valid({"run_id": "r1", **wrong})
        approve = Draft202012Validator(tools["paydesk_approve"].input_schema)
        approve.validate({"run_id": "r1", "values": {"amount": 1.5}})
        assert not approve.is_valid({"run_id": "r1", "values": {"amount": "much"}})
        assert not approve.is_valid({"run_id": "r1", "values": {"price": 1.5}})

    talk(package, tmp_path, say)


def test_rejected_cancelled_and_wrong(package: Path, tmp_path: Path) -> None:
    async def say(client: ClientSession) -> None:
        await call(client, "", order="A1", run_id="r1")
        for wrong, words in (
            ({"name": "lost", "value": PAYMENT}, "waits for no signal lost"),
            ({"name": "paid", "value": {"id": "p1", "amount": -1.0}}, "amount"),
            ({"name": 7, "value": PAYMENT}, "name: expected string"),
            ({"name": "paid"}, "value: missing"),
            ({"name": "paid", "value": PAYMENT, "more": 1}, "more: unknown argument"),
            ({"name": "paid", "value": PAYMENT, "by": 7}, "by: expected string"),
            ({"name": "paid", "value": PAYMENT, "wait_seconds": -1}, "wait_seconds"),
        ):
            assert words in await refused(client, "_signal", run_id="r1", **wrong)
        assert "no run lost" in await refused(client, "_signal", run_id="lost", name="paid", value=PAYMENT)
        assert "asks nothing" in await refused(client, "_approve", run_id="r1")
        assert "no write" in await refused(client, "_resolve", run_id="r1", step="told", **{"as": "done"})
        await call(client, "_signal", run_id="r1", name="paid", value=PAYMENT)
        assert "shows something else" in await refused(client, "_approve", run_id="r1", shown="0" * 64)
        assert "values: expected object" in await refused(client, "_approve", run_id="r1", values=[1])
        done = await call(client, "_reject", run_id="r1", by="bob")
        assert done["result"] == "rejected by bob"
        await call(client, "", order="A2", run_id="r2")
        stopped = await call(client, "_cancel", run_id="r2", reason="enough")
        assert stopped["status"] == "cancelled" and "enough" in stopped["error"]["message"]

    talk(package, tmp_path, say)
    assert not (tmp_path / "book").exists()


def test_a_server_goes_on_with_what_another_one_has_begun(package: Path, tmp_path: Path) -> None:
    async def first(client: ClientSession) -> None:
        await call(client, "", order="A1", run_id="r1")

    async def second(client: ClientSession) -> None:
        assert (await call(client, "_status", run_id="r1"))["status"] == "waiting"
        await call(client, "_signal", run_id="r1", name="paid", value=PAYMENT)
        assert (await call(client, "_approve", run_id="r1"))["result"] == "A1 was told"

    talk(package, tmp_path, first)
    talk(package, tmp_path, second)
