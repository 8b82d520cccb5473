"""Failures: tried again only where and as often as declared, recorded with their tries, and told to whoever catches them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from agent_lattice_runtime.errors import CATALOGUE, Failure
from behaviours.programs import Desk, flow, log
from behaviours.test_pauses import TOOLS, Waiting, workflow
from runtime.samples import Crash, CrashingStore

RETRIED = "  a = desk.look(n) { retry 3 backoff 2s..8s on timeout, unavailable }\n  return a\n"


def failing(code: str, times: int) -> Desk:
    """`look` fails so many times with that class."""
    left = iter(range(times))

    def look(n: int) -> int:
        if next(left, None) is not None:
            raise Failure(code, "not now")
        return n

    return Desk(look=look, pay=int, refund=int)


@pytest.mark.parametrize("code", sorted(set(CATALOGUE) - {"cancelled", "in_doubt"}))
def test_13_only_the_named_failures_are_tried_again(code: str) -> None:
    run = Waiting(workflow(RETRIED))
    run.desk = failing(code, 1)
    ended = drive(run)
    if code in ("timeout", "unavailable"):
        assert ended.result == 1 and run.desk.done["look 1"] == 2
    else:
        assert ended.failure.code == code and run.desk.done["look 1"] == 1
    run.ended_well()


def drive(run: Waiting) -> Any:
    """To the end: whatever it waits for is a pause between two tries."""
    for _ in range(50):
        ended = run.go()
        if not ended.suspended:
            return ended
        run.clock.now = max(run.clock.now, (run.store.runs()[0].due or 0) * 1000)
    raise AssertionError("it waits for ever")


def test_13_tries_are_bounded_and_their_pauses_double() -> None:
    """With a part drawn by lot, from the run's own seed: two runs with one id wait equally long, others do not."""
    run = Waiting(workflow(RETRIED))
    run.desk = failing("timeout", 100)
    ended = drive(run)
    assert ended.failure.code == "timeout" and run.desk.done["look 1"] == 4
    pauses = pauses_of(run)
    assert len(pauses) == 3
    for pause, most in zip(pauses, (2.0, 4.0, 8.0), strict=True):
        assert most / 2 <= pause <= most
    again = Waiting(workflow(RETRIED))
    again.desk = failing("timeout", 100)
    drive(again)
    assert pauses_of(again) == pauses
    run.ended_well()


def pauses_of(run: Waiting) -> list[float]:
    events = list(run.store.events(run.store.runs()[0]))
    retried = [event for event in events if event[2] == "step.retried"]
    return [(json.loads(event[4])["until"] - event[1]) / 1e6 for event in retried]


def test_29_a_crash_between_tries_does_not_begin_to_count_anew() -> None:
    """However often the process dies, no more tries are made than declared, but for the one that a crash has swallowed."""
    for at in range(1, 20):
        run = Waiting(workflow(RETRIED))
        run.desk = failing("timeout", 100)
        died = 0
        for commit in (at, at, at):
            try:
                run.go(CrashingStore(run.store, commit, True))
            except Crash:
                died += 1
                run.store.close()
        ended = drive(run)
        assert ended.failure.code == "timeout"
        assert 4 <= run.desk.done["look 1"] <= 4 + died
        assert [kind for kind, _ in log(run.store)].count("step.retried") == 3
        run.ended_well()


def test_44_used_up_retries_are_a_final_failure() -> None:
    """The run has failed for good: asked again, it tells the same and tries nothing."""
    run = Waiting(workflow(RETRIED))
    run.desk = failing("unavailable", 100)
    drive(run)
    calls = run.desk.done["look 1"]
    for _ in range(3):
        ended = run.go()
        assert ended.failure is not None and ended.failure.code == "unavailable" and ended.failure.step.startswith("a")
    assert run.desk.done["look 1"] == calls


TIMED = """  var late: bool = false
  try {
    a = desk.look(n) { timeout 50ms }
  } catch timeout {
    set late = true
  }
  b = desk.pay(n)
  return late ? b : 0
"""


def test_28_a_timeout_is_recorded_and_the_same_in_every_replay() -> None:
    """Also when the operation would be quick today."""
    import time

    run = Waiting(workflow(TIMED))
    run.desk = Desk(look=lambda n: time.sleep(0.4) or n, pay=lambda n: n * 10, refund=int)
    ended = run.go()
    assert ended.result == 10
    run.desk = Desk(look=lambda n: n, pay=int, refund=int)
    assert run.go().result == 10 and not run.desk.done
    run.ended_well()


CHILD = f"""{TOOLS}
workflow child(n: int) -> int {{
  budget {{ calls: 3 }}
  a = desk.look(n)
  b = desk.look(n: a)
  return b
}}
workflow main(n: int) -> string {{
  var told: string = ""
  try {{
    c = call child(n) {{ timeout 100ms }}
    set told = string(c)
  }} catch not_found, timeout, budget_exceeded as err {{
    set told = err.code + " at " + err.step
  }}
  return told
}}
"""


@pytest.mark.parametrize(
    ("cause", "told"),
    [("run", "not_found at c.a"), ("timeout", "timeout at c"), ("limit", "budget_exceeded at c.b")],
)
def test_49_a_parent_is_told_why_its_child_failed(cause: str, told: str) -> None:
    def look(n: int) -> int:
        if cause == "run":
            raise Failure("not_found", "no such thing")
        if cause == "timeout":
            run.clock.now += 500_000_000  # it takes half a second
        return n

    run = Waiting(flow(CHILD.replace("calls: 3", "calls: 1") if cause == "limit" else CHILD))
    run.desk = Desk(look=look, pay=int, refund=int)
    assert run.go().result == told
    run.ended_well()
