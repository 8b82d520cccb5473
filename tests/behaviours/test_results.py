"""What steps give is kept as it is: empty values, failures with all they say, and nothing that cannot be kept."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from agent_lattice_runtime.errors import Failure
from agent_lattice_runtime.execute import resume, start
from agent_lattice_runtime.stores.memory import MemoryStore
from agent_lattice_runtime.stores.sqlite import SqliteStore
from behaviours.programs import Desk, built, crashed_everywhere, flow, log

EMPTY = """
tool desk = python("desk") {
  op number(n: int) -> int { effect: read }
  op text(n: int) -> string { effect: read }
  op truth(n: int) -> bool { effect: read }
  op nothing(n: int) -> string? { effect: read }
  op many(n: int) -> list<int> { effect: read }
}
type Found { number: int  text: string  truth: bool  nothing: string?  many: list<int> }
workflow main(n: int) -> Found {
  number = desk.number(n)
  text = desk.text(n)
  truth = desk.truth(n)
  nothing = desk.nothing(n)
  many = desk.many(n)
  return Found { number: number, text: text, truth: truth, nothing: nothing, many: many }
}
"""


def empty_desk() -> Desk:
    return Desk(number=lambda n: 0, text=lambda n: "", truth=lambda n: False, nothing=lambda n: None, many=lambda n: [])


def test_19_empty_values_are_results() -> None:
    """0, "", false, null and [] are taken from the log like any other result: no step is done again after a commit."""
    ended = crashed_everywhere(flow(EMPTY), {"n": 1}, empty_desk)
    assert len(ended) > 10
    for run, desk, store in ended:
        assert run.result == {"number": 0, "text": "", "truth": False, "nothing": None, "many": []}
        recorded = [step for kind, step in log(store) if kind == "step.completed"]
        assert sorted(recorded) == ["many", "nothing", "number", "text", "truth"]
        assert sum(desk.done.values()) <= 6, "at most the one step whose outcome was lost is done again"


FAILING = """
tool desk = python("desk") { op look(n: int) -> int { effect: read } }
workflow main(n: int) -> int {
  a = desk.look(n)
  return a
}
"""


def refuse(n: int) -> int:
    raise Failure("rate_limited", "slow down", details=["limit 5", "in 3 s"], retryable=True)


def test_30_a_failure_is_stored_with_all_it_says(tmp_path: Path) -> None:
    """Class, message, details and whether a retry makes sense are the same for the first caller and for all later ones."""
    workflow, path = flow(FAILING), str(tmp_path / "runs.db")
    store = SqliteStore(path)
    first = start(workflow, {"n": 1}, store, "r1", Desk(look=refuse).setting()).failure
    store.close()
    store = SqliteStore(path)
    later = resume(workflow, "r1", store, Desk().setting()).failure
    store.close()
    for failure in (first, later):
        assert failure is not None
        told = (failure.code, failure.message, failure.details, failure.retryable, failure.step)
        assert told == ("rate_limited", "slow down", ("limit 5", "in 3 s"), True, "a")


@pytest.mark.parametrize("value", [object(), {1, 2}, "seven", 2**70, b"\xff", "\ud800", [1]])
def test_31_a_result_that_cannot_be_kept_is_a_typed_failure(value: object) -> None:
    """It is the failure of the step, in the log, with what was expected; never a traceback or half a log."""
    store = MemoryStore()
    run = start(flow(FAILING), {"n": 1}, store, "r1", Desk(look=lambda n: value).setting())
    assert run.failure is not None and (run.failure.code, run.failure.step) == ("validation", "a")
    assert log(store) == [("run.started", ""), ("step.failed", "a"), ("run.failed", "")]


def test_45_a_failure_that_nobody_catches_is_not_retried_and_reaches_the_caller(tmp_path: Path) -> None:
    """The exit code of the process is 1, its last line the failure; the operation was called once."""
    tools = {"desk.py": "def look(n):\n    open('calls', 'a').write('.')\n    raise ConnectionError('gone')\n"}
    source = FAILING.replace("effect: read", 'effect: read, files: ["calls"]')
    command = [sys.executable, "-m", "main", "run", "--input", '{"n": 1}', "--run-id", "r1", "--json"]
    folder = built(source, tools, tmp_path)
    for _ in range(2):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        outcome = json.loads(done.stdout)
        assert done.returncode == 1 and outcome["status"] == "failed"
        assert (outcome["failure"]["error"], outcome["failure"]["step"]) == ("unavailable", "a")
    assert (folder / "calls").read_text() == ".", "the second command told the recorded outcome"
