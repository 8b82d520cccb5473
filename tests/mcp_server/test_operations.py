"""Operations one by one: each under its own permissions, typed both ways, logged, and nothing beside them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from agent_lattice_runtime.client_names import tool_name, tool_names
from agent_lattice_runtime.stores.sqlite import SqliteStore
from agent_lattice_runtime.verify import verify_store
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from mcp_server.packages import KEY, Speaker, built
from servers.running import made, odd

Serve = Callable[..., Speaker]
NAMES = ["bank_pay", "books_find", "books_linger", "books_peek", "books_risk", "books_tell"]


def tools(speaker: Speaker) -> dict[str, Any]:
    return {tool["name"]: tool for tool in speaker.ask("tools/list")["tools"]}


def test_what_they_say_of_themselves(serve: Serve) -> None:
    speaker = serve("--operations")
    hello = speaker.initialize()
    assert set(hello["capabilities"]) == {"logging", "tools"}
    found = tools(speaker)
    assert list(found) == NAMES, "those that the workflow may call; only another one calls `books.unused`"
    for tool in found.values():
        Draft202012Validator.check_schema(tool["inputSchema"])
        Draft202012Validator.check_schema(tool["outputSchema"])
    hints = {
        name: (tool["annotations"]["readOnlyHint"], tool["annotations"]["idempotentHint"])
        for name, tool in found.items()
    }
    assert hints == {name: (name != "bank_pay", True) for name in NAMES}
    assert found["books_find"]["description"] == "Finds an order."
    assert found["books_find"]["title"] == "books.find"
    assert found["books_risk"]["inputSchema"] == {
        "type": "object",
        "properties": {"total": {"type": "number"}, "factor": {"anyOf": [{"type": "number"}, {"type": "null"}]}},
        "required": ["total"],
        "additionalProperties": False,
    }
    assert speaker.answer(speaker.send("prompts/list"))["error"]["code"] == -32601
    assert speaker.answer(speaker.send("tools/call", {"name": "desk"}))["error"]["code"] == -32602


def test_calls_and_their_logs(serve: Serve, tmp_path: Path) -> None:
    speaker = serve("--operations")
    speaker.initialize()
    found = speaker.call("books_find", id="A1")
    assert json.loads(found["content"][0]["text"]) == {"id": "A1", "total": 12.5, "big": str(2**60)}
    risk = speaker.call("books_risk", {"progressToken": "p"}, total=12.5)
    assert risk["structuredContent"] == {"result": 0.125} and risk["content"][0]["text"] == "0.125"
    told = [message["params"]["progress"] for message in speaker.seen if "method" in message]
    assert told == [1, 2, 3]
    for _ in range(2):
        paid = speaker.call("bank_pay", order="A1", amount=12)
        assert paid["content"][0]["text"] == "r-A1", "a text as it is"
    assert (tmp_path / "book").read_text().splitlines()[1:] != [], "paid"
    assert sum(line.startswith("pay ") for line in (tmp_path / "book").read_text().splitlines()) == 1
    assert speaker.end() == 0
    store = SqliteStore(str(tmp_path / ".lattice" / "operations" / "desk.db"), readonly=True)
    runs = store.runs()
    assert [row.workflow for row in runs] == ["books.find", "books.risk", "bank.pay", "bank.pay"]
    assert {row.status for row in runs} == {"completed"} and verify_store(store) == []
    kinds = [event[2] for event in store.events(runs[-1])]
    assert kinds == ["run.started", "effect.intended", "effect.committed", "run.completed"]
    keys = [json.loads(list(store.events(row))[1][4])["key"] for row in runs[-2:]]
    assert keys[0] == keys[1], "the key of a write follows from its argument"
    store.close()


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        ("books_find", {}, "$.id: missing, expected string"),
        ("books_find", {"id": "A1", "more": 1}, "$.more: unknown field"),
        ("books_risk", {"total": "much"}, "$.total: expected float, found string"),
        ("books_risk", {"total": 1, "factor": []}, "$.factor: expected float, found list"),
        ("books_find", {"id": "none"}, "not_found: no such order"),
    ],
)
def test_failures_are_told_to_the_model(serve: Serve, tool: str, arguments: dict[str, Any], words: str) -> None:
    speaker = serve("--operations")
    speaker.initialize()
    result = speaker.call(tool, **arguments)
    assert result["isError"] and words in result["content"][0]["text"]
    Draft202012Validator(tools(speaker)[tool]["outputSchema"]).validate(result["structuredContent"])


def test_no_secret_gets_out(serve: Serve) -> None:
    speaker = serve("--operations")
    speaker.initialize()
    result = speaker.call("books_tell")
    assert result["structuredContent"] == {"result": "the key is [secret DESK_KEY]"}
    assert speaker.end() == 0
    assert KEY not in json.dumps(speaker.seen) + speaker.errors


def test_what_an_operation_may_not_do_it_may_not_do_here(serve: Serve, tmp_path: Path) -> None:
    speaker = serve("--operations")
    speaker.initialize()
    result = speaker.call("books_peek", path="/etc/passwd")
    assert result["isError"] and "permission_denied" in result["content"][0]["text"]
    assert "may not read /etc/passwd" in result["content"][0]["text"]
    assert speaker.end() == 0
    store = SqliteStore(str(tmp_path / ".lattice" / "operations" / "desk.db"), readonly=True)
    assert "policy.denied" in [event[2] for event in store.events(store.runs()[0])]
    store.close()


@pytest.mark.parametrize("sdk", [True, False])
def test_operations_of_other_servers_need_the_sdk(tmp_path: Path, sdk: bool) -> None:
    built(tmp_path, made(odd("good")))
    speaker = Speaker(tmp_path, tmp_path, "--operations", name="main", isolated=not sdk)
    try:
        speaker.initialize()
        result = speaker.call("odd_ask", q="how?")
        text = result["content"][0]["text"]
        assert text == "fine" if sdk else "the official MCP SDK is not installed" in text
        assert result.get("isError", False) is not sdk
        assert speaker.end() == 0
    finally:
        speaker.kill()


def test_only_some(serve: Serve) -> None:
    speaker = serve("--operations", "--only", "bank.pay, books.risk")
    speaker.initialize()
    assert list(tools(speaker)) == ["bank_pay", "books_risk"]
    assert speaker.answer(speaker.send("tools/call", {"name": "books_find"}))["error"]["code"] == -32602


@pytest.mark.parametrize(
    ("call", "given", "events"),
    [
        ("books_linger", {"seconds": 0.5}, ["run.started", "run.cancelling", "run.cancelled"]),
        (
            "bank_pay",
            {"order": "slow", "amount": 1.0},
            ["run.started", "effect.intended", "run.cancelling", "effect.committed", "run.completed"],
        ),
    ],
    ids=["read", "write"],
)
def test_a_cancelled_call_is_not_answered_but_what_it_did_is_in_its_log(
    serve: Serve, tmp_path: Path, call: str, given: dict[str, Any], events: list[str]
) -> None:
    """A read, which nobody would miss, is given up; a write comes to its end, and after it nothing is left to cancel."""
    book = tmp_path / "book"
    book.touch()
    speaker = serve("--operations")
    speaker.initialize()
    asked = speaker.start(call, **given)
    while not book.read_text():
        time.sleep(0.01)
    speaker.send("notifications/cancelled", {"requestId": asked}, id=None)
    assert speaker.call("books_risk", total=1)["structuredContent"] == {"result": 0.01}
    assert speaker.end() == 0
    assert all(message.get("id") != asked for message in speaker.seen)
    store = SqliteStore(str(tmp_path / ".lattice" / "operations" / "desk.db"), readonly=True)
    runs = {row.workflow.replace(".", "_"): row for row in store.runs()}
    assert [event[2] for event in store.events(runs[call])] == events
    assert verify_store(store) == []
    store.close()


@given(st.sets(st.from_regex(r"[a-c_]{1,3}\.[a-c_]{1,3}", fullmatch=True), max_size=40), st.randoms())
def test_names_are_all_different_and_do_not_depend_on_the_order(operations: set[str], chance: Any) -> None:
    names = tool_names(operations)
    assert set(names) == operations and len(set(names.values())) == len(operations)
    shuffled = list(operations)
    chance.shuffle(shuffled)
    assert tool_names(shuffled) == names
    wanted = [tool_name(operation) for operation in operations]
    for operation, name in names.items():
        assert name.startswith(tool_name(operation))
        if wanted.count(tool_name(operation)) == 1 and tool_name(operation) not in {*names.values()} - {name}:
            assert name == tool_name(operation)


def test_a_call_that_is_cut_off_is_no_success(serve: Serve, tmp_path: Path) -> None:
    speaker = serve("--operations")
    speaker.initialize()
    call = speaker.start("books_linger", seconds=60)
    while not (tmp_path / "book").is_file():
        time.sleep(0.01)
    assert speaker.end() == 0
    for answer in (message for message in speaker.seen if message.get("id") == call):
        assert answer["result"]["isError"] and "unavailable" in answer["result"]["content"][0]["text"]
