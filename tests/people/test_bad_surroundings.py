"""Commands of a package whose standard streams are closed, that nobody listens to any more, or whose tools are gone."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import pytest
from behaviours.programs import built

from .desks import WAITS, Desk, until

TOOL = "def look(n):\n    return n\n"
SOURCE = """
tool desk = python("desk") { op look(n: int) -> int { effect: read } }
workflow main(n: int) -> int {
  a = desk.look(n)
  wait 1h
  b = desk.look(n: a)
  return b
}
"""
WRITING = """
tool desk = python("desk") { op work(n: int) -> int { effect: write, on_doubt: fail, files: ["book"] } }
workflow main(n: int) -> int {
  a = desk.work(n)
  return a
}
"""
SLOW = """import time


def work(n):
    with open("book", "a") as book:
        book.write(f"begun {n}\\n")
    time.sleep(n)
    with open("book", "a") as book:
        book.write(f"done {n}\\n")
    return n
"""


def closed(desk: Desk, words: tuple[str, ...], redirections: str) -> subprocess.CompletedProcess[str]:
    line = f"{shlex.join(desk.command(*words))} {redirections}"
    return subprocess.run(["sh", "-c", line], cwd=desk.folder, env=desk.environment(), capture_output=True, text=True)


@pytest.mark.parametrize("redirections", ["<&-", "<&- >&-", "<&- >&- 2>&-", ">&- 2>&-", "2>&-"])
def test_a_run_without_standard_streams(desk: Desk, redirections: str) -> None:
    """Its store does not get their numbers, and what is said is said to nobody."""
    done = closed(desk, ("run", "--run-id", "r1", "--input", '{"what": "approve"}'), redirections)
    assert done.returncode == WAITS and "Traceback" not in done.stderr
    assert closed(desk, ("approve", "r1", "--set", "amount=3"), redirections).returncode == 0
    assert closed(desk, ("resume", "r1"), redirections).returncode == 0
    assert desk.book() == ["pay A1 3"]
    desk.verified()


def test_a_closed_standard_input_is_empty(desk: Desk) -> None:
    desk.run("signal")
    done = closed(desk, ("signal", "r1", "paid", "--value", "-"), "<&-")
    assert done.returncode == 2 and done.stderr.startswith("desk: validation: standard input is not JSON")


def test_a_run_goes_on_when_nobody_watches_it_any_more(desk: Desk) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    words = desk.command("run", "--run-id", "r1", "--input", '{"what": "many"}')
    with os.fdopen(writer, "w") as nobody:
        run = subprocess.run(words, cwd=desk.folder, env=desk.environment(), stderr=nobody, stdout=subprocess.PIPE)
    assert run.returncode == 0 and desk.runs()["r1"]["status"] == "completed"


def test_a_worker_that_nobody_reads_lets_what_goes_on_come_to_its_end(tmp_path: Path) -> None:
    desk = Desk(built(WRITING, {"desk.py": SLOW}, tmp_path))
    desk.program = ("-m", "main")
    assert desk("enqueue", "--run-id", "slow", "--input", '{"n": 2}') == 0
    worker = desk.start("worker", "--every", "0.05")
    until(lambda: desk.book() == ["begun 2"])
    assert worker.stdout is not None
    worker.stdout.close()
    assert desk("enqueue", "--run-id", "quick", "--input", '{"n": 0}') == 0
    assert worker.wait(60) == 1
    assert sorted(desk.book()) == ["begun 0", "begun 2", "done 0", "done 2"], (
        "the write of the other run was waited for"
    )
    assert desk("worker", "--once", "--quiet") == 0
    assert {run["status"] for run in desk.runs().values()} == {"completed"}
    assert "effect.in_doubt" not in desk.types("slow") and len(desk.book()) == 4
    desk.verified()


def test_without_its_tools_no_run_goes_on_and_none_fails_of_that(tmp_path: Path) -> None:
    desk = Desk(built(SOURCE, {"desk.py": TOOL}, tmp_path))
    desk.program = ("-m", "main")
    assert desk("run", "--run-id", "r1", "--quiet", "--input", '{"n": 1}') == WAITS
    tools = desk.folder / "main" / "_tools"
    tools.rename(tools.with_name("elsewhere"))
    for words in (("resume", "r1"), ("run", "--run-id", "r2", "--input", '{"n": 1}'), ("worker", "--once")):
        assert desk(*words) == 2
        assert desk.err == (
            "main: validation: there is no Python module desk, which the tool desk needs: no run goes on without it\n"
        )
    assert list(desk.runs()) == ["r1"] and desk.runs()["r1"]["status"] == "waiting"
    tools.with_name("elsewhere").rename(tools)
    assert desk("resume", "r1", "--quiet") == WAITS
    desk.verified()
