"""Waiting, approval, signals, races, retries, compensation and budgets: compiled programs, driven as people and time would."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from agent_lattice import plan
from agent_lattice.generate import plan_at
from agent_lattice_runtime.deliveries import cancel, decide, signal
from agent_lattice_runtime.effects import load_module
from agent_lattice_runtime.errors import Failure
from agent_lattice_runtime.models import Workflow
from agent_lattice_runtime.run import Run
from agent_lattice_runtime.stores.memory import MemoryStore
from agent_lattice_runtime.testing import Computed, Tested, run_test
from agent_lattice_targets.python.manifest import manifest
from agent_lattice_targets.python.memory import load_all
from agent_lattice_targets.python.package import package_files
from runtime.patience import HOUR, Clock, go
from targets.python.programs import body, function, made, python, run, write

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def durable() -> plan.Plan:
    return plan_at(HERE / "durable.lat")


class Desk:
    """A run of the program with its bank, a clock, and people."""

    def __init__(self, compiled: plan.Plan, order: str) -> None:
        self.flow: Workflow = load_all(compiled)[compiled.main]
        self.store, self.clock, self.order = MemoryStore(), Clock(), order
        self.bank: Any = load_module("durable_tools", str(HERE))
        self.bank.DONE.clear()

    def go(self) -> Run:
        return go(self.flow, self.store, self.clock, {"order": self.order}, tools=str(HERE))

    def decide(self, approved: bool, **more: Any) -> bool:
        return decide(self.flow, self.store, "r1", None, approved, by="ann", clock=self.clock, **more)

    def send(self, value: object, **more: Any) -> bool:
        return signal(self.flow, self.store, "r1", "settled", value, clock=self.clock, **more)

    def pass_(self, hours: float) -> Run:
        self.clock.sleep(hours * HOUR)
        return self.go()

    def kinds(self, wanted: str) -> list[str]:
        row = self.store.find("r1")
        assert row is not None
        return [event[3] for event in self.store.events(row) if event[2] == wanted]


def waits(going: Run) -> list[tuple[object, object]]:
    assert going.suspended
    return [(wait["step"], wait["kind"]) for wait in going.waits]


def test_a_run_waits_for_people_time_and_signals(durable: plan.Plan) -> None:
    desk = Desk(durable, "o1")
    assert waits(desk.go()) == [("amount.decision", "approval"), ("amount.timeout", "timer")]
    assert desk.decide(True, values={"amount": 10.0}, delivery="d1")
    assert not desk.decide(True, values={"amount": 10.0}, delivery="d1")
    assert waits(desk.go()) == [("wait", "timer")]
    assert desk.bank.DONE == [("refund", 10.0), ("book", "p-o1")]
    assert waits(desk.pass_(1)) == [("wait", "timer")]
    assert waits(desk.pass_(1)) == [("settled", "signal")]
    assert desk.send({"id": "s-9", "amount": 10.0})
    ended = desk.go()
    assert (ended.result, ended.failure) == ("s-9972", None)
    assert desk.bank.DONE == [("refund", 10.0), ("book", "p-o1")]


def test_nobody_answers(durable: plan.Plan) -> None:
    desk = Desk(durable, "o1")
    desk.go()
    ended = desk.pass_(24)
    assert ended.failure is not None and ended.failure.code == "refused" and not desk.bank.DONE


def test_what_people_send_is_of_its_type_or_leaves_no_trace(durable: plan.Plan) -> None:
    desk = Desk(durable, "o1")
    desk.go()
    for wrong in ({"amount": "much"}, {"price": 1.0}):
        with pytest.raises(Failure, match="validation"):
            desk.decide(True, values=wrong)
    with pytest.raises(Failure, match="validation"):
        desk.send({"id": 1})
    with pytest.raises(Failure, match="not_found"):
        signal(desk.flow, desk.store, "r1", "other", None, clock=desk.clock)
    assert not desk.kinds("approval.decided") and not desk.kinds("signal.received")


def test_a_signal_may_come_before_its_step_and_none_may_come_at_all(durable: plan.Plan) -> None:
    early, never = Desk(durable, "o1"), Desk(durable, "o2")
    early.go()
    early.send({"id": "early", "amount": 1.0})
    for desk, wanted in ((early, "early972"), (never, "p-o2972")):
        desk.go()
        desk.decide(True)
        desk.go()
        ended = desk.pass_(2)
        assert (desk.pass_(24) if ended.suspended else ended).result == wanted


def test_a_shaky_bank_is_asked_again(durable: plan.Plan) -> None:
    desk = Desk(durable, "shaky")
    desk.go()
    desk.decide(True)
    assert waits(desk.go()) == [("wait", "timer")]
    assert [name for name, _ in desk.bank.DONE] == ["refund", "refund", "refund", "book"]
    assert desk.kinds("step.retried") == ["paid", "paid#2"] and all(1 <= pause <= 4 for pause in desk.clock.slept)


@pytest.mark.parametrize(("order", "result"), [("stop", "stopped"), ("broken", None)])
def test_what_comes_last_and_what_is_taken_back(durable: plan.Plan, order: str, result: str | None) -> None:
    desk = Desk(durable, order)
    desk.go()
    desk.decide(True)
    desk.go()
    desk.pass_(2)
    ended = desk.pass_(24)
    assert ended.result == result and desk.kinds("custom.ended") == ["ended"]
    assert (("void", "p-broken") in desk.bank.DONE) == (result is None)
    assert desk.kinds("compensation.completed") == ([] if result else ["paid.compensate"])


def test_a_failure_has_a_name_in_its_handler(durable: plan.Plan) -> None:
    desk = Desk(durable, "o1")
    desk.go()
    desk.decide(True)
    desk.send({"id": "lost", "amount": 1.0})
    desk.go()
    assert desk.pass_(2).result == "nobody there972" and desk.kinds("custom.not_told")


def test_a_cancelled_run_takes_back_what_it_did(durable: plan.Plan) -> None:
    desk = Desk(durable, "o1")
    desk.go()
    desk.decide(True)
    desk.go()
    cancel(desk.flow, desk.store, "r1", "no more", by="ann", clock=desk.clock)
    ended = desk.go()
    assert ended.failure is not None and ended.failure.code == "cancelled"
    assert desk.bank.DONE[-1] == ("void", "p-o1") and not desk.kinds("custom.ended")


def test_steps_of_children_are_known_by_their_path(durable: plan.Plan) -> None:
    flow = load_all(durable)["durable"]
    role, check = flow.approvals.get("amount.decision") or ("", None)
    assert role == "refunds" and check is not None and flow.approvals.get("decision") is None
    assert set(flow.signals) == {"settled"} and set(flow.operations) == {"bank.refund", "bank.void", "bank.book"}


def test_a_budget_ends_a_run() -> None:
    source = body("budget { calls: 2 }\na = t.number(x: 1)\nb = t.number(x: 2)\nc = t.number(x: 3)\nreturn c")
    assert "    ctx = ctx.limited(calls=2)\n" in function(source)
    assert run(source, {"n": 1}).error == "budget_exceeded"
    assert run(source.replace("calls: 2", "calls: 3"), {"n": 1}).result == 3


def test_the_manifest_says_what_runs_wait_for(durable: plan.Plan) -> None:
    data = manifest(durable)
    assert {step: (wait["kind"], wait.get("within")) for step, wait in data["waits"].items()} == {
        "wait": ("timer", 7200.0),
        "settled": ("signal", 86400.0),
        "wait_2": ("timer", 3600.0),
    }
    decision = data["workflows"]["asked"]["waits"]["decision"]
    assert (decision["role"], decision["otherwise"], set(decision["values"]["properties"])) == (
        "refunds",
        "reject",
        {"amount"},
    )
    assert data["budget"] == {"calls": 12, "time": 2592000.0}
    assert data["tools"]["bank"]["operations"]["book"]["on_doubt"] == {
        "policy": "verify",
        "operation": "bank.paid_back",
    }


def test_the_readme_says_who_is_asked(durable: plan.Plan) -> None:
    text = package_files(durable)["README.md"]
    assert "somebody in the role `refunds`; may change `amount` | 1 day | counts as rejected |" in text
    assert "| `settled` | the signal `settled`: `Payment` | 1 day | it is `null` |" in text
    assert "| `bank.book` | the operation `bank.paid_back` is asked |" in text
    assert "may use 12 calls of models and operations, 30 days." in text
    assert "| 4 | the run waits" in text and "| 4 |" not in package_files(made(body("return n")))["README.md"]


PACKAGED = """
tool t = python("t_tools") { op store(key: string, value: int) -> string { effect: write, idempotent_by: key } }

workflow main(n: int) -> string {
  decision = approve "boss" { ask "Store {{ n }}?"  edit value: n  within 1h else reject }
  if !decision.approved { return "no: " + decision.reason }
  kept = t.store(key: "k", value: decision.value)
  note = signal note: string within 1h else null
  return note == null ? kept : kept + ", " + note
}
"""


def test_a_package_waits_without_a_process(tmp_path: Path) -> None:
    """Each command is a process of its own; nothing but Python is there."""
    write(tmp_path, made(PACKAGED))

    def package(*words: str) -> tuple[int, str]:
        done = python("-S", "-m", "main", *words, "--store", "s.db", cwd=tmp_path)
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, done.stdout + done.stderr

    code, said = package("run", "--input", '{"n": 4}', "--run-id", "a")
    assert code == 4 and "boss" in said
    assert package("resume", "a")[0] == 4
    assert package("approve", "a", "--by", "ann", "--set", "value=true")[0] == 2
    assert package("approve", "a", "--by", "ann", "--set", "value=5")[0] == 0
    assert package("signal", "a", "note", "--value", '"late"', "--id", "x")[0] == 0
    assert package("signal", "a", "note", "--value", '"later"', "--id", "x")[0] == 0
    code, said = package("resume", "--all-due")
    assert code == 0
    code, said = package("resume", "a")
    assert code == 0 and '"k=5, late"' in said
    assert package("replay", "a")[0] == 0 and package("verify")[0] == 0


BANK = {
    "bank.total": [12.5],
    "bank.refund": [Computed(lambda **given: {"id": "p", "amount": given["amount"]})],
    "bank.book": [{"id": "b", "amount": 1.0}],
    "bank.tell": [Computed(lambda **given: given["text"])],
    "bank.rate": [1],
}


def answered(compiled: plan.Plan, **mocks: list[object]) -> Tested:
    named = {name.replace("__", " "): replies for name, replies in mocks.items()}
    return run_test(load_all(compiled)["durable"], {"order": "o"}, BANK | named)


def test_in_tests_people_answer_as_they_are_told_and_nothing_takes_time(durable: plan.Plan) -> None:
    sent: list[object] = [{"id": "s", "amount": 1.0}]
    ended = answered(durable, approve__decision=[{"approved": True, "amount": 3.0}], signal__settled=sent)
    assert (ended.result, ended.error) == ("s12", None)
    assert [ended.calls(name) for name in ("approve", "approve amount.decision", "signal settled")] == [1, 1, 1]
    assert ended.calls("bank.refund") == 1
    refused = answered(durable, approve__decision=[{"approved": False, "reason": "no", "by": "ann"}])
    assert refused.error == "refused" and refused.failure is not None and refused.failure.message == "ann: no"
    assert answered(durable).error == "refused", "nobody has decided in time"
    assert answered(durable, approve__decision=[{"approved": True}]).result == "p12", "no signal has come"
    wrong = answered(durable, approve__decision=[{"approved": True, "amount": "much"}])
    assert wrong.error == "validation"
