"""Runs that wait: for people, for signals, for time. They hold no process, and go on where they stopped."""

from __future__ import annotations

import pytest
from agent_lattice_runtime.deliveries import cancel
from agent_lattice_runtime.errors import Failure
from behaviours.programs import Desk, flow, log
from behaviours.waiting_runs import TOOLS, Waiting, asks, workflow
from runtime.patience import HOUR
from runtime.samples import Crash, CrashingStore


def test_01_an_answer_arrives_where_it_was_asked_for() -> None:
    body = "  a = desk.look(n)\n" + asks("sign", "{{ a }}", "a") + "  return sign.approved ? sign.amount : 0\n"
    run = Waiting(workflow(body))
    assert run.go().suspended and run.store.runs()[0].status == "waiting"
    assert run.open()["sign"]["question"] == "Is 2 right?" and run.open()["sign"]["values"] == {"amount": 2}
    run.decide(values={"amount": 7})
    assert run.go().result == 7
    run.ended_well()


def test_02_what_was_done_before_a_pause_is_not_done_again() -> None:
    run = Waiting(workflow("  a = desk.pay(n)\n  b = desk.look(n: a)\n" + asks("sign") + "  return b\n"))
    for _ in range(5):
        assert run.go().suspended
    run.decide()
    assert run.go().result == 11
    assert run.desk.done == {"pay 1": 1, "look 10": 1}
    run.ended_well()


def test_03_pauses_in_a_row_are_answered_in_their_order() -> None:
    run = Waiting(
        workflow(asks("one") + asks("two") + asks("three") + "  return one.amount + two.amount + three.amount\n")
    )
    for number, name in enumerate(("one", "two", "three"), 1):
        assert run.go().suspended and list(run.open()) == [name]
        run.decide(values={"amount": number * 10})
    assert run.go().result == 60
    run.ended_well()


BRANCHES = "  parallel {\n" + asks("left") + asks("right") + "  }\n  return left.amount + right.amount\n"


@pytest.mark.parametrize("together", [False, True])
def test_04_pauses_of_branches_are_answered_one_by_one_or_together(together: bool) -> None:
    run = Waiting(workflow(BRANCHES))
    assert run.go().suspended and set(run.open()) == {"left", "right"}
    run.decide("right", values={"amount": 5})
    if not together:
        assert run.go().suspended and set(run.open()) == {"left"}
    run.decide("left", values={"amount": 6})
    assert run.go().result == 11
    run.ended_well()


def test_05_an_answer_without_address_is_refused_when_several_pauses_are_open() -> None:
    run = Waiting(workflow(BRANCHES))
    run.go()
    before = log(run.store)
    with pytest.raises(Failure, match="several things") as refused:
        run.decide()
    assert refused.value.code == "conflict" and "left" in str(refused.value) and log(run.store) == before
    run.decide("left")
    run.decide()
    assert run.go().result == 2


NESTED = f"""{TOOLS}
workflow inner(n: int) -> int {{
{asks("sign", "{{ n }}", "n")}  return sign.amount
}}
workflow middle(n: int) -> int {{
  a = desk.look(n)
  deep = call inner(n: a)
  return deep
}}
workflow main(n: int) -> int {{
  first = call middle(n)
  second = call inner(n: first)
  return second
}}
"""


def test_06_a_child_and_its_child_may_pause() -> None:
    run = Waiting(flow(NESTED))
    assert run.go().suspended and list(run.open()) == ["first.deep.sign"]
    run.decide(values={"amount": 40})
    assert run.go().suspended and run.open()["second.sign"]["question"] == "Is 40 right?"
    run.decide()
    assert run.go().result == 40 and run.desk.done == {"look 1": 1}
    run.ended_well()


def test_07_each_turn_of_a_loop_asks_again() -> None:
    loop = (
        "  var sum: int = 0\n  done = loop at most 3 {\n"
        + asks("sign", "{{ sum }}", "sum")
        + "    set sum = sum + sign.amount\n  until sum > 100\n  }\n"
    )
    run = Waiting(workflow(loop + "  return sum\n"))
    for turn, (amount, shown) in enumerate([(1, 0), (2, 1), (3, 3)]):
        assert run.go().suspended and list(run.open()) == [f"done[{turn}].sign"]
        assert run.open()[f"done[{turn}].sign"]["values"] == {"amount": shown}
        run.decide(values={"amount": amount})
    assert run.go().result == 6
    run.ended_well()


def test_12_a_run_that_dies_before_its_pause_asks_again_under_the_same_name() -> None:
    """Whenever the process dies, the question that people see has one step, one text, one digest."""
    asked = set()
    for at in range(1, 12):
        run = Waiting(workflow("  a = desk.look(n)\n" + asks("sign", "{{ a }}") + "  return 1\n"))
        try:
            run.go(CrashingStore(run.store, at, True))
        except Crash:
            run.store.close()
        else:
            break
        assert run.go().suspended
        ((step, payload),) = run.open().items()
        asked.add((step, payload["question"], payload["shown"]))
        assert run.kinds().count("approval.requested") == 1
    assert at > 2 and len(asked) == 1


SIGNAL = "  paid = signal payment: int within 1h else null\n  return paid == null ? -1 : paid\n"


def test_32_a_message_counts_once_and_a_wait_that_ran_out_stays_so() -> None:
    again = "  again = signal payment: int within 1h else 0\n  return paid == null ? -1 : again + paid\n"
    run = Waiting(workflow(SIGNAL.partition("  return")[0] + again))
    run.go()
    assert run.signal("payment", 5, delivery="d1") and not run.signal("payment", 5, delivery="d1")
    assert run.go().suspended, "the second wait has nothing yet"
    run.clock.now += int(2 * HOUR * 1e9)
    assert run.go().result == 5
    run.ended_well()
    late = Waiting(workflow(SIGNAL))
    late.go()
    late.clock.now += int(2 * HOUR * 1e9)
    late.signal("payment", 5)
    assert late.go().result == -1, "it came after the deadline"
    late.ended_well()


@pytest.mark.parametrize(("after", "result"), [(0.5, 5), (1.5, -1)])
def test_41_an_answer_and_a_timer_race_and_the_log_says_who_was_first(after: float, result: int) -> None:
    """Also when the run is driven on only long afterwards, and on every replay."""
    run = Waiting(workflow(SIGNAL))
    run.go()
    run.clock.now += int(after * HOUR * 1e9)
    run.signal("payment", 5)
    run.clock.now += int(50 * HOUR * 1e9)
    assert run.go().result == result
    run.ended_well()


FIRST = """  found = parallel any 1 {
    bad = desk.look(n: -1)
    branch late {
      wait 2h
      yield 7
    }
    branch said {
      s = signal word: int within 3h else 0
      yield s
    }
  }
  return found[0]
"""


def test_41_the_first_success_of_several_counts() -> None:
    """A branch that fails is no success; the timer that fires first is one, and the branch that waits is given up."""
    run = Waiting(workflow(FIRST))
    run.desk = Desk(look=_refuse, pay=int, refund=int)
    assert run.go().suspended
    run.clock.now += int(2.5 * HOUR * 1e9)
    assert run.go().result == 7
    run.ended_well()


def _refuse(n: int) -> int:
    raise Failure("unavailable", "closed")


def test_43_a_run_whose_process_dies_while_it_sleeps_wakes_once_and_on_time() -> None:
    for at in range(1, 20):
        run = Waiting(workflow("  a = desk.pay(n)\n  wait 2h\n  b = desk.pay(n: a)\n  return b\n"))
        start = run.clock.now
        try:
            run.go(CrashingStore(run.store, at, True))
        except Crash:
            run.store.close()
        else:
            break
        assert run.go().suspended
        run.clock.now = start + int(1.9 * HOUR * 1e9)
        assert run.go().suspended, "it is too early"
        run.clock.now = start + int(2.1 * HOUR * 1e9)
        assert run.go().result == 100
        assert run.kinds().count("timer.set") == run.kinds().count("timer.fired") == 1
        assert run.desk.done["pay 10"] == 1
        run.ended_well()
    assert at >= 3


def test_46_a_signal_that_comes_before_anybody_waits_is_kept() -> None:
    body = "  a = desk.look(n)\n" + asks("sign") + "  paid = signal payment: int within 1h else 0\n  return paid + a\n"
    run = Waiting(workflow(body))
    run.go()
    run.signal("payment", 40)
    assert run.go().suspended, "the approval is still open"
    run.decide()
    assert run.go().result == 42
    run.ended_well()


def test_50_a_delivery_counts_once_and_a_refused_one_leaves_no_trace() -> None:
    run = Waiting(workflow(asks("sign") + "  return sign.amount\n"))
    run.go()
    before = log(run.store)
    for refused in (
        lambda: run.decide(values={"amount": "many"}),
        lambda: run.decide(values={"other": 1}),
        lambda: run.decide("nobody"),
        lambda: run.decide(shown="0" * 64),
        lambda: run.signal("payment", 1),
    ):
        with pytest.raises(Failure):
            refused()
    assert log(run.store) == before
    assert run.decide(values={"amount": 3}, delivery="d1")
    assert not run.decide(values={"amount": 9}, delivery="d1"), "the same delivery, whatever it says now"
    assert run.go().result == 3
    assert run.kinds().count("approval.decided") == 1


UNDO = """  held = desk.pay(n) { compensate desk.refund(n: held) }
  inner = call child(n: held)
  paid = signal payment: int within 1h else 0
  return paid
"""


def test_51_what_a_cancelled_run_has_done_is_taken_back_while_it_waits() -> None:
    source = f"""{TOOLS}
workflow child(n: int) -> int {{
  more = desk.pay(n) {{ compensate desk.refund(n: more) }}
  return more
}}
workflow main(n: int) -> int {{
{UNDO}}}
"""
    run = Waiting(flow(source))
    assert run.go().suspended
    cancel(run.flow, run.store, "r1", "not any more", clock=run.clock)
    ended = run.go()
    assert ended.failure is not None and ended.failure.code == "cancelled"
    assert run.store.runs()[0].status == "cancelled"
    undone = [name for name in run.desk.done if name.startswith("refund")]
    assert undone == ["refund 100", "refund 10"], "the child first: the latest goes back first"
    run.ended_well()


def test_34_a_cancelled_run_stops_its_children_and_says_so_for_good() -> None:
    """It cannot be resumed: what it did is taken back. Who wants to go on from there forks it."""
    run = Waiting(flow(NESTED))
    run.go()
    cancel(run.flow, run.store, "r1", "enough", clock=run.clock)
    for _ in range(2):
        ended = run.go()
        assert ended.failure is not None and ended.failure.code == "cancelled"
    assert run.open() == {} or run.store.runs()[0].status == "cancelled"
    with pytest.raises(Failure) as refused:
        run.decide("first.deep.sign")
    assert refused.value.code == "conflict"


def test_37_the_deadline_of_a_run_holds_across_restarts() -> None:
    run = Waiting(
        workflow("  budget { time: 3h }\n  wait 1h\n  a = desk.look(n)\n  wait 4h\n  b = desk.look(n: a)\n  return b\n")
    )
    for hours in (0.0, 1.5, 2.0):
        run.clock.now += int(hours * HOUR * 1e9)
        ended = run.go()
    assert ended.failure is not None and ended.failure.code == "budget_exceeded"
    assert run.desk.done == {"look 1": 1}
    run.ended_well()
