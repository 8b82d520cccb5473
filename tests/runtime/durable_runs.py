"""Runs in which every event occurs that has to do with waiting, doubt, tries, races, budgets and taking back."""

from __future__ import annotations

from collections.abc import Iterator
from time import time
from typing import Any

from agent_lattice_runtime.context import Context
from agent_lattice_runtime.deliveries import cancel, resolve, signal
from agent_lattice_runtime.errors import Failure
from agent_lattice_runtime.execute import enqueue, resume
from agent_lattice_runtime.retrying import Retry
from agent_lattice_runtime.stores.memory import MemoryStore

from .patience import HOUR, Clock, approve, duration, go
from .samples import World, check_int, check_record, manifest, ops, workflow
from .test_ledger import Bank, paying, shop


async def everything(ctx: Context) -> Any:
    ctx = ctx.limited(calls=2, time=100 * HOUR)
    world = World()
    paid = await ctx.signal("paid", "payment", check_int, duration(HOUR), lambda: 0)
    late = await ctx.signal("late", "payment", check_int, duration(HOUR), lambda: 0)
    values = {"amount": 1}
    asked = {"role": "r", "question": "?", "within": duration(HOUR), "otherwise": "reject"}
    await ctx.approve("ok", values=values, check=check_record, **asked)  # type: ignore[arg-type]

    async def one(ctx: Context) -> Any:
        return await ctx.tool("look", world.op("t.look", "read", lambda: 1), {})

    async def other(ctx: Context) -> Any:
        await ctx.approve("also", **asked)  # type: ignore[arg-type]

    await ctx.race("first", 1, one, other)
    await ctx.tool("again", world.op("t.look", "read", lambda: 1), {})
    await ctx.tool("beyond", world.op("t.look", "read", lambda: 1), {})
    return [paid, late]


def durable_runs() -> Iterator[MemoryStore]:
    clock, store = Clock(time() + 5), MemoryStore()
    grants = {name: ops("t.look") for name in ("look", "again", "beyond")}
    flow = workflow(everything, manifest(**grants))
    flow.signals = {"payment": check_int}
    enqueue(flow, {}, store, "r1")
    resume(flow, "r1", store, clock.setting())
    signal(flow, store, "r1", "payment", 1, by="shop", clock=clock)
    resume(flow, "r1", store, clock.setting())
    clock.sleep(HOUR)
    resume(flow, "r1", store, clock.setting())
    approve(flow, store, clock, reason="fine", values={"amount": 2})
    ended = resume(flow, "r1", store, clock.setting())
    assert ended.failure is not None and ended.failure.code == "budget_exceeded", ended.failure
    yield store
    yield from doubtful(clock)
    yield from taken_back(clock)


def doubtful(clock: Clock) -> Iterator[MemoryStore]:
    for doubt, how in (("verify", None), ("ask", "redo"), ("ask", "done")):
        store = MemoryStore()
        flow = paying(Bank("after", key=None, doubt=doubt), retry=Retry(1, 1.0, 2.0, ("validation",)))
        go(flow, store, clock)
        if how is not None:
            value = {"value": {"id": 1}} if how == "done" else {}
            resolve(flow, store, "r1", "pay", how, by="ann", clock=clock, **value)
            go(flow, store, clock)
        yield store
    store = MemoryStore()
    go(paying(Bank("after", key="amount"), retry=Retry(1, 1.0, 2.0, ("timeout",))), store, clock)
    yield store


def taken_back(clock: Clock) -> Iterator[MemoryStore]:
    bank, store = Bank(), MemoryStore()
    void = bank.void.function

    def sometimes(id: int) -> None:
        if id == 1:
            raise ValueError("no")
        void(id)

    bank.void.function = sometimes

    async def waits(ctx: Context) -> None:
        await ctx.wait("nap", duration(HOUR))
        raise Failure("refused", "no")

    flow = shop(bank, waits)
    go(flow, store, clock)
    clock.sleep(HOUR)
    go(flow, store, clock)
    yield store
    bank, store = Bank(), MemoryStore()
    flow = shop(bank, waits)
    go(flow, store, clock)
    cancel(flow, store, "r1", "no longer wanted", clock=clock)
    go(flow, store, clock)
    yield store
