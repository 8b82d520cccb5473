"""`worker`, `enqueue` and `resume --all-due` as processes: several on one store, killed, stopped, and runs that kill them."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import time

import pytest

from .desks import WAITS, Desk, until


def ended(process: subprocess.Popen[bytes], number: int | None = None) -> tuple[int, str]:
    """Its exit code and what it has written, after a signal if there is one to send."""
    if number is not None:
        process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert b"Traceback" not in err, err.decode()
    return process.returncode, out.decode()


def test_what_is_queued_is_driven_once(desk: Desk) -> None:
    for name in ("a", "b", "c"):
        desk.enqueue("many", name, order=name)
    desk.enqueue("many", "a", order="a")
    assert desk("enqueue", "--run-id", "a", "--input", "{}") == 2 and "another input" in desk.err
    assert {run["status"] for run in desk.runs().values()} == {"queued"} and desk.book() == []
    assert desk("worker", "--once", "--json") == 0
    assert sorted((line["run_id"], line["status"]) for line in desk.lines()) == [(name, "completed") for name in "abc"]
    assert len(desk.book()) == len(set(desk.book())) == 30
    assert desk("worker", "--once") == 0 and desk.out == "", "nothing is left"
    assert desk.types("a")[:2] == ["run.queued", "run.started"]
    desk.verified()


def test_an_id_is_given_to_what_has_none(desk: Desk) -> None:
    assert desk("enqueue", "--input", "-", stdin=b'{"what": "many"}') == 0
    run_id = desk.out.strip()
    assert desk("run", "--run-id", run_id, "--quiet", "--input", '{"what": "many"}') == 0, "or somebody runs it at once"
    assert desk("worker", "--once") == 0 and desk.out == ""


def test_one_round_of_all_that_is_due(desk: Desk) -> None:
    desk.run("signal", "waits")
    desk.run("approve", "decided")
    desk.enqueue("bad", "bad")
    desk("reject", "decided", "--by", "ann")
    assert desk("resume", "--all-due") == 1, "one has failed"
    failed, why = "run bad failed: conflict: nothing works for A1", "  after step bad: refused: not today"
    assert sorted(desk.out.splitlines()) == [why, failed, "run decided completed"], "the one that waits is left alone"


def test_a_worker_takes_what_comes_while_others_go_on(desk: Desk) -> None:
    worker = desk.start("worker", "--every", "0.05")
    try:
        desk.enqueue("linger", "slow", seconds=4)
        until(lambda: desk.book() == ["linger"])
        desk.enqueue("many", "quick")
        until(lambda: desk.runs()["quick"]["status"] == "completed")
        assert desk.runs()["slow"]["status"] == "running", "while the slow one is driven on"
        desk.enqueue("signal", "asks")
        until(lambda: desk.runs()["asks"]["status"] == "waiting")
        desk("signal", "asks", "paid", "--value", '"one"')
        desk("signal", "asks", "paid", "--value", '"two"')
        until(lambda: desk.runs()["asks"]["status"] == "completed")
        until(lambda: desk.runs()["slow"]["status"] == "completed")
    finally:
        code, out = ended(worker, signal.SIGTERM)
    assert code == 0 and sorted(line for line in out.splitlines() if "waits" not in line) == [
        "run asks completed", "run quick completed", "run slow completed",
    ]  # fmt: skip


def test_sigterm_lets_what_goes_on_come_to_its_end(desk: Desk) -> None:
    desk.enqueue("late", "r1", seconds=1.5)
    worker = desk.start("worker")
    until(lambda: desk.book() == ["linger"])
    desk.enqueue("many", "r2")
    assert ended(worker, signal.SIGTERM)[0] == 0
    assert desk.book() == ["linger", "lingered"], "nothing new was begun"
    runs = desk.runs()
    assert runs["r1"]["status"] in ("running", "waiting") and runs["r2"]["status"] == "queued"
    assert "step.completed" in desk.types("r1"), "what it has done is in the log"
    assert desk("worker", "--once") == 0 and desk.runs()["r2"]["status"] == "completed"
    assert desk.book().count("linger") == 1
    desk.verified()


def test_ctrl_c_is_told_by_the_exit_code(desk: Desk) -> None:
    desk.enqueue("wait", "r1", seconds=3600)
    worker = desk.start("worker", "--every", "0.05")
    until(lambda: desk.runs()["r1"]["status"] == "waiting")
    assert ended(worker, signal.SIGINT)[0] == 130


@pytest.mark.parametrize("how", ["cancel", "approve"])
def test_what_comes_to_a_run_that_is_driven_just_now_is_heard(desk: Desk, how: str) -> None:
    desk.enqueue("beside", "r1", seconds=30)
    worker = desk.start("worker", "--every", "0.05")
    until(lambda: "linger" in desk.book() and "approval.requested" in desk.types())
    if how == "approve":
        assert [wait["step"] for wait in desk.runs()["r1"]["waits"]] == ["decision"]
        assert desk("approve", "r1") == 0
        until(lambda: "pay beside 1" in desk.book())
        assert "lingered" not in desk.book()
    assert desk("cancel", "r1", "--reason", "enough") == 0
    until(lambda: desk.runs()["r1"]["status"] == "cancelled")
    code, out = ended(worker, signal.SIGTERM)
    assert code == 0 and out == "run r1 was cancelled: enough\n"


def test_a_killed_worker_is_followed_by_the_next(desk: Desk) -> None:
    for place in range(8):
        desk.enqueue("many", f"r{place}", order=f"o{place}")
    rng = random.Random(7)
    for _ in range(6):
        worker = desk.start("worker", "--every", "0.05")
        time.sleep(rng.uniform(0.2, 0.6))
        ended(worker, signal.SIGKILL)
    assert desk("worker", "--once") == 0
    assert {run["status"] for run in desk.runs().values()} == {"completed"}
    assert len(desk.book()) == len(set(desk.book())) == 80
    desk.verified()


def test_several_workers_share_a_store_and_one_is_killed(desk: Desk) -> None:
    for place in range(20):
        desk.enqueue("many", f"r{place}", order=f"o{place}")
    workers = [desk.start("worker", "--every", "0.05", "--limit", "4") for _ in range(3)]
    until(lambda: len(desk.book()) > 20)
    ended(workers[0], signal.SIGKILL)
    until(lambda: len(desk.runs("--status", "completed")) == 20)
    told = [ended(worker, signal.SIGTERM) for worker in workers[1:]]
    assert [code for code, _ in told] == [0, 0]
    assert not any("conflict" in out for _, out in told), "nobody drove what another one drove"
    assert len(desk.book()) == len(set(desk.book())) == 200
    for place in range(20):
        assert desk.types(f"r{place}").count("effect.committed") == 10
    desk.verified()


def test_a_run_that_kills_its_processes_is_left_to_a_person(desk: Desk) -> None:
    desk.enqueue("die", "r1")
    desk.enqueue("many", "r2")
    for _ in range(4):
        assert desk("worker", "--once", "--deaths", "3") == 9
    assert desk("worker", "--once", "--deaths", "3") == 1
    line = "conflict: 3 processes in a row have died of it; go on with: resume r1"
    assert f"run r1 is left as it is: {line}" in desk.out.splitlines()
    assert desk.runs()["r1"]["status"] == "waiting" and "due" not in desk.runs()["r1"]
    assert desk.runs()["r2"]["status"] == "completed"
    assert desk("runs") == 0 and "waits for somebody who resumes it" in desk.out
    assert desk("worker", "--once") == 0 and desk.out == "" and desk.book().count("die") == 4
    assert desk("resume", "r1") == 9 and desk.book().count("die") == 5, "a person may try"
    desk.verified()


def test_somebody_else_cannot_go_on_with_what_is_driven(desk: Desk) -> None:
    desk.enqueue("linger", "r1", seconds=2)
    worker = desk.start("worker", "--every", "0.05")
    until(lambda: desk.book() == ["linger"])
    assert desk("resume", "r1", "--json") == 1
    assert desk.told["failure"]["message"] == "run r1 is being driven by another process"
    assert desk.told["status"] == "running", "it has not failed"
    assert desk("resume", "--all-due") == 0 and desk.out == ""
    until(lambda: desk.runs()["r1"]["status"] == "completed")
    assert ended(worker, signal.SIGTERM)[0] == 0 and desk.book() == ["linger", "lingered"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--limit", "0"), "--limit is a number from 1 to 10000"),
        (("--every", "soon"), "--every is a number"),
        (("--every", "nan"), "--every is a number"),
        (("--deaths", "-1"), "--deaths is a number"),
    ],
)
def test_wrong_numbers(desk: Desk, words: tuple[str, ...], message: str) -> None:
    assert desk("worker", *words) == 2 and message in desk.err


def test_a_store_that_is_none(desk: Desk) -> None:
    (desk.folder / "runs.db").write_bytes(b"not a store" * 100)
    assert desk("worker") == 2 and "not a store" in desk.err
    assert desk("resume", "--all-due") == 2


def test_the_code_of_a_waiting_run(desk: Desk) -> None:
    assert desk.run("approve") == WAITS
    assert desk("run", "--run-id", "r1", "--quiet", "--json", "--input", '{"what": "approve"}') == WAITS
    told = json.loads(desk.out)
    assert told["status"] == "waiting" and told["waits"][0]["step"] == "decision"
