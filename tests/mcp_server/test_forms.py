"""Forms that a server shows at a client: odd clients, answers that come late or never, and the forms themselves."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from agent_lattice_runtime.mcp_server_deliveries import waits_of
from agent_lattice_runtime.mcp_server_forms import AGREED, Form
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from mcp_server.packages import HERE, Speaker, built, compiled, environment
from mcp_types._v2025_11_25 import RequestedSchema

Start = Callable[..., Speaker]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("hours"), compiled(HERE / "hours.lat"))


@pytest.fixture
def start(package: Path, tmp_path: Path) -> Iterator[Start]:
    started: list[Speaker] = []

    def begin(*words: str, version: str = "2025-11-25", able: Any = None) -> Speaker:
        started.append(Speaker(package, tmp_path, *words, name="hours"))
        speaker, capabilities = started[-1], {"elicitation": {} if able is None else able}
        about = {"protocolVersion": version, "capabilities": capabilities, "clientInfo": {"name": "odd"}}
        speaker.ask("initialize", about)
        return speaker

    yield begin
    for speaker in started:
        speaker.kill()


def asked(speaker: Speaker, way: str = "ask", **more: Any) -> tuple[Any, Any]:
    """Start a run that asks; the ids of the call and of the form."""
    call = speaker.start("hours", order="A1", way=way, pause="1s", run_id="r1", **more)
    while (message := speaker.next()) is not None and message.get("method") != "elicitation/create":
        assert message.get("id") != call, message
    return call, message["id"]


def answer(speaker: Speaker, form: Any, **message: Any) -> None:
    speaker.write(json.dumps({"jsonrpc": "2.0", "id": form, **message}).encode() + b"\n")


def until_withdrawn(speaker: Speaker, form: Any) -> None:
    """Talk to the server until it has withdrawn the form, which it does beside its answers."""
    end = time.monotonic() + 30
    while not any(
        message["params"]["requestId"] == form
        for message in speaker.seen
        if message.get("method") == "notifications/cancelled"
    ):
        assert time.monotonic() < end
        speaker.ask("ping")


def status(speaker: Speaker) -> Any:
    return speaker.call("hours_status", run_id="r1")["structuredContent"]


def until(speaker: Speaker, wanted: str) -> Any:
    end = time.monotonic() + 30
    while (state := status(speaker))["status"] != wanted:
        assert time.monotonic() < end, state
        time.sleep(0.05)
    return state


@pytest.mark.parametrize(
    "message",
    [
        {"error": {"code": -32601, "message": "no such method"}},
        {"result": {}},
        {"result": []},
        {"result": {"action": "accepted", "content": {AGREED: True}}},
        {"result": {"action": "cancel", "content": {AGREED: True}}},
    ],
)
def test_what_is_no_decision_leaves_the_run_waiting(start: Start, message: Any) -> None:
    speaker = start("--role", "ops")
    call, form = asked(speaker)
    for other in ("form-0", 1, None, [form], f"{form} "):
        answer(speaker, other, result={"action": "accept", "content": {AGREED: True}})
    answer(speaker, form, **message)
    assert speaker.answer(call)["result"]["structuredContent"]["status"] == "waiting"
    answer(speaker, form, result={"action": "accept", "content": {AGREED: True}})
    time.sleep(0.3)
    assert status(speaker)["status"] == "waiting", "the form was answered before"
    assert speaker.end() == 0


@pytest.mark.parametrize(
    ("version", "able"), [("2025-03-26", {}), ("2025-11-25", {"url": {}}), ("2025-11-25", []), ("2025-11-25", True)]
)
def test_clients_that_show_no_forms(start: Start, version: str, able: Any) -> None:
    speaker = start("--role", "ops", version=version, able=able)
    call = speaker.start("hours", order="A1", way="ask", pause="1s", run_id="r1")
    assert json.loads(speaker.answer(call)["result"]["content"][0]["text"])["status"] == "waiting"
    assert not [message for message in speaker.seen if message.get("method") == "elicitation/create"]


def test_an_answer_after_the_call_has_been_answered(start: Start) -> None:
    speaker = start("--role", "ops", able={"form": {}})
    call, form = asked(speaker, wait_seconds=0.5)
    assert speaker.answer(call)["result"]["structuredContent"]["status"] == "waiting"
    answer(speaker, form, result={"action": "accept", "content": {AGREED: True}})
    assert until(speaker, "completed")["result"] == "r-A1"


def test_somebody_else_decides_first(start: Start, package: Path, tmp_path: Path) -> None:
    """The form is withdrawn, and the call goes on."""
    speaker = start("--role", "ops")
    call, form = asked(speaker)
    until(speaker, "waiting")
    words = [sys.executable, "-I", "-S", str(package / "hours"), "approve", "r1", "--by", "bob"]
    subprocess.run(words, cwd=tmp_path, env=environment(), check=True, capture_output=True, timeout=60)
    assert speaker.answer(call)["result"]["structuredContent"]["status"] == "completed"
    until_withdrawn(speaker, form)
    answer(speaker, form, result={"action": "decline"})
    events = speaker.call("hours_events", run_id="r1")["structuredContent"]["events"]
    assert [event["payload"]["by"] for event in events if event["type"] == "approval.decided"] == ["bob"]


def test_the_deadline_passes_while_the_form_is_open(start: Start) -> None:
    speaker = start("--role", "ops")
    call, form = asked(speaker, "approve")
    assert speaker.answer(call)["result"]["structuredContent"]["status"] == "completed"
    until_withdrawn(speaker, form)


def test_a_call_that_is_given_up_while_its_form_is_open(start: Start) -> None:
    speaker = start("--role", "ops")
    call, form = asked(speaker)
    until(speaker, "waiting")
    speaker.send("notifications/cancelled", {"requestId": call, "reason": "enough"}, id=None)
    assert "enough" in until(speaker, "cancelled")["error"]["message"]
    until_withdrawn(speaker, form)


def test_killed_while_the_form_is_open(start: Start) -> None:
    first = start("--role", "ops")
    asked(first)
    until(first, "waiting")
    first.process.kill()
    second = start("--role", "ops")
    call, form = asked(second)
    answer(second, form, result={"action": "accept", "content": {AGREED: True}})
    assert second.answer(call)["result"]["structuredContent"]["result"] == "r-A1"


def test_the_step_of_a_workflow_that_is_called() -> None:
    child = {"permissions": {"calls": {}}, "waits": {"sign": {"kind": "approval"}}}
    middle = {"permissions": {"calls": {"a.b": "child"}}}
    manifest = {"permissions": {"calls": {"a": "middle"}}, "workflows": {"child": child, "middle": middle}}
    assert waits_of(manifest, "a.a.b.sign") == {"kind": "approval"}


NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,7}", fullmatch=True).filter(lambda name: name != AGREED)
VALUES = st.one_of(
    st.tuples(st.just({"type": "boolean"}), st.booleans()),
    st.tuples(st.just({"type": "integer", "format": "uint64", "minimum": 0}), st.integers(0, 2**53)),
    st.tuples(st.just({"type": "number", "maximum": 5.0}), st.floats(max_value=5.0, allow_nan=False, width=32)),
    st.tuples(st.just({"type": "integer"}), st.just(str(2**60))),
    st.tuples(st.just({"type": "string"}), st.text()),
    st.tuples(st.just({"type": "string", "enum": ["a", "b"]}), st.sampled_from("ab")),
    st.tuples(st.just({"type": "string", "format": "date-time"}), st.just("2026-01-01T00:00:00Z")),
    st.tuples(st.just({"anyOf": [{"type": "number"}, {"type": "null"}]}), st.sampled_from([None, 1.5])),
    st.tuples(st.just({"$ref": "#/$defs/A"}), st.just({"a": [1]})),
)


@given(
    st.dictionaries(NAMES, VALUES, max_size=5),
    st.text(st.characters(codec="utf-8")),
    st.text(max_size=5),
    st.booleans(),
)
def test_any_form(shown: dict[str, Any], question: str, trouble: str, defaults: bool) -> None:
    """It is of the protocol's schema, all that is shown can be read off it, and sent as it is it changes nothing."""
    values = {name: value for name, (_, value) in shown.items()}
    schema = {"properties": {name: schema for name, (schema, _) in shown.items()}}
    asked = {"role": "ops", "question": question, "values": values, "shown": "0" * 64, "until": 1}
    form = Form("run r1", asked, schema, defaults=defaults)
    params = form.params(trouble)
    requested, message = params["requestedSchema"], params["message"]
    RequestedSchema.model_validate(requested)
    Draft202012Validator.check_schema(requested)
    assert all(line.isprintable() for line in message.split("\n"))
    quoted = [line.removeprefix("> ") for line in message.split("\n") if line.startswith("> ")]
    assert len(quoted) == question.count("\n") + 1
    if question.isprintable() and not trouble:
        assert quoted == [question]
    content = {name: field["default"] for name, field in requested["properties"].items() if "default" in field}
    assert form.changes(content) is None
    assert form.changes(content | {AGREED: True}) == {}
    assert form.changes({AGREED: True, "more": 1}) == ({"more": 1} if values.get("more") != 1 else {})
