"""A driven workflow: what its tools say, how long they take, and how runs are looked at, repeated, stopped and found again."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from mcp_server.packages import KEY, Speaker, environment

Serve = Callable[..., Speaker]
PAY = {"id": "A1", "way": "pay"}
RESULT = {"id": "r-A1", "total": 12.5, "big": 1}


def valid(speaker: Speaker, tool: str, result: Any) -> Any:
    """What a result holds as data, which its tool's schema allows."""
    described = next(item for item in speaker.ask("tools/list")["tools"] if item["name"] == tool)
    Draft202012Validator(described["outputSchema"]).validate(result["structuredContent"])
    return result["structuredContent"]


def asked(package: Path, cwd: Path, *words: str) -> str:
    """What a command of the package has written."""
    program = [sys.executable, "-I", "-S", str(package / "desk")]
    return subprocess.run(
        [*program, *words], cwd=cwd, env=environment(), stdout=subprocess.PIPE, text=True, timeout=60
    ).stdout


def book(tmp_path: Path) -> list[str]:
    return (tmp_path / "book").read_text().splitlines()


def test_what_the_tools_say_of_themselves(serve: Serve, package: Path) -> None:
    speaker = serve()
    speaker.initialize()
    tools = {tool["name"]: tool for tool in speaker.ask("tools/list")["tools"]}
    assert list(tools) == ["desk", "desk_status", "desk_events", "desk_cancel"]
    for tool in tools.values():
        Draft202012Validator.check_schema(tool["inputSchema"])
        Draft202012Validator.check_schema(tool["outputSchema"])
    manifest = json.loads((package / "desk" / "manifest.json").read_text())
    given = tools["desk"]["inputSchema"]
    assert given["required"] == ["id", "way"]
    own = {name: given["properties"].pop(name) for name in ("run_id_", "wait_seconds")}
    assert given == manifest["input"], "beside the parameters, of which one is called run_id"
    assert own["wait_seconds"]["default"] == 45
    assert tools["desk"]["annotations"] == {
        "readOnlyHint": False,
        "destructiveHint": True,
        "idempotentHint": True,
        "openWorldHint": False,
    }
    assert tools["desk_status"]["annotations"]["readOnlyHint"] and tools["desk_events"]["annotations"]["readOnlyHint"]
    assert not tools["desk_cancel"]["annotations"]["readOnlyHint"]
    assert tools["desk"]["description"].startswith("Settles an order, in its own time.\n")


def test_a_run_from_its_start_to_its_end(serve: Serve, tmp_path: Path) -> None:
    speaker = serve()
    speaker.initialize()
    result = speaker.call("desk", {"progressToken": "p"}, **PAY, run_id_="r1")
    state = valid(speaker, "desk", result)
    assert not result.get("isError")
    assert state == {
        "run_id": "r1",
        "status": "completed",
        "driven": False,
        "last": {"seq": 8, "type": "run.completed", "step": ""},
        "result": RESULT,
    }
    assert json.loads(result["content"][0]["text"]) == state
    told = [message["params"] for message in speaker.seen if message.get("method") == "notifications/progress"]
    assert [params["progress"] for params in told] == list(range(1, 9))
    assert {params["progressToken"] for params in told} == {"p"}
    assert told[1]["message"].startswith("order  books.find")
    assert valid(speaker, "desk_status", speaker.call("desk_status", run_id="r1")) == state
    assert speaker.end() == 0
    assert "printed by a tool" in speaker.errors and "written by a tool" in speaker.errors
    assert book(tmp_path)[1] == "read ''", "what a client says is not for tools"
    assert (tmp_path / ".lattice" / "desk.db").is_file()


def test_events_in_pages(serve: Serve) -> None:
    speaker = serve()
    speaker.initialize()
    speaker.call("desk", **PAY, run_id_="r1")
    first = valid(speaker, "desk_events", speaker.call("desk_events", run_id="r1", limit=5))
    assert [event["seq"] for event in first["events"]] == [1, 2, 3, 4, 5] and first["next"] == 5
    rest = valid(speaker, "desk_events", speaker.call("desk_events", run_id="r1", after=first["next"]))
    assert [event["type"] for event in rest["events"]] == ["effect.committed", "custom.settled", "run.completed"]
    assert "next" not in rest and rest["status"] == "completed"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"id": "A1", "way": "fail"}, "conflict: the order A1 is settled already"),
        ({"id": "none", "way": "pay"}, "step order: not_found: no such order"),
    ],
)
def test_a_failed_run(serve: Serve, arguments: dict[str, Any], words: str) -> None:
    speaker = serve()
    speaker.initialize()
    result = speaker.call("desk", **arguments, run_id_="r1")
    state = valid(speaker, "desk", result)
    assert result["isError"] and result["content"][0]["text"] == f"run r1: {words}"
    assert state["status"] == "failed" and words.endswith(f"{state['error']['error']}: {state['error']['message']}")
    status = speaker.call("desk_status", run_id="r1")
    assert not status.get("isError") and status["structuredContent"] == state
    again = speaker.call("desk", **arguments, run_id_="r1")
    assert again == result, "the outcome of a known run, without doing anything"


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        ("desk", {"id": "A1"}, "$.way: missing"),
        ("desk", {"id": "A1", "way": "run"}, '$.way: expected "pay" or'),
        ("desk", {"id": 1, "way": "pay"}, "$.id: expected string, found int"),
        ("desk", PAY | {"more": 1}, "$.more: unknown field"),
        ("desk", PAY | {"wait_seconds": "long"}, "wait_seconds: expected a number from 0 to 3600"),
        ("desk", PAY | {"wait_seconds": -1}, "wait_seconds: expected a number"),
        ("desk", PAY | {"run_id_": 7}, "run_id_: expected string"),
        ("desk", PAY | {"run_id_": "a b"}, "not a run id"),
        ("desk_status", {}, "run_id: missing"),
        ("desk_status", {"run_id": "nobody"}, "there is no"),
        ("desk_status", {"run_id": "r", "wait": 1}, "wait: unknown argument"),
        ("desk_events", {"run_id": "r", "limit": 0}, "limit: expected a number from 1 to 1000"),
        ("desk_events", {"run_id": "r", "after": True}, "after: expected a number"),
        ("desk_cancel", {"run_id": "nobody"}, "there is no run nobody"),
    ],
)
def test_arguments_that_do_not_fit_are_told_to_the_model(
    serve: Serve, tool: str, arguments: dict[str, Any], words: str
) -> None:
    speaker = serve()
    speaker.initialize()
    result = speaker.call(tool, **arguments)
    assert result["isError"] and words in result["content"][0]["text"]
    valid(speaker, tool, result)


def test_numbers_that_json_does_not_have_are_told_in_words(serve: Serve) -> None:
    speaker = serve()
    speaker.initialize()
    result = speaker.call("desk", id="A1", way="big")
    assert valid(speaker, "desk", result)["status"] == "completed"
    assert "result" not in result["structuredContent"]
    assert json.loads(result["content"][0]["text"])["result"]["big"] == str(2**60)


def test_no_secret_gets_out(serve: Serve) -> None:
    speaker = serve()
    speaker.initialize()
    speaker.ask("logging/setLevel", {"level": "debug"})
    speaker.call("desk", {"progressToken": 1}, id="A1", way="tell", run_id_=f"r-{KEY}")
    speaker.call("desk", id="A1", way="tell", run_id_="r1")
    told = speaker.call("desk_events", run_id="r1")
    assert "the key is [secret DESK_KEY]" in json.dumps(told)
    speaker.ask("resources/read", {"uri": "lattice://desk/runs/r1"})
    assert speaker.end() == 0
    without = [message for message in speaker.seen if f"r-{KEY}" not in json.dumps(message)]
    assert KEY not in json.dumps(without) + speaker.errors


def test_a_long_run_is_asked_for(serve: Serve, tmp_path: Path) -> None:
    speaker = serve("--wait", "0.3")
    speaker.initialize()
    begun = time.monotonic()
    state = valid(speaker, "desk", speaker.call("desk", **PAY, seconds=2.0, run_id_="r1"))
    assert time.monotonic() - begun < 1.8
    assert (state["status"], state["driven"], state["last"]["step"]) == ("running", True, "score")
    joined = speaker.start("desk", **PAY, seconds=2.0, run_id_="r1", wait_seconds=30)
    other = speaker.call("desk", **PAY, seconds=1.0, run_id_="r1")
    assert other["isError"] and "was started with another input" in other["content"][0]["text"]
    assert speaker.call("desk_status", run_id="r1")["structuredContent"]["status"] == "running"
    assert speaker.answer(joined)["result"]["structuredContent"]["result"] == RESULT
    assert book(tmp_path).count("lingered") == 1


def test_calls_go_on_side_by_side(serve: Serve) -> None:
    speaker = serve()
    speaker.initialize()
    begun = time.monotonic()
    calls = [speaker.start("desk", id=f"A{n}", way="pay", seconds=1.5) for n in range(4)]
    assert speaker.ask("ping") == {}
    assert time.monotonic() - begun < 1.4, "a ping is answered while they go on"
    results = [speaker.answer(call)["result"] for call in calls]
    assert not any(result.get("isError") for result in results), results
    assert [result["structuredContent"]["result"]["id"] for result in results] == [f"r-A{n}" for n in range(4)]
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize("how", ["tool", "notification"])
def test_a_run_is_cancelled(serve: Serve, tmp_path: Path, how: str) -> None:
    speaker = serve()
    speaker.initialize()
    call = speaker.start("desk", {"progressToken": 5}, **PAY, seconds=1.0, run_id_="r1")
    while speaker.next().get("params", {}).get("progress") != 3:
        pass
    if how == "tool":
        state = valid(speaker, "desk_cancel", speaker.call("desk_cancel", run_id="r1", reason="a mistake"))
        assert (state["status"], state["error"]["error"]) == ("cancelled", "cancelled")
        result = speaker.answer(call)["result"]
        assert result["isError"] and "the run was cancelled: a mistake" in result["content"][0]["text"]
    else:
        speaker.send("notifications/cancelled", {"requestId": call, "reason": "Esc"}, id=None)
        while speaker.call("desk_status", run_id="r1")["structuredContent"]["driven"]:
            time.sleep(0.05)
        assert all(message.get("id") != call for message in speaker.seen), "a cancelled call is not answered"
    last = speaker.call("desk_events", run_id="r1")["structuredContent"]["events"][-1]
    why = "a mistake" if how == "tool" else "the client cancelled the call: Esc"
    assert (last["type"], last["payload"]) == ("run.cancelled", {"message": why})
    assert not any(line.startswith("pay") for line in book(tmp_path))
    again = speaker.call("desk", **PAY, seconds=1.0, run_id_="r1")
    assert again["isError"] and "the run was cancelled" in again["content"][0]["text"]
    assert speaker.call("desk_cancel", run_id="r1")["structuredContent"]["status"] == "cancelled"


@pytest.mark.parametrize("way", ["eof", "SIGTERM", "SIGKILL"])
def test_a_run_whose_server_ends_goes_on_in_the_next(serve: Serve, tmp_path: Path, package: Path, way: str) -> None:
    speaker = serve()
    speaker.initialize()
    speaker.start("desk", {"progressToken": 5}, **PAY, seconds=0.6, run_id_="r1")
    while speaker.next().get("params", {}).get("progress") != 3:
        pass
    if way == "eof":
        assert speaker.end() == 0
    elif way == "SIGTERM":
        speaker.process.terminate()
        assert speaker.process.wait(30) == 130
    else:
        speaker.process.kill()
        speaker.process.wait()
    assert "Traceback" not in speaker.errors
    assert '"status":"running"' in asked(package, tmp_path, "runs", "--json")
    if way == "SIGKILL":
        done = asked(package, tmp_path, "resume", "r1", "--quiet", "--json")
        assert json.loads(done.splitlines()[-1])["result"] == RESULT
    second = serve()
    second.initialize()
    result = second.call("desk", **PAY, seconds=0.6, run_id_="r1")
    assert result["structuredContent"]["result"] == RESULT
    assert sum(line.startswith("pay ") for line in book(tmp_path)) == 1
    kinds = [event["type"] for event in second.call("desk_events", run_id="r1")["structuredContent"]["events"]]
    assert kinds.count("run.resumed") == 1 and kinds.count("effect.committed") == 1


def test_an_end_does_not_wait_for_what_takes_too_long(serve: Serve, tmp_path: Path) -> None:
    speaker = serve()
    speaker.initialize()
    speaker.call("desk", **PAY, seconds=60.0, run_id_="r1", wait_seconds=0)
    while not (tmp_path / "book").exists() or len(book(tmp_path)) < 2:
        time.sleep(0.05)
    begun = time.monotonic()
    assert speaker.end() == 0
    assert 4 < time.monotonic() - begun < 20
    second = serve()
    second.initialize()
    assert second.call("desk_status", run_id="r1")["structuredContent"]["status"] == "running"


def test_a_run_that_nobody_drives_is_cancelled_too(serve: Serve, tmp_path: Path, package: Path) -> None:
    speaker = serve()
    speaker.initialize()
    speaker.call("desk", **PAY, seconds=30.0, run_id_="r1", wait_seconds=0)
    speaker.process.kill()
    second = serve()
    second.initialize()
    state = valid(second, "desk_cancel", second.call("desk_cancel", run_id="r1"))
    assert state["status"] == "cancelled"
    assert state["error"]["message"] == "the run was cancelled: somebody asked for it"
    words = [sys.executable, "-I", "-S", str(package / "desk"), "resume", "r1"]
    done = subprocess.run([*words, "--json"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and json.loads(done.stdout)["status"] == "cancelled"
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.stderr == "run r1 was cancelled: somebody asked for it\n"


def test_a_store_that_cannot_be_used_is_an_error_of_the_call(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "runs.db").write_bytes(b"no store at all, but more than a few bytes" * 10)
    speaker = serve("--store", "runs.db")
    speaker.initialize()
    result = speaker.call("desk", **PAY)
    assert result["isError"] and "not a store of runs" in result["content"][0]["text"]
    assert speaker.end() == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--only", "books.find"], "--only goes with --operations"),
        (["--operations", "--only", "books.lost"], "there is no operation 'books.lost'; there are"),
        (["--operations", "--only", "bank.pay,books.unused"], "there is no operation 'books.unused'; there are"),
        (["--wait", "long"], "--wait is a number of seconds from 0 to 3600, not 'long'"),
        (["now"], "usage: mcp"),
    ],
)
def test_wrong_usage(serve: Serve, words: list[str], message: str) -> None:
    speaker = serve(*words)
    assert speaker.process.wait(30) == 2
    assert speaker.next() is None
    deadline = time.monotonic() + 5
    while message not in speaker.errors and time.monotonic() < deadline:
        time.sleep(0.01)
    assert message in speaker.errors and "Traceback" not in speaker.errors


@pytest.mark.parametrize("place", range(1, 8))
def test_a_server_that_is_killed_at_any_event_loses_nothing(
    serve: Serve, tmp_path: Path, package: Path, place: int
) -> None:
    speaker = serve()
    speaker.initialize()
    speaker.start("desk", {"progressToken": 5}, **PAY, run_id_="r1")
    while speaker.next().get("params", {}).get("progress") != place:
        pass
    speaker.process.kill()
    speaker.process.wait()
    done = asked(package, tmp_path, "resume", "r1", "--quiet", "--json")
    assert json.loads(done.splitlines()[-1])["result"] == RESULT
    assert sum(line.startswith("pay ") for line in book(tmp_path)) == 1
    second = serve()
    second.initialize()
    events = second.call("desk_events", run_id="r1")["structuredContent"]["events"]
    kinds = [event["type"] for event in events if event["type"] != "run.resumed"]
    assert kinds[0] == "run.started" and kinds[-1] == "run.completed" and len(kinds) == 8
