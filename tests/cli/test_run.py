"""`lattice run`, `resume`, `replay`, `events`, `runs` and `verify`: a workflow without a package."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cli.running import HELLO, PROGRAM, ROOT, WRONG, lattice, process, surroundings

SLOW = """\
tool desk = python("desk_tools") {
  op first(text: string) -> string { effect: write, on_doubt: fail, files: ["calls.txt"] }
  op second(text: string) -> string { effect: read }
}

workflow slow(text: string) -> string {
  one = desk.first(text)
  two = desk.second(text: one)
  return two
}
"""
SLOW_TOOLS = """\
import time
from pathlib import Path


def first(text):
    with Path("calls.txt").open("a") as file:
        file.write("first\\n")
    return text + "1"


def second(text):
    while not Path("go").exists():
        time.sleep(0.01)
    return text + "2"
"""


@pytest.fixture
def refund(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The refund example, copied to here."""
    import shutil

    shutil.copytree(
        ROOT / "examples" / "refund",
        here / "refund",
        ignore=shutil.ignore_patterns(".lattice", "ledger.jsonl", "__pycache__"),
    )
    monkeypatch.chdir(here / "refund")
    return here / "refund"


def test_run_replay_events_runs_and_verify(refund: Path) -> None:
    ran = lattice(
        "run", "refund.lat", "--input", "inputs/small.json", "--scripted", "replies/small.json", "--run-id", "a"
    )
    assert ran.exit_code == 0, ran.output
    assert json.loads(ran.stdout)["status"] == "paid"
    assert "order  shop.get_order" in ran.stderr and "\x1b" not in ran.stderr
    assert (refund / ".lattice" / "refund.db").is_file()
    assert lattice("replay", "refund.lat", "a").exit_code == 0
    events = [json.loads(line) for line in lattice("events", "a", "--json").stdout.splitlines()]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert events[0]["type"] == "run.started" and events[-1]["type"] == "run.completed"
    assert json.loads(lattice("runs", "--json").stdout) == {"run_id": "a", "status": "completed", "workflow": "refund"}
    assert json.loads(lattice("verify", "a", "--json").stdout)["intact"] is True


def test_the_same_run_twice_is_run_once(refund: Path) -> None:
    words = [
        "run",
        "refund.lat",
        "--input",
        "inputs/small.json",
        "--scripted",
        "replies/small.json",
        "--run-id",
        "a",
        "--quiet",
    ]
    first, second = lattice(*words), lattice(*words)
    assert (first.exit_code, first.stderr) == (0, "")
    assert second.stdout == first.stdout
    assert len((refund / "ledger.jsonl").read_text().splitlines()) == 1
    ran = lattice("run", "refund.lat", "--input", "inputs/risky.json", "--run-id", "a")
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert "conflict" in ran.stderr


def test_a_run_that_fails(refund: Path) -> None:
    words = ["run", "refund.lat", "--input", "inputs/unknown.json", "--scripted", "replies/small.json"]
    ran = lattice(*words, "--quiet")
    assert (ran.exit_code, ran.stdout) == (1, "")
    assert "not_found" in ran.stderr
    ran = lattice(*words, "--json", "--quiet")
    assert (ran.exit_code, json.loads(ran.stdout)["failure"]["error"]) == (1, "not_found")


def test_input_in_every_form(here: Path) -> None:
    (here / "hello.lat").write_text(HELLO)
    (here / "in.json").write_text('{"name": "you"}')
    for words, input in ((["in.json"], None), (['{"name": "you"}'], None), (["-"], '{"name": "you"}')):
        ran = lattice("run", "hello.lat", "--quiet", "--input", *words, input=input)
        assert (ran.exit_code, ran.stdout) == (0, '"hello you"\n')


@pytest.mark.parametrize(
    "given", ["{", "[1]", '{"name": 3}', '{"nam": "x"}', "{}", "missing.json", '"x"', '{"name": "\\ud800"}']
)
def test_unusable_input(here: Path, given: str) -> None:
    (here / "hello.lat").write_text(HELLO)
    ran = lattice("run", "hello.lat", "--input", given)
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert ran.stderr.startswith("error: ")


def test_a_source_with_errors_is_not_run(here: Path) -> None:
    (here / "wrong.lat").write_text(WRONG)
    ran = lattice("run", "wrong.lat")
    assert (ran.exit_code, ran.stdout) == (1, "")
    assert "error[LAT2101]" in ran.stderr


def test_one_workflow_of_several(here: Path) -> None:
    (here / "two.lat").write_text("workflow a() -> int { return 1 }\nworkflow b() -> int { return 2 }\n")
    ran = lattice("run", "two.lat", "--quiet")
    assert ran.exit_code == 2
    assert "several workflows could be the main one: `a`, `b`" in ran.stderr
    assert lattice("run", "two.lat", "--workflow", "b", "--quiet").stdout == "2\n"


def test_stores_that_cannot_be_used(here: Path) -> None:
    (here / "hello.lat").write_text(HELLO)
    (here / "text.db").write_text("not a database, but some text that is long enough to be looked at" * 20)
    (here / "folder.db").mkdir()
    for store in ("text.db", "folder.db", "no/such/\0"):
        for words in (
            ["run", "hello.lat", "--input", '{"name": "x"}'],
            ["events", "a"],
            ["verify"],
            ["runs"],
            ["replay", "hello.lat", "a"],
        ):
            ran = lattice(*words, "--store", store)
            assert (ran.exit_code, ran.stdout) == (2, ""), (words, ran.output)
            assert ran.stderr.startswith("error: ")


def test_which_store_is_meant(here: Path) -> None:
    ran = lattice("verify")
    assert ran.exit_code == 2 and "say where with --store" in ran.stderr
    (here / "hello.lat").write_text(HELLO)
    assert lattice("run", "hello.lat", "--input", '{"name": "x"}', "--run-id", "a").exit_code == 0
    assert lattice("verify").exit_code == 0
    assert lattice("events", "b").exit_code == 2
    (here / "hi.lat").write_text(HELLO.replace("workflow hello", "workflow hi"))
    assert lattice("run", "hi.lat", "--input", '{"name": "x"}').exit_code == 0
    ran = lattice("verify")
    assert ran.exit_code == 2 and ".lattice/hello.db, .lattice/hi.db" in ran.stderr


def test_replay_finds_a_changed_source(here: Path) -> None:
    (here / "hello.lat").write_text(HELLO)
    lattice("run", "hello.lat", "--input", '{"name": "x"}', "--run-id", "a")
    (here / "hello.lat").write_text(HELLO.replace("hello ", "good day "))
    ran = lattice("replay", "hello.lat", "a", "--json")
    assert ran.exit_code == 1
    assert json.loads(ran.stdout)["agrees"] is False


def test_verify_finds_a_changed_log(here: Path) -> None:
    (here / "hello.lat").write_text(HELLO)
    lattice("run", "hello.lat", "--input", '{"name": "x"}', "--run-id", "a")
    connection = sqlite3.connect(here / ".lattice" / "hello.db")
    (table,) = [
        name
        for (name,) in connection.execute("select name from sqlite_master where type = 'table' and name like '%event%'")
    ]
    connection.execute(f"update {table} set payload = replace(payload, '\"x\"', '\"y\"') where seq = 1")
    connection.commit()
    connection.close()
    ran = lattice("verify", "a")
    assert ran.exit_code == 1
    assert "event 1 was altered" in ran.stdout
    assert lattice("replay", "hello.lat", "a").exit_code == 1


def test_tools_of_imported_folders_meet_in_one_place(here: Path) -> None:
    (here / "lib").mkdir()
    (here / "lib" / "desk.lat").write_text('tool desk = python("desk_tools") { op get() -> string { effect: read } }\n')
    (here / "lib" / "desk_tools.py").write_text("from desk_words import WORD\n\n\ndef get():\n    return WORD\n")
    (here / "lib" / "desk_words.py").write_text("WORD = 'found'\n")
    (here / "main.lat").write_text(
        'import { desk } from "./lib/desk.lat"\nworkflow main() -> string {\n  word = desk.get()\n  return word\n}\n'
    )
    ran = lattice("run", "main.lat", "--quiet")
    assert (ran.exit_code, ran.stdout) == (0, '"found"\n'), ran.output


@pytest.mark.skipif(os.name != "posix", reason="POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_run_is_resumed(here: Path, number: signal.Signals) -> None:
    (here / "slow.lat").write_text(SLOW)
    (here / "desk_tools.py").write_text(SLOW_TOOLS)
    started = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "run", "slow.lat", "--input", '{"text": "x"}', "--run-id", "a"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=surroundings(),
    )
    deadline = time.monotonic() + 30
    while not (here / "calls.txt").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.3)
    started.send_signal(number)
    output, said = started.communicate(timeout=30)
    assert output == b""
    if number == signal.SIGKILL:
        assert started.returncode == -9
    else:
        assert started.returncode == 130
        assert b"interrupted; go on with: resume a" in said
    (here / "go").write_text("")
    ran = process("resume", "slow.lat", "a", "--quiet")
    assert (ran.returncode, ran.stdout) == (0, b'"x12"\n')
    assert (here / "calls.txt").read_text() == "first\n"
    assert lattice("replay", "slow.lat", "a").exit_code == 0


def test_runs_leave_no_folder_behind(here: Path) -> None:
    (here / "hello.lat").write_text(HELLO)
    assert (
        process("run", "hello.lat", "--input", '{"name": "x"}', "--store", "s.db", env={"TMPDIR": str(here)}).returncode
        == 0
    )
    assert {path.name for path in here.iterdir()} <= {"hello.lat", "s.db", "s.db-wal", "s.db-shm"}
