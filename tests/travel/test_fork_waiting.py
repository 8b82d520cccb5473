"""Forks of runs that wait, have decisions in their log, have taken something back, or have little time left."""

from __future__ import annotations

from typing import Any

import pytest
from agent_lattice_runtime.canonical import recorded
from agent_lattice_runtime.compensation import Undo
from agent_lattice_runtime.context import Context
from agent_lattice_runtime.deliveries import cancel, decide
from agent_lattice_runtime.errors import Failure
from agent_lattice_runtime.execute import resume
from agent_lattice_runtime.forks import fork
from agent_lattice_runtime.models import Workflow
from agent_lattice_runtime.run import Run
from agent_lattice_runtime.stores.memory import MemoryStore
from agent_lattice_runtime.verify import verify
from runtime.patience import HOUR, Clock, approve, duration, go
from runtime.samples import World, check_record, manifest, ops, workflow
from travel.recording import events_of, row_of


def asking() -> Workflow:
    world = World()
    look = world.op("shop.look", "read", lambda: "seen")

    async def body(ctx: Context) -> Any:
        first = await ctx.approve(
            "first", role="ops", question="One?", values={"amount": 5}, check=check_record,
            within=duration(HOUR), otherwise="reject",
        )  # fmt: skip
        seen = await ctx.tool("seen", look, {})
        second = await ctx.approve("second", role="ops", question="Two?", within=duration(HOUR), otherwise="reject")
        await ctx.wait("nap", duration(HOUR))
        return [first["approved"], seen, second["approved"]]

    return workflow(body, manifest(seen=ops("shop.look")))


def test_a_question_without_answer_is_asked_anew_and_a_decision_stays() -> None:
    flow, store, clock = asking(), MemoryStore(), Clock()
    go(flow, store, clock)
    approve(flow, store, clock)
    assert go(flow, store, clock).waits[0]["step"] == "second"
    clock.sleep(100 * HOUR)
    fork(flow, "r1", store, new_id="f", clock=clock)
    assert [event[3] for event in events_of(store, "f") if event[2] == "approval.requested"] == ["first"]
    again = go(flow, store, clock, run_id="f")
    assert again.suspended and again.waits[0]["step"] == "second"
    assert again.waits[0]["until"] == clock.now // 1000 + int(HOUR * 1e6), "an hour from now, not from then"
    decide(flow, store, "f", "second", True, by="ann", clock=clock)
    assert go(flow, store, clock, run_id="f").waits[0]["step"] == "nap"
    clock.sleep(HOUR)
    assert go(flow, store, clock, run_id="f").result == [True, "seen", True]
    assert go(flow, store, clock).waits[0]["step"] == "nap", "the old run has waited too long, and goes its own way"


def test_a_question_can_be_decided_otherwise_in_a_fork() -> None:
    """From before the question it is asked again; the old run keeps its answer."""
    flow, store, clock = asking(), MemoryStore(), Clock()
    go(flow, store, clock)
    approve(flow, store, clock)
    go(flow, store, clock)
    fork(flow, "r1", store, "first", new_id="f", clock=clock)
    assert go(flow, store, clock, run_id="f").waits[0]["step"] == "first"
    decide(flow, store, "f", None, False, by="bob", clock=clock)
    assert go(flow, store, clock, run_id="f").waits[0]["step"] == "second"
    assert verify(store, row_of(store, "f")) is None


def paying(world: World, failing: list[bool]) -> Workflow:
    pay = world.op("bank.pay", "write", lambda order: {"id": order}, key="order")
    void = world.op("bank.void", "write", lambda id: None, key="id")

    def sent() -> str:
        if failing[0]:
            raise Failure("refused", "no")
        return "sent"

    send = world.op("mail.send", "read", sent)

    async def body(ctx: Context) -> Any:
        paid = await ctx.tool("paid", pay, {"order": "A"}, undo=lambda paid: Undo(void, {"id": paid["id"]}))
        return [paid["id"], await ctx.tool("sent", send, {})]

    grants = manifest(paid=ops("bank.pay", "bank.void"), sent=ops("mail.send"), paid__compensate=ops("bank.void"))
    return workflow(body, grants)


def test_what_was_taken_back_is_no_ground_to_build_on() -> None:
    world, failing = World(), [True]
    flow, store, clock = paying(world, failing), MemoryStore(), Clock()
    run: Run = go(flow, store, clock)
    assert run.failure is not None and any("compensation" in event[2] for event in events_of(store, "r1"))
    with pytest.raises(Failure, match="has taken back paid: begin anew there or before"):
        fork(flow, "r1", store)
    failing[0] = False
    fork(flow, "r1", store, "paid", new_id="f")
    assert resume(flow, "f", store).result == ["A", "sent"]


def test_a_cancelled_run_goes_on_in_a_fork() -> None:
    flow, store, clock = asking(), MemoryStore(), Clock()
    go(flow, store, clock)
    approve(flow, store, clock)
    go(flow, store, clock)
    cancel(flow, store, "r1", "enough", clock=clock)
    assert go(flow, store, clock).failure is not None and row_of(store, "r1").status == "cancelled"
    made = fork(flow, "r1", store, new_id="f", clock=clock)
    assert made.step == "" and go(flow, store, clock, run_id="f").waits[0]["step"] == "second"


def test_the_time_of_a_budget_begins_anew() -> None:
    world = World()
    look = world.op("shop.look", "read", lambda: "seen")

    async def body(ctx: Context) -> Any:
        ctx = ctx.limited(time=HOUR)
        await ctx.tool("one", look, {})
        return await ctx.tool("two", look, {})

    flow = workflow(body, manifest(one=ops("shop.look"), two=ops("shop.look")))
    store, clock = MemoryStore(), Clock()
    assert go(flow, store, clock).result == "seen"
    clock.sleep(100 * HOUR)
    fork(flow, "r1", store, "two", new_id="f", clock=clock)
    assert recorded(events_of(store, "f")[0][4])["forked_from"]["at"] == clock.now // 1000
    assert go(flow, store, clock, run_id="f").result == "seen"
