"""The wire: whatever comes in, what goes out is JSON-RPC, a message a line, and the end of the input is a clean end."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mcp_server.packages import Speaker, command, environment

Serve = Callable[..., Speaker]
INIT: dict[str, Any] = {
    "protocolVersion": "2025-03-26",
    "capabilities": {},
    "clientInfo": {"name": "t", "version": "0"},
}
METHODS = ["initialize", "ping", "tools/list", "tools/call", "resources/list", "resources/read", "prompts/list"]
METHODS += ["resources/templates/list", "prompts/get", "completion/complete", "logging/setLevel", "server/discover"]
METHODS += ["notifications/cancelled", "notifications/initialized", "notifications/progress"]
WORDS = ["desk", "desk_status", "desk_events", "desk_cancel", "r1", "lattice://desk/graph", "lattice://desk/runs/r1"]
WORDS += ["debug", "pay", "A1", "2025-03-26", "2.0"]
SCALARS = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.sampled_from(WORDS) | st.text()
KEYS = ["jsonrpc", "id", "method", "params", "name", "arguments", "run_id", "uri", "_meta", "progressToken", "way"]
KEYS += [
    "requestId",
    "ref",
    "argument",
    "value",
    "level",
    "cursor",
    "limit",
    "after",
    "result",
    "error",
    "protocolVersion",
]
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | st.text(), inner, max_size=5),
    max_leaves=12,
)
REQUESTS = st.fixed_dictionaries(
    {"jsonrpc": st.just("2.0"), "method": st.sampled_from(METHODS)},
    optional={"id": st.integers(0, 5) | st.text(max_size=3) | SCALARS, "params": VALUES},
)
LINES = st.lists(
    st.binary(max_size=60)
    | (REQUESTS | VALUES | st.lists(REQUESTS, max_size=3)).map(lambda value: json.dumps(value).encode()),
    max_size=12,
).map(b"\n".join)


def fed(package: Path, cwd: Path, raw: bytes, *words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        command(package, *words), cwd=cwd, env=environment(), input=raw, capture_output=True, timeout=60
    )


def check_message(message: Any) -> None:
    """One message of JSON-RPC 2.0."""
    assert isinstance(message, dict) and message["jsonrpc"] == "2.0"
    if "method" in message:
        assert set(message) <= {"jsonrpc", "method", "params"} and message["method"].startswith("notifications/")
        return
    assert set(message) in ({"jsonrpc", "id", "result"}, {"jsonrpc", "id", "error"})
    if "error" in message:
        assert {"code", "message"} <= set(message["error"]) and isinstance(message["error"]["code"], int)
    else:
        assert isinstance(message["id"], (str, int)) and isinstance(message["result"], dict)


def check_output(done: subprocess.CompletedProcess[bytes]) -> None:
    assert done.returncode == 0 and b"Traceback" not in done.stderr, done.stderr
    assert b"internal error" not in done.stdout, done.stdout
    for line in done.stdout.splitlines():
        found = json.loads(line)
        for message in found if isinstance(found, list) else [found]:
            check_message(message)


@pytest.mark.parametrize("words", [(), ("--operations",)])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=LINES, greeted=st.booleans())
def test_any_lines(package: Path, tmp_path: Path, words: tuple[str, ...], raw: bytes, greeted: bool) -> None:
    hello = json.dumps({"jsonrpc": "2.0", "id": "hello", "method": "initialize", "params": INIT}).encode() + b"\n"
    check_output(fed(package, tmp_path, (hello if greeted else b"") + raw, *words))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.binary(max_size=2000))
def test_any_bytes(package: Path, tmp_path: Path, raw: bytes) -> None:
    check_output(fed(package, tmp_path, raw))


@pytest.mark.parametrize(
    ("line", "code", "id"),
    [
        (b"{", -32700, None),
        (b'{"a": NaN}', -32700, None),
        (b"\xff\xfe", -32700, None),
        (b"[" * 100_000, -32700, None),
        (b"1" * 5000, -32700, None),
        (b'"' + b"x" * 17 * 2**20 + b'"', -32700, None),
        (b"7", -32600, None),
        (b"{}", -32600, None),
        (b'{"jsonrpc": "2.0", "id": null, "method": "ping"}', -32600, None),
        (b'{"jsonrpc": "2.0", "id": 1.5, "method": "ping"}', -32600, None),
        (b'{"jsonrpc": "2.0", "id": true, "method": "ping"}', -32600, None),
        (b'{"jsonrpc": "1.0", "id": 1, "method": "ping"}', -32600, 1),
        (b'{"jsonrpc": "2.0", "id": 1, "method": 3}', -32600, 1),
        (b'{"jsonrpc": "2.0", "id": 2, "method": "server/discover"}', -32601, 2),
        (b'{"jsonrpc": "2.0", "id": 2, "method": "resources/subscribe"}', -32601, 2),
        (b'{"jsonrpc": "2.0", "id": 3, "method": "ping", "params": [1]}', -32602, 3),
        (b'{"jsonrpc": "2.0", "id": 3, "method": "initialize", "params": {}}', -32602, 3),
        (b'{"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {"name": "lost"}}', -32602, 3),
        (b'{"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {"arguments": {}}}', -32602, 3),
        (b'{"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {"name": "desk", "arguments": 3}}', -32602, 3),
        (b'{"jsonrpc": "2.0", "id": 3, "method": "tools/list", "params": {"cursor": "x"}}', -32602, 3),
        (b'{"jsonrpc": "2.0", "id": 3, "method": "logging/setLevel", "params": {"level": "loud"}}', -32602, 3),
        (b'{"jsonrpc": "2.0", "id": "\\ud800", "method": "x"}', -32601, "\ud800"),
    ],
)
def test_what_is_wrong_has_its_code(serve: Serve, line: bytes, code: int, id: object) -> None:
    speaker = serve()
    speaker.write(line + b"\n")
    answer = speaker.next()
    assert (answer["error"]["code"], answer["id"]) == (code, id)
    assert speaker.ask("ping") == {}, "it goes on"
    assert speaker.end() == 0


def test_what_needs_no_answer_gets_none(serve: Serve) -> None:
    speaker = serve()
    speaker.write(b"\n  \n")
    speaker.write(b'{"jsonrpc": "2.0", "method": "no/such"}\n{"jsonrpc": "2.0", "id": 9, "result": {}}\n')
    speaker.send("notifications/cancelled", {"requestId": 17}, id=None)
    assert speaker.ask("ping") == {} and len(speaker.seen) == 1
    speaker.write(b'{"jsonrpc": "2.0", "id": "last", "method": "ping"}')
    assert speaker.end() == 0
    assert speaker.seen[-1] == {"jsonrpc": "2.0", "id": "last", "result": {}}, "a last line needs no line end"


@pytest.mark.parametrize(
    ("wanted", "given"),
    [
        ("2025-11-25", "2025-11-25"),
        ("2025-06-18", "2025-06-18"),
        ("2025-03-26", "2025-03-26"),
        ("2024-11-05", "2024-11-05"),
        ("2026-07-28", "2025-11-25"),
        ("", "2025-11-25"),
    ],
)
def test_versions_and_what_came_with_them(serve: Serve, wanted: str, given: str) -> None:
    speaker = serve()
    hello = speaker.initialize(wanted)
    assert hello["protocolVersion"] == given and hello["serverInfo"]["name"] == "desk"
    assert ("completions" in hello["capabilities"]) == (given >= "2025-03-26")
    tool = speaker.ask("tools/list")["tools"][0]
    assert ("annotations" in tool) == (given >= "2025-03-26")
    assert ("outputSchema" in tool) == ("title" in tool) == (given >= "2025-06-18")
    result = speaker.call("desk", id="A1", way="pay")
    assert ("structuredContent" in result) == (given >= "2025-06-18")
    assert json.loads(result["content"][0]["text"])["result"]["id"] == "r-A1"


def test_batches_are_of_one_version_only(serve: Serve) -> None:
    call = {"name": "desk", "arguments": {"id": "A1", "way": "pay"}}
    batch = [
        {"jsonrpc": "2.0", "id": 1001, "method": "ping"},
        {"jsonrpc": "2.0", "method": "notifications/progress"},
        {"jsonrpc": "2.0", "id": 1002, "method": "tools/call", "params": call},
        {"jsonrpc": "2.0", "id": 1003, "method": "no/such"},
        5,
    ]
    raw = json.dumps(batch).encode() + b"\n"
    newer, older = serve(), serve()
    newer.initialize()
    newer.write(raw)
    assert newer.next()["error"] == {"code": -32600, "message": "version 2025-11-25 of the protocol has no batches"}
    older.initialize("2025-03-26")
    older.write(raw + b"[]\n" + b'[{"jsonrpc": "2.0", "method": "notifications/initialized"}]\n')
    assert older.next()["error"]["message"] == "the batch is empty"
    answers = {answer["id"]: answer for answer in older.next()}
    older.seen.clear()
    assert set(answers) == {1001, 1002, 1003, None}
    assert json.loads(answers[1002]["result"]["content"][0]["text"])["status"] == "completed"
    assert answers[1003]["error"]["code"] == -32601 and answers[None]["error"]["code"] == -32600
    assert older.ask("ping") == {}


def test_an_id_is_used_once_at_a_time_and_not_too_many_are(serve: Serve) -> None:
    speaker = serve()
    speaker.initialize()
    slow = {"name": "desk", "arguments": {"id": "A1", "way": "pay", "seconds": 3.0, "run_id_": "r1"}}
    for _ in range(2):
        speaker.send("tools/call", slow, id="same")
    assert speaker.next()["error"] == {"code": -32600, "message": "a request with this id is being answered"}
    for n in range(64):
        speaker.send("tools/call", slow, id=f"call {n}")
    assert speaker.next()["error"] == {"code": -32000, "message": "64 requests are being answered already"}
    answers = [speaker.next() for _ in range(64)]
    assert {answer["result"]["structuredContent"]["run_id"] for answer in answers} == {"r1"}


def test_a_client_that_does_not_read_is_still_heard(serve: Serve, tmp_path: Path) -> None:
    """Far more answers than a pipe holds, before the first is read."""
    speaker = serve()
    for n in range(300):
        speaker.send("tools/list", id=f"n{n}")
    speaker.call("desk", id="A1", way="pay")
    assert (tmp_path / "book").exists() and len(speaker.seen) == 301


def test_more_runs_than_allowed_are_refused(serve: Serve) -> None:
    speaker = serve()
    speaker.initialize()
    calls = [speaker.start("desk", id=f"A{n}", way="pay", seconds=6.0) for n in range(33)]
    answer = speaker.next()
    assert answer["result"]["isError"] and answer["id"] in calls
    assert "unavailable: 32 runs are going on already" in answer["result"]["content"][0]["text"]
