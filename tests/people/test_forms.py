"""Questions that the MCP server of a package puts to the person at the client, by a form, with the official SDK as the client."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import mcp_types
import pytest
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp_server.packages import command, environment

from .packages import paydesk

Talk = Callable[[ClientSession], Awaitable[None]]
ROLE = ("--role", "refunds", "--by", "ann")
PAYMENT = {"id": "p1", "amount": 12.5}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return paydesk(tmp_path_factory.mktemp("paydesk"))


class Person:
    """Sits at the client and answers each form with the next of the given answers; `seen` are the forms."""

    def __init__(self, *answers: Any) -> None:
        self.seen: list[mcp_types.ElicitRequestFormParams] = []
        self._answers = list(answers)

    async def __call__(self, context: object, params: mcp_types.ElicitRequestParams) -> mcp_types.ElicitResult:
        assert isinstance(params, mcp_types.ElicitRequestFormParams)
        self.seen.append(params)
        action, content = self._answers.pop(0)
        return mcp_types.ElicitResult(action=action, content=content)


def talk(package: Path, cwd: Path, person: Person | None, say: Talk, *words: str) -> None:
    program, *rest = command(package, *words, name="paydesk")
    server = StdioServerParameters(command=program, args=rest, cwd=cwd, env=environment())

    async def session() -> None:
        async with (
            stdio_client(server) as (read, write),
            ClientSession(read, write, elicitation_callback=person) as client,
        ):
            await client.initialize()
            await say(client)

    asyncio.run(asyncio.wait_for(session(), 120))


async def call(client: ClientSession, tool: str, **arguments: Any) -> Any:
    result = await client.call_tool(f"paydesk{tool}", arguments)
    assert not result.is_error, result.content
    return result.structured_content


async def paid_in(client: ClientSession, run_id: str = "r1") -> Any:
    """How a run stands for which the money has come, and which then asks."""
    await call(client, "", order="A1", run_id=run_id)
    return await call(client, "_signal", run_id=run_id, name="paid", value=PAYMENT)


async def decision(client: ClientSession) -> Any:
    events = (await call(client, "_events", run_id="r1"))["events"]
    return next(event["payload"] for event in events if event["type"] == "approval.decided")


def book(folder: Path) -> list[str]:
    path = folder / "book"
    return path.read_text().splitlines() if path.exists() else []


def test_a_person_who_agrees(package: Path, tmp_path: Path) -> None:
    person = Person(("accept", {"approved": True, "amount": 20.5}))

    async def say(client: ClientSession) -> None:
        done = await paid_in(client)
        assert (done["status"], done["result"]) == ("completed", "A1 was told")
        said = await decision(client)
        assert (said["approved"], said["by"], said["reason"]) == (True, "ann", "accepted in mcp")
        assert "values" not in said
        assert person.seen[0].message.endswith(f"shown: {said['shown']}")

    talk(package, tmp_path, person, say, *ROLE)
    (form,) = person.seen
    head, _, rest = form.message.partition("\n")
    assert head == "paydesk, run r1, step decision, asks somebody in the role refunds"
    assert rest.startswith('\n> Pay A1 back?\n\n{\n  "amount": 20.5\n}\n\nuntil 20')
    assert form.requested_schema["required"] == ["approved"]
    assert form.requested_schema["properties"]["amount"] == {
        "type": "number",
        "description": "shown: 20.5",
        "default": 20.5,
    }
    assert book(tmp_path) == ["pay A1 20.5", "tell A1"]


def test_a_person_who_changes_a_value(package: Path, tmp_path: Path) -> None:
    person = Person(("accept", {"approved": True, "amount": "much"}), ("accept", {"approved": True, "amount": 3.5}))

    async def say(client: ClientSession) -> None:
        assert (await paid_in(client))["status"] == "completed"
        assert (await decision(client))["values"] == {"amount": 3.5}

    talk(package, tmp_path, person, say, *ROLE)
    assert "Not taken" not in person.seen[0].message
    assert person.seen[1].message.startswith("Not taken: ") and "amount" in person.seen[1].message.split("\n")[0]
    assert book(tmp_path) == ["pay A1 3.5", "tell A1"]


def test_a_person_who_declines(package: Path, tmp_path: Path) -> None:
    async def say(client: ClientSession) -> None:
        done = await paid_in(client)
        assert (done["status"], done["result"]) == ("completed", "rejected by ann")
        assert (await decision(client))["reason"] == "declined in mcp"

    talk(package, tmp_path, Person(("decline", None)), say, *ROLE)
    assert book(tmp_path) == []


def test_a_person_who_closes_the_form_decides_nothing(package: Path, tmp_path: Path) -> None:
    """The run waits, for anybody; the same person is asked again when the run is called again."""
    person = Person(("cancel", None), ("accept", {"approved": True}))

    async def say(client: ClientSession) -> None:
        state = await paid_in(client)
        assert state["status"] == "waiting" and state["waiting_for"].startswith("approval decision by refunds")
        assert (await call(client, "_status", run_id="r1"))["status"] == "waiting" and len(person.seen) == 1
        assert (await call(client, "", order="A1", run_id="r1"))["status"] == "completed"

    talk(package, tmp_path, person, say, *ROLE)
    assert len(person.seen) == 2 and book(tmp_path) == ["pay A1 20.5", "tell A1"]


@pytest.mark.parametrize("content", [{}, None, {"approved": False}, {"approved": "yes"}, {"amount": 1.0}])
def test_a_client_that_accepts_by_itself_decides_nothing(package: Path, tmp_path: Path, content: Any) -> None:
    person = Person(*[("accept", content)] * 3)

    async def say(client: ClientSession) -> None:
        assert (await paid_in(client))["status"] == "waiting"

    talk(package, tmp_path, person, say, *ROLE)
    assert len(person.seen) == 3 and book(tmp_path) == []


def test_nobody_is_asked_whose_role_is_not_known(package: Path, tmp_path: Path) -> None:
    person = Person(("accept", {"approved": True}))

    async def say(client: ClientSession) -> None:
        state = await paid_in(client)
        assert state["status"] == "waiting" and state["waits"][0]["role"] == "refunds"

    talk(package, tmp_path, person, say)
    assert person.seen == [] and book(tmp_path) == []


def test_a_client_without_forms_is_sent_none(package: Path, tmp_path: Path) -> None:
    async def say(client: ClientSession) -> None:
        assert (await paid_in(client))["status"] == "waiting"

    talk(package, tmp_path, None, say, *ROLE)


def test_a_run_of_an_earlier_session_is_asked_about_when_it_is_called(package: Path, tmp_path: Path) -> None:
    async def first(client: ClientSession) -> None:
        await paid_in(client)

    async def second(client: ClientSession) -> None:
        assert (await call(client, "_status", run_id="r1"))["status"] == "waiting"
        assert (await call(client, "", order="A1", run_id="r1"))["result"] == "rejected by ann"

    talk(package, tmp_path, None, first)
    talk(package, tmp_path, Person(("decline", None)), second, *ROLE)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--role", "boss"], "paydesk asks nobody in the role 'boss'; it asks refunds"),
        (["--operations", "--role", "refunds"], "--role goes with runs of the workflow, not with --operations"),
    ],
)
def test_wrong_roles(package: Path, tmp_path: Path, words: list[str], message: str) -> None:
    done = subprocess.run(
        [sys.executable, str(package / "paydesk"), "mcp", *words], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 2 and message in done.stderr and "Traceback" not in done.stderr
