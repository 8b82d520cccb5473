"""Runs that wait for time alone: a server goes on with them by itself, and so does whoever comes after it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from agent_lattice_runtime.stores.sqlite import SqliteStore
from agent_lattice_runtime.verify import verify_store
from mcp_server.packages import HERE, Speaker, built, compiled, environment

Start = Callable[..., Speaker]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("hours"), compiled(HERE / "hours.lat"))


@pytest.fixture
def start(package: Path, tmp_path: Path) -> Iterator[Start]:
    started: list[Speaker] = []

    def begin(*words: str, **more: Any) -> Speaker:
        started.append(Speaker(package, tmp_path, *words, name="hours", **more))
        started[-1].initialize()
        return started[-1]

    yield begin
    for speaker in started:
        speaker.kill()


def begun(speaker: Speaker, run_id: str, way: str = "wait", pause: str = "2s", **more: Any) -> Any:
    """What a call of the workflow gives as data."""
    return speaker.call("hours", order=run_id, way=way, pause=pause, run_id=run_id, **more)["structuredContent"]


def ended(speaker: Speaker, *run_ids: str, seconds: float = 60) -> None:
    """Wait until the server says that the runs are completed."""
    end = time.monotonic() + seconds
    for run_id in run_ids:
        while (state := speaker.call("hours_status", run_id=run_id)["structuredContent"])["status"] != "completed":
            assert "error" not in state and time.monotonic() < end, state
            time.sleep(0.1)


def kinds(speaker: Speaker, run_id: str) -> list[str]:
    """The types of the events of a run; none while there is no such run."""
    said = speaker.call("hours_events", run_id=run_id)["structuredContent"]
    return [event["type"] for event in said.get("events", ())]


def until_recorded(speaker: Speaker, kind: str, *run_ids: str) -> None:
    """Wait until runs have an event of a type."""
    end = time.monotonic() + 30
    while not all(kind in kinds(speaker, run_id) for run_id in run_ids):
        assert time.monotonic() < end
        time.sleep(0.02)


def paid(folder: Path) -> Counter[str]:
    book = folder / "book"
    return Counter(book.read_text().split("\n")[:-1] if book.exists() else [])


def verified(folder: Path) -> None:
    store = SqliteStore(str(folder / ".lattice" / "hours.db"), readonly=True)
    assert verify_store(store) == []
    store.close()


@pytest.mark.parametrize("way", ["wait", "until", "retry"])
def test_a_call_whose_run_waits_for_time_answers_later(start: Start, tmp_path: Path, way: str) -> None:
    speaker = start()
    before = time.monotonic()
    due = (datetime.now(UTC) + timedelta(seconds=2)).isoformat()
    state = begun(speaker, "r1", way, due=due)
    assert (state["status"], state["result"]) == ("completed", "r-r1")
    assert time.monotonic() - before > 1.4
    assert "run.waiting" not in kinds(speaker, "r1"), "nobody else needed to go on with it"
    assert paid(tmp_path) == {"pay r1": 1}


def test_what_waits_for_longer_than_a_call_is_gone_on_with_when_it_is_due(start: Start, tmp_path: Path) -> None:
    speaker = start()
    state = begun(speaker, "r1", pause="3s", wait_seconds=0.2)
    assert state["status"] in ("waiting", "running")
    far = begun(speaker, "r2", pause="36h")
    assert far["status"] == "waiting" and far["waiting_for"].startswith("wait until 20")
    ended(speaker, "r1")
    assert kinds(speaker, "r1").count("run.resumed") == 1
    assert speaker.call("hours_status", run_id="r2")["structuredContent"]["status"] == "waiting"
    assert paid(tmp_path) == {"pay r1": 1}
    assert speaker.end() == 0
    verified(tmp_path)


@pytest.mark.parametrize(("way", "event"), [("signal", "custom.word"), ("approve", "custom.decided")])
def test_a_deadline_passes_while_the_server_stands(start: Start, way: str, event: str) -> None:
    """Somebody could come before it: the call says at once for what the run waits."""
    speaker = start()
    before = time.monotonic()
    state = begun(speaker, "r1", way)
    assert state["status"] == "waiting" and time.monotonic() - before < 1.9
    ended(speaker, "r1")
    assert "timer.fired" in kinds(speaker, "r1") and event in kinds(speaker, "r1")


def test_progress_is_told_over_a_pause(start: Start) -> None:
    speaker = start()
    arguments = {"order": "A1", "way": "wait", "pause": "2s", "run_id": "r1"}
    speaker.call("hours", {"progressToken": 7}, **arguments)
    told = [message["params"] for message in speaker.seen if message.get("method") == "notifications/progress"]
    assert [params["progress"] for params in told] == list(range(1, 7))
    assert "hours" in told[0]["message"] and len(kinds(speaker, "r1")) == 6


@pytest.mark.parametrize("way", ["wait", "retry"])
def test_a_call_that_is_given_up_during_a_pause_ends_its_run(start: Start, tmp_path: Path, way: str) -> None:
    speaker = start()
    call = speaker.start("hours", {"progressToken": 7}, order="A1", way=way, pause="30s", run_id="r1")
    while speaker.next().get("params", {}).get("progress") != 2:
        pass
    before = time.monotonic()
    speaker.send("notifications/cancelled", {"requestId": call, "reason": "enough"}, id=None)
    while (state := speaker.call("hours_status", run_id="r1")["structuredContent"])["status"] != "cancelled":
        assert state["status"] == "running" and time.monotonic() - before < 1.8, state
        time.sleep(0.05)
    assert "enough" in state["error"]["message"] and not paid(tmp_path)
    assert not [message for message in speaker.seen if message.get("id") == call]


def test_a_call_that_joins_a_run_which_others_drive_is_given_up(start: Start) -> None:
    """It waits for a pause in which the run has been left."""
    speaker = start()
    begun(speaker, "r1", pause="20s", wait_seconds=0)
    while speaker.call("hours_status", run_id="r1")["structuredContent"]["status"] != "waiting":
        time.sleep(0.05)
    call = speaker.start("hours", order="r1", way="wait", pause="20s", run_id="r1")
    time.sleep(0.7)
    speaker.send("notifications/cancelled", {"requestId": call}, id=None)
    end = time.monotonic() + 10
    while speaker.call("hours_status", run_id="r1")["structuredContent"]["status"] != "cancelled":
        assert time.monotonic() < end
        time.sleep(0.05)


def test_killed_while_waiting(start: Start, tmp_path: Path) -> None:
    """The next server goes on with what has become due, without being asked, and with what becomes due later."""
    first = start()
    for number in range(3):
        first.start("hours", order=f"r{number}", way="wait", pause="2s", run_id=f"r{number}")
    first.start("hours", order="r3", way="retry", pause="1s", run_id="r3")
    begun(first, "r4", "signal")
    until_recorded(first, "timer.set", "r0", "r1", "r2")
    until_recorded(first, "step.retried", "r3")
    first.process.kill()
    first.process.wait()
    second = start()
    ended(second, *(f"r{number}" for number in range(5)))
    assert paid(tmp_path) == {f"pay r{number}": 1 for number in range(5)}
    assert second.end() == 0
    verified(tmp_path)


def test_two_servers_on_one_store(start: Start, tmp_path: Path) -> None:
    """Each run is gone on with by one of them; the calls are answered whoever that is."""
    servers = [start(), start()]
    calls = [
        (server, server.start("hours", order=f"r{number}", way="wait", pause="2s", run_id=f"r{number}"))
        for number in range(6)
        for server in servers
    ]
    for server, call in calls:
        assert server.answer(call)["result"]["structuredContent"]["status"] == "completed"
    for number in range(6, 12):
        begun(servers[number % 2], f"r{number}", pause="2s", wait_seconds=0)
    ended(servers[0], *(f"r{number}" for number in range(12)))
    assert paid(tmp_path) == {f"pay r{number}": 1 for number in range(12)}
    assert all(server.end() == 0 for server in servers)
    verified(tmp_path)


def test_two_servers_of_which_one_is_killed(start: Start, tmp_path: Path) -> None:
    first, second = start(), start()
    first.start("hours", order="r1", way="wait", pause="3s", run_id="r1")
    until_recorded(second, "timer.set", "r1")
    call = second.start("hours", order="r1", way="wait", pause="3s", run_id="r1")
    first.process.kill()
    assert second.answer(call)["result"]["structuredContent"]["status"] == "completed"
    assert paid(tmp_path) == {"pay r1": 1}


def queue(package: Path, folder: Path, run_id: str) -> None:
    given = json.dumps({"order": run_id, "way": "wait", "pause": "1s", "due": None})
    words = [sys.executable, "-I", "-S", str(package / "hours"), "enqueue", "--run-id", run_id, "--input", given]
    subprocess.run(words, cwd=folder, env=environment(), check=True, timeout=60, stdout=subprocess.DEVNULL)


def test_what_others_have_put_into_the_store(start: Start, package: Path, tmp_path: Path) -> None:
    queue(package, tmp_path, "q1")
    speaker = start()
    ended(speaker, "q1")
    queue(package, tmp_path, "q2")
    ended(speaker, "q2")
    assert paid(tmp_path) == {"pay q1": 1, "pay q2": 1}


def test_without_a_secret_others_are_left_to_others(start: Start, package: Path, tmp_path: Path) -> None:
    """A run of the client is not: it fails as it would have at once."""
    queue(package, tmp_path, "q1")
    seen = environment()
    del seen["DESK_KEY"]
    speaker = start(env=seen)
    begun(speaker, "r1", wait_seconds=0)
    ended_badly = time.monotonic() + 30
    while speaker.call("hours_status", run_id="r1")["structuredContent"]["status"] in ("waiting", "running"):
        assert time.monotonic() < ended_badly
        time.sleep(0.1)
    assert speaker.call("hours_status", run_id="q1")["structuredContent"]["status"] == "queued"
    assert speaker.errors.count("due runs of others are left to them: DESK_KEY is not set\n") == 1


def test_a_server_that_nobody_calls_leaves_no_file(start: Start, tmp_path: Path) -> None:
    speaker = start()
    time.sleep(1.5)
    assert not (tmp_path / ".lattice").exists()
    assert speaker.end() == 0
