"""Questions that nobody needs an answer to any more are not offered, and who answers one all the same is told what happened."""

from __future__ import annotations

from typing import Any, cast

import pytest
from agent_lattice_runtime.deliveries import cancel, decide
from agent_lattice_runtime.errors import Conflict, Failure
from agent_lattice_runtime.stores.memory import MemoryStore
from behaviours.programs import Desk, log
from behaviours.waiting_runs import Waiting, asks, workflow
from runtime.patience import HOUR

LATER = "  paid = signal payment: int within 5h else 0\n  return paid\n"
LOST = f"""  found = parallel first {{
    branch asked {{
{asks("sign")}      yield 1
    }}
    branch said {{
      word = signal word: int within 1h else 0
      yield word
    }}
  }}
{LATER}"""
LEFT = f"""  try {{
    parallel {{
{asks("sign")}      branch other {{
        word = signal word: int within 30m else 0
        bad = desk.look(n: word)
      }}
    }}
  }} catch unavailable as err {{ }}
{LATER}"""
LATE = f"""  try {{
    inner = call child(n) {{ timeout 30m }}
  }} catch timeout as err {{ }}
{LATER}}}
workflow child(n: int) -> int {{
{asks("sign")}  return 1
"""


def refused(run: Waiting, step: str | None = "sign", **more: object) -> str:
    before = log(run.store)
    with pytest.raises(Failure) as caught:
        run.decide(step, **more)
    assert log(run.store) == before, "it leaves no trace"
    assert caught.value.code in ("conflict", "not_found")
    return caught.value.message


def _closed(n: int) -> int:
    raise Failure("unavailable", "closed")


@pytest.mark.parametrize(("body", "step"), [(LOST, "sign"), (LEFT, "sign"), (LATE, "inner.sign")])
def test_a_question_of_a_branch_that_was_given_up_is_not_open(body: str, step: str) -> None:
    run = Waiting(workflow(body))
    run.desk = Desk(look=_closed)
    assert run.go().suspended and list(run.open()) == [step]
    run.clock.sleep(0.6 * HOUR)
    if body != LATE:
        run.signal("word", 7)
    assert run.go().suspended and run.open() == {}
    assert refused(run, step) == f"run r1 does not ask at {step} any more: it has gone on without an answer"
    assert refused(run, None) == "run r1 asks nothing at the moment"
    run.signal("payment", 5)
    assert run.go().result == 5
    run.ended_well()


def test_a_question_of_a_run_that_is_to_be_cancelled_is_not_open() -> None:
    run = Waiting(workflow(asks("sign") + LATER))
    run.go()
    cancel(run.flow, run.store, "r1", "enough", clock=run.clock)
    assert run.open() == {}
    assert refused(run) == "run r1 does not ask at sign any more: it is to be cancelled"
    with pytest.raises(Failure, match="is to be cancelled: it takes no signal any more"):
        run.signal("payment", 1)
    ended = run.go()
    assert ended.failure is not None and ended.failure.code == "cancelled"
    assert refused(run) == "run r1 is over: it was cancelled"
    run.ended_well()


def test_a_question_whose_time_is_over_is_not_open_although_nobody_has_driven_the_run_since() -> None:
    run = Waiting(workflow(asks("sign") + "  return sign.amount\n"))
    run.go()
    run.clock.sleep(HOUR)
    assert list(run.open()) == ["sign"], "at its last moment"
    run.clock.sleep(0.000_001)
    assert run.open() == {}
    assert refused(run) == "run r1 does not ask at sign any more: the time for that is over"


def test_a_question_that_a_budget_of_time_has_ended_is_not_open() -> None:
    body = "  try {\n    inner = call child(n)\n  } catch budget_exceeded as err { }\n" + LATER
    child = "}\nworkflow child(n: int) -> int {\n  budget { time: 30m }\n" + asks("sign") + "  return 1\n"
    run = Waiting(workflow(body + child))
    assert run.go().suspended and list(run.open()) == ["inner.sign"]
    run.clock.sleep(0.6 * HOUR)
    assert run.go().suspended and run.open() == {}
    assert "it has gone on without an answer" in refused(run, "inner.sign")


def test_of_two_who_decide_at_once_the_second_is_told_that_it_was_too_late() -> None:
    """Both have seen the question open; only one decision can count."""
    run = Waiting(workflow(asks("sign") + "  return sign.amount\n"))
    run.go()
    store = run.store

    class Slower:
        """A store to which bob appends first."""

        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

        def append(self, batch: object) -> None:
            assert decide(run.flow, store, "r1", "sign", False, by="bob", clock=run.clock)
            raise Conflict("somebody else was faster")

    run.store = cast("MemoryStore", Slower())
    with pytest.raises(Failure, match="does not ask at sign any more: bob has rejected it already"):
        run.decide()
    assert run.kinds().count("approval.decided") == 1


def _lost(n: int) -> int:
    raise Failure("timeout", "no answer")


def test_a_write_in_doubt_of_a_branch_that_was_given_up_waits_for_nobody() -> None:
    body = f"""  found = parallel first {{
    branch told {{
      a = desk.tell(n)
      yield a
    }}
    branch said {{
      word = signal word: int within 2h else 0
      yield word
    }}
  }}
{LATER}"""
    run = Waiting(workflow(body))
    run.desk = Desk(tell=_lost)
    assert run.go().suspended
    run.signal("word", 7)
    assert run.go().suspended
    with pytest.raises(Failure, match="does not ask what became of a any more: it has gone on without an answer"):
        run.resolve("a", "redo")
    run.signal("payment", 5)
    assert run.go().result == 5
    run.ended_well()


def test_a_resolution_that_would_not_count_is_refused() -> None:
    run = Waiting(workflow("  a = desk.tell(n)\n" + LATER))
    run.desk = Desk(tell=_lost)
    run.go()
    assert run.resolve("a", "done", value=3)
    with pytest.raises(Failure, match="does not ask what became of a any more: ops has said done already"):
        run.resolve("a", "redo")
    late = Waiting(workflow("  a = desk.tell(n)\n" + LATER))
    late.desk = Desk(tell=_lost)
    late.go()
    late.clock.sleep(25 * HOUR)
    with pytest.raises(Failure, match="the time for that is over"):
        late.resolve("a", "redo")
