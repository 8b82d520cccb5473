"""A run that dies at any commit and is resumed ends as if nothing had happened, with every effect done once."""

from __future__ import annotations

from typing import Any

import pytest
from agent_lattice_runtime.context import Context
from agent_lattice_runtime.errors import Conflict, Divergence, Failure, StoreFailure
from agent_lattice_runtime.execute import resume, run_many, start
from agent_lattice_runtime.replay import replay
from agent_lattice_runtime.run import Setting
from agent_lattice_runtime.stores.memory import MemoryStore
from agent_lattice_runtime.verify import verify
from hypothesis import given, settings
from hypothesis import strategies as st

from .samples import (
    REFUND_REPLIES,
    Crash,
    CrashingStore,
    World,
    check_int,
    manifest,
    ops,
    refund,
    run,
    types,
    workflow,
)

INPUT = {"order_id": "A1"}
ENDINGS = (".completed", ".committed")


def crash_and_resume(crashes: list[tuple[int, bool]]) -> tuple[Any, World, MemoryStore, int]:
    world, store, died = World(), MemoryStore(), 0
    flow, setting = refund(world), Setting(scripted=REFUND_REPLIES)
    for at, after in crashes:
        try:
            start(flow, INPUT, CrashingStore(store, at, after), "r1", setting)  # type: ignore[arg-type]
        except Crash:
            died += 1
    return start(flow, INPUT, store, "r1", setting), world, store, died


def whole() -> Any:
    outcome, store = run(refund(World()), INPUT, scripted=REFUND_REPLIES)
    assert outcome.failure is None
    return outcome.result, len(list(store.events(store.runs()[0])))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(1, 22), st.booleans()), min_size=1, max_size=6))
def test_any_crashes_any_number_of_times(crashes: list[tuple[int, bool]]) -> None:
    run_, world, store, _ = crash_and_resume(crashes)
    assert run_.failure is None
    assert run_.result == whole()[0]
    writes = {line for line in world.done if line[0] == "shop.pay"}
    assert len(writes) == 1, "the idempotency key never changes"
    row = store.find("r1")
    assert row is not None
    assert verify(store, row) is None
    assert replay(refund(World()), "r1", store).divergence is None
    completed = [line for line in types(store) if line.endswith(ENDINGS)]
    assert len(completed) == len(set(completed)), "no step is recorded twice"


@pytest.mark.parametrize("after", [False, True])
def test_a_crash_at_every_single_commit(after: bool) -> None:
    result, _ = whole()
    for at in range(1, 100):
        world, store = World(), MemoryStore()
        flow, setting = refund(world), Setting(scripted=REFUND_REPLIES)
        try:
            start(flow, INPUT, CrashingStore(store, at, after), "r1", setting)  # type: ignore[arg-type]
        except Crash:
            recorded = {line.split()[0] for line in types(store) if line.endswith(ENDINGS)} if store.runs() else set()
            before = len(world.done)
            assert start(flow, INPUT, store, "r1", setting).result == result
            assert not recorded & {step.split()[0] for _, step in world.done[before:]}
        else:
            break
    assert at > 15


def test_effects_whose_outcome_is_recorded_are_never_repeated() -> None:
    """Resuming from every prefix of a finished log performs exactly what the rest of that log holds."""
    world = World()
    flow, setting = refund(world), Setting(scripted=REFUND_REPLIES)
    store = MemoryStore()
    start(flow, INPUT, store, "r1", setting)
    row = store.find("r1")
    assert row is not None
    events = list(store.events(row))
    for length in range(1, len(events)):
        cut, again = MemoryStore(), World()
        fresh = type(row)(row.run_id, row.workflow, row.plan, status="running")
        cut.append([(fresh, events[:length])])
        cut.release(fresh)
        resumed = resume(refund(again), "r1", cut, setting)
        assert resumed.failure is None
        recorded = {event[3] for event in events[:length] if event[2] in ("step.completed", "effect.committed")}
        assert not recorded & {step.split()[0] for _, step in again.done}
        assert len(again.done) + len([step for step in recorded if step != "triage"]) == len(world.done)
        finding = cut.find("r1")
        assert finding is not None
        assert verify(cut, finding) is None


@pytest.mark.parametrize("at", range(1, 17, 3))
def test_a_store_that_fails_stops_the_run_where_it_can_be_resumed(at: int) -> None:
    class Full(CrashingStore):
        def append(self, batch: Any) -> None:
            try:
                super().append(batch)
            except Crash:
                raise StoreFailure("unavailable", "the disk is full") from None

    world, store = World(), MemoryStore()
    flow, setting = refund(world), Setting(scripted=REFUND_REPLIES)
    with pytest.raises(StoreFailure, match="the disk is full"):
        start(flow, INPUT, Full(store, at, False), "r1", setting)  # type: ignore[arg-type]
    assert start(flow, INPUT, store, "r1", setting).result == whole()[0]
    row = store.find("r1")
    assert row is not None
    assert verify(store, row) is None


def test_the_same_run_id_is_the_same_run() -> None:
    world, store = World(), MemoryStore()
    flow, setting = refund(world), Setting(scripted=REFUND_REPLIES)
    first = start(flow, INPUT, store, "r1", setting)
    done = len(world.done)
    second = start(flow, INPUT, store, "r1", setting)
    assert second.result == first.result
    assert len(world.done) == done
    with pytest.raises(Failure, match="another input"):
        start(flow, {"order_id": "B2"}, store, "r1", setting)
    assert resume(flow, "r1", store).result == first.result
    with pytest.raises(Failure, match="no run nobody"):
        resume(flow, "nobody", store)


@pytest.mark.parametrize("falsy", [0, "", False, None, [], {}, 0.0])
def test_a_falsy_result_is_a_result(falsy: object) -> None:
    world = World()
    first = world.op("t.first", "read", lambda: falsy)
    second = world.op("t.second", "read", lambda: falsy)

    async def flow(ctx: Context) -> object:
        return [await ctx.tool("a", first, {}), await ctx.tool("b", second, {})]

    flow_ = workflow(flow, manifest(a=ops("t.first"), b=ops("t.second")))
    store = MemoryStore()
    with pytest.raises(Crash):
        start(flow_, {}, CrashingStore(store, 2, True), "r1")  # type: ignore[arg-type]
    assert start(flow_, {}, store, "r1").result == [falsy, falsy]
    assert [name for name, _ in world.done] == ["t.first", "t.second"]


def writing(world: World, key: str | None) -> Any:
    pay = world.op("bank.pay", "write", lambda order: order, key=key)

    async def flow(ctx: Context) -> object:
        return await ctx.tool("pay", pay, {"order": "A1"})

    return workflow(flow, manifest(pay=ops("bank.pay")))


@pytest.mark.parametrize("key", [None, "order"])
def test_a_write_without_outcome(key: str | None) -> None:
    world, store = World(), MemoryStore()
    flow = writing(world, key)
    with pytest.raises(Crash):  # the outcome is lost: the write happened, nobody knows
        start(flow, {}, CrashingStore(store, 2, False), "r1")  # type: ignore[arg-type]
    assert types(store) == ["run.started", "pay effect.intended"]
    resumed = start(flow, {}, store, "r1")
    if key is None:
        assert resumed.failure is not None
        assert (resumed.failure.code, resumed.failure.step) == ("in_doubt", "pay")
        assert len(world.done) == 1
        assert types(store)[2:] == ["run.resumed", "pay effect.in_doubt", "run.failed"]
        assert start(flow, {}, store, "r1").failure is not None
    else:
        assert resumed.failure is None
        assert len(world.done) == 2
        assert world.done[0] == world.done[1], "the same key"
        assert types(store)[2:] == ["run.resumed", "pay effect.committed", "run.completed"]
    assert replay(flow, "r1", store).divergence is None


def test_two_processes_cannot_both_continue_a_run() -> None:
    """The one that appends second is stopped by the number of its event."""
    store, inner = MemoryStore(), []
    world = World()
    flow: Any

    def meddle() -> int:
        if not inner:
            inner.append(True)
            store.close()  # as if the first one had lost what it has claimed
            inner.append(start(flow, {}, store, "r1"))
        return 1

    read = world.op("t.read", "read", meddle)
    write = world.op("t.write", "write", lambda: 2)

    async def body(ctx: Context) -> object:
        return [await ctx.tool("a", read, {}), await ctx.tool("b", write, {})]

    flow = workflow(body, manifest(a=ops("t.read"), b=ops("t.write")))
    outer = start(flow, {}, store, "r1")
    assert isinstance(outer.failure, Conflict)
    assert inner[1].result == [1, 2]  # type: ignore[attr-defined]
    assert [name for name, _ in world.done].count("t.write") == 1
    row = store.find("r1")
    assert row is not None
    assert verify(store, row) is None


def test_changed_code_is_a_divergence_that_names_the_step_and_leaves_the_log_alone() -> None:
    world, store = World(), MemoryStore()
    double = world.op("t.double", "pure", lambda n: n * 2, output=check_int)

    def variant(n: int, name: str = "d") -> Any:
        async def flow(ctx: Context) -> object:
            return await ctx.tool("e", double, {"n": await ctx.tool(name, double, {"n": n})})

        return workflow(flow, manifest(d=ops("t.double"), e=ops("t.double"), c=ops("t.double")))

    with pytest.raises(Crash):
        start(variant(1), {}, CrashingStore(store, 2, True), "r1")  # type: ignore[arg-type]
    before = types(store)
    resumed = resume(variant(2), "r1", store)
    assert isinstance(resumed.failure, Divergence)
    assert resumed.failure.step == "d"
    assert resumed.failure.details == ("the log says: n = 1", "the code does: n = 2")
    assert types(store) == before
    assert resume(variant(1), "r1", store).result == 4


def test_many_runs_on_one_store_commit_in_groups() -> None:
    commits = []

    class Counting(MemoryStore):
        def append(self, batch: Any) -> None:
            commits.append(sum(len(events) for _, events in batch))
            super().append(batch)

    world, store = World(), Counting()
    double = world.op("t.double", "pure", lambda n: n * 2)

    async def flow(ctx: Context, n: int) -> object:
        return await ctx.tool("e", double, {"n": await ctx.tool("d", double, {"n": n})})

    flow_ = workflow(flow, manifest(d=ops("t.double"), e=ops("t.double")))
    runs = run_many(flow_, [(None, {"n": n}) for n in range(50)], store)
    assert [run_.result for run_ in runs] == [n * 4 for n in range(50)]
    assert sum(commits) == 50 * 4
    assert len(commits) < 20
    assert all(verify(store, row) is None for row in store.runs())
