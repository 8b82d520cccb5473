"""A run that is stopped from another thread goes on later as if nothing had happened, or is over for good and says why."""

from __future__ import annotations

from contextlib import suppress
from threading import Thread
from typing import Any

import pytest
from agent_lattice_runtime.context import Context
from agent_lattice_runtime.engine import Loop
from agent_lattice_runtime.errors import Failure
from agent_lattice_runtime.execute import cancel, drive, prepared, resume, start
from agent_lattice_runtime.replay import replay
from agent_lattice_runtime.run import Run, Setting
from agent_lattice_runtime.stores.memory import MemoryStore
from agent_lattice_runtime.verify import verify

from .samples import REFUND_REPLIES, World, manifest, ops, refund, run, types, workflow

INPUT = {"order_id": "A1"}


def undisturbed() -> tuple[Any, list[tuple[str, str]]]:
    outcome, store = run(refund(World()), INPUT, scripted=REFUND_REPLIES)
    return outcome.result, log(store, store.runs()[0].run_id)


def log(store: MemoryStore, run_id: str = "r1") -> list[tuple[str, str]]:
    row = store.find(run_id)
    return [] if row is None else [(event[2], event[3]) for event in store.events(row)]


def stopped_at(place: int, *, starting: bool, farewell: str | None) -> tuple[Run, World, MemoryStore]:
    """A run that is told to stop when its event number `place` is durable, or just before its effect of that number."""
    world, store, count = World(), MemoryStore(), 0
    loop = Loop(store, apart=True)

    def seen(*_: object) -> None:
        nonlocal count
        count += 1
        if count == place:
            stopper = Thread(target=loop.stop) if farewell is None else Thread(target=loop.cancel, args=(farewell,))
            stopper.start()
            stopper.join()

    listeners = {"on_notice": seen} if starting else {"on_event": seen}
    setting = Setting(scripted=REFUND_REPLIES, **listeners)  # type: ignore[arg-type]
    flow = refund(world)
    made, value = prepared(flow, INPUT, store, "r1", setting)
    with suppress(KeyboardInterrupt):
        drive(flow, [(made, value)], loop)
    return made, world, store


PLACES = [(place, starting) for place in range(1, 23) for starting in (False, True)]


@pytest.mark.parametrize(("place", "starting"), PLACES)
def test_a_cancelled_run_is_over_at_the_next_commit(place: int, starting: bool) -> None:
    made, world, store = stopped_at(place, starting=starting, farewell="enough")
    row = store.find("r1")
    assert row is not None and verify(store, row) is None
    if row.status == "completed":
        assert made.result == undisturbed()[0]
        return
    whole, events = undisturbed()[1], log(store)
    assert row.status == "cancelled" and events.pop() == ("run.cancelled", "")
    events.remove(("run.cancelling", ""))
    assert sorted(events) == sorted(set(events) & set(whole)), "nothing else happened than in an undisturbed run"
    intended = {step for kind, step in events if kind == "effect.intended"}
    assert intended <= {step for kind, step in events if kind == "effect.committed"}, "a write has its outcome"
    done = list(world.done)
    for outcome in (made, start(refund(world), INPUT, store, "r1"), resume(refund(world), "r1", store)):
        assert outcome.failure is not None
        assert (outcome.failure.code, outcome.failure.message) == ("cancelled", "the run was cancelled: enough")
    found = replay(refund(world), "r1", store)
    assert found.finished and found.divergence is None and found.failure is not None
    assert found.failure.code == "cancelled" and world.done == done, "nothing was performed"


@pytest.mark.parametrize(("place", "starting"), PLACES)
def test_a_stopped_run_goes_on_where_it_was(place: int, starting: bool) -> None:
    _, world, store = stopped_at(place, starting=starting, farewell=None)
    ended = start(refund(world), INPUT, store, "r1", Setting(scripted=REFUND_REPLIES))
    result, whole = undisturbed()
    assert ended.failure is None and ended.result == result
    assert sorted(set(log(store)) - {("run.resumed", "")}) == sorted(set(whole))
    assert len([line for line in world.done if line[0] == "shop.pay"]) == 1


def test_a_loop_that_stands_apart_writes_the_same_log() -> None:
    made, _, store = stopped_at(0, starting=False, farewell=None)
    assert (made.result, log(store)) == undisturbed()


def test_a_stored_run_is_cancelled_and_who_drives_it_finds_out() -> None:
    world, store = World(), MemoryStore()

    def steal() -> None:
        cancel(flow, "r1", store, "by the other")

    async def body(ctx: Context) -> Any:
        await ctx.tool("first", world.op("t.first", "read", lambda: 1), {})
        await ctx.tool("second", world.op("t.second", "read", steal), {})
        await ctx.tool("third", world.op("t.third", "read", lambda: 3), {})

    flow = workflow(body, manifest(first=ops("t.first"), second=ops("t.second"), third=ops("t.third")))
    ended = start(flow, {}, store, "r1")
    assert ended.failure is not None and ended.failure.code == "cancelled"
    log = ["run.started", "first step.completed", "run.cancelling", "second step.completed", "run.cancelled"]
    assert types(store) == log, "what went on has its outcome, nothing else begins"
    assert [name for name, _ in world.done] == ["t.first", "t.second"]
    again = cancel(flow, "r1", store, "twice")
    assert again.failure is not None and again.failure.message == "the run was cancelled: by the other"
    assert types(store) == log


def test_what_is_over_or_unknown_is_not_cancelled() -> None:
    flow = refund(World())
    outcome, store = run(flow, INPUT, scripted=REFUND_REPLIES)
    run_id = store.runs()[0].run_id
    assert cancel(flow, run_id, store, "too late").result == outcome.result
    assert store.runs()[0].status == "completed"
    with pytest.raises(Failure, match="there is no run nobody"):
        cancel(flow, "nobody", store, "?")


def test_the_reason_holds_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "s3cr3t-value")
    world, store = World(), MemoryStore()
    op = world.op("t.one", "read", lambda: loop.cancel("it was s3cr3t-value"))

    async def body(ctx: Context) -> Any:
        await ctx.tool("one", op, {})
        await ctx.tool("two", op, {})

    grants = manifest(one=ops("t.one"), two=ops("t.one"))
    grants["permissions"]["total"] = {"secrets": ["KEY"]}
    flow, loop = workflow(body, grants), Loop(store, apart=True)
    made, value = prepared(flow, {}, store, "r1", Setting())
    drive(flow, [(made, value)], loop)
    assert made.failure is not None and made.failure.message == "the run was cancelled: it was [secret KEY]"
    row = store.find("r1")
    assert row is not None
    (asked,) = [event for event in store.events(row) if event[2] == "run.cancelling"]
    assert "it was [secret KEY]" in asked[4] and asked[5] == '{"secrets":["KEY"]}'
    assert store.events(row)[-1][4] == '{"message":"it was [secret KEY]"}'
