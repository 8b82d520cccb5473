"""Runs that wait: nothing of them is left in a process, and they go on when it is time or when somebody says something."""

from __future__ import annotations

from typing import Any

import pytest
from agent_lattice_runtime.context import Context
from agent_lattice_runtime.deliveries import decide, signal
from agent_lattice_runtime.errors import Failure
from agent_lattice_runtime.models import Workflow
from agent_lattice_runtime.replay import replay
from agent_lattice_runtime.stores.memory import MemoryStore
from agent_lattice_runtime.verify import verify

from .patience import HOUR, Clock, approve, due, duration, go, timestamp
from .samples import World, check_int, check_record, manifest, ops, types, workflow


def flow_of(body: Any, grants: dict[str, Any] | None = None, **more: Any) -> Workflow:
    made = workflow(body, grants or manifest())
    for name, value in more.items():
        setattr(made, name, value)
    return made


def sound(flow: Workflow, store: MemoryStore, run_id: str = "r1") -> None:
    row = store.find(run_id)
    assert row is not None and verify(store, row) is None
    assert replay(flow, run_id, store).divergence is None


async def sleeper(ctx: Context) -> Any:
    await ctx.wait("nap", duration(HOUR))
    return "awake"


def test_a_wait_is_over_when_its_time_has_come_in_any_process() -> None:
    store, clock, flow = MemoryStore(), Clock(), flow_of(sleeper)
    first = go(flow, store, clock)
    assert first.suspended and first.failure is None and store.runs()[0].status == "waiting"
    assert due(store) == clock.now // 1000 + int(HOUR * 1e6)
    assert first.waits == [{"kind": "timer", "step": "nap", "until": due(store)}]
    again = go(flow, store, clock)
    assert again.suspended and clock.slept == []
    clock.sleep(HOUR)
    assert go(flow, store, clock).result == "awake"
    assert types(store)[-3:] == ["run.resumed", "nap timer.fired", "run.completed"] and due(store) is None
    sound(flow, store)


def test_a_short_wait_keeps_the_process() -> None:
    async def body(ctx: Context) -> Any:
        await ctx.wait("a", duration(0.5))
        await ctx.wait("b", duration(0))
        await ctx.wait("c", timestamp(5))
        return "awake"

    store, clock = MemoryStore(), Clock()
    assert go(flow_of(body), store, clock).result == "awake"
    assert clock.slept == [pytest.approx(0.5, abs=1e-5)] and "run.waiting" not in types(store)


async def listener(ctx: Context) -> Any:
    return await ctx.signal("paid", "payment", check_int, duration(HOUR), lambda: -1)


def test_a_signal_counts_whenever_it_comes_in_time() -> None:
    flow = flow_of(listener, signals={"payment": check_int})
    store, clock = MemoryStore(), Clock()
    assert go(flow, store, clock).suspended
    clock.sleep(HOUR / 2)
    assert signal(flow, store, "r1", "payment", 5, delivery="d1", clock=clock)
    assert not signal(flow, store, "r1", "payment", 6, delivery="d1"), "the same delivery"
    assert due(store) == clock.now // 1000, "at once"
    assert go(flow, store, clock).result == 5
    sound(flow, store)
    with pytest.raises(Failure, match="is over"):
        signal(flow, store, "r1", "payment", 7)


def test_a_signal_before_its_step_is_kept_and_each_is_taken_once() -> None:
    world = World()

    async def body(ctx: Context) -> Any:
        await ctx.wait("nap", duration(HOUR))
        first = await ctx.signal("one", "payment", check_int, duration(HOUR), lambda: -1)
        second = await ctx.signal("two", "payment", check_int, duration(HOUR), lambda: -2)
        third = await ctx.signal("three", "payment", check_int, duration(HOUR), lambda: -3)
        return [first, second, third]

    flow, store, clock = flow_of(body, signals={"payment": check_int}), MemoryStore(), Clock()
    go(flow, store, clock)
    for value in (1, 2):
        signal(flow, store, "r1", "payment", value, clock=clock)
    clock.sleep(HOUR)
    assert go(flow, store, clock).suspended
    clock.sleep(HOUR)
    assert go(flow, store, clock).result == [1, 2, -3]
    assert world.done == []
    sound(flow, store)


def test_a_signal_after_the_deadline_does_not_count() -> None:
    flow, store = flow_of(listener, signals={"payment": check_int}), MemoryStore()
    go(flow, store, Clock())
    assert signal(flow, store, "r1", "payment", 5), "by a clock that is years ahead"
    assert go(flow, store, Clock()).result == -1, "and the time of a log never steps back"
    sound(flow, store)


def test_a_signal_of_another_type_or_name_leaves_no_trace() -> None:
    flow, store, clock = flow_of(listener, signals={"payment": check_int}), MemoryStore(), Clock()
    go(flow, store, clock)
    before = types(store)
    for name, value, code in (("payment", "x", "validation"), ("nothing", 1, "not_found")):
        with pytest.raises(Failure) as caught:
            signal(flow, store, "r1", name, value)
        assert caught.value.code == code
    assert types(store) == before


async def refund(ctx: Context) -> Any:
    return await ctx.approve(
        "ok",
        role="refunds",
        question="Refund 20?",
        values={"amount": 20},
        check=check_record,
        within=duration(HOUR),
        otherwise="reject",
    )


def test_who_approves_may_change_what_is_shown() -> None:
    flow, store, clock = flow_of(refund, approvals={"ok": ("refunds", check_record)}), MemoryStore(), Clock()
    assert go(flow, store, clock).waits[0]["kind"] == "approval"
    with pytest.raises(Failure, match="no value price"):
        approve(flow, store, clock, values={"price": 1})
    with pytest.raises(Failure, match="something else"):
        approve(flow, store, clock, shown="0" * 64)
    assert approve(flow, store, clock, values={"amount": 15}, reason="fair", delivery="x")
    assert not approve(flow, store, clock, "ok", delivery="x")
    with pytest.raises(Failure, match="ann has approved it already"):
        decide(flow, store, "r1", "ok", False, by="bob")
    assert go(flow, store, clock).result == {"approved": True, "by": "ann", "reason": "fair", "amount": 15}
    sound(flow, store)


@pytest.mark.parametrize("otherwise", ["approve", "reject", "fail"])
def test_nobody_decides(otherwise: str) -> None:
    async def body(ctx: Context) -> Any:
        return await ctx.approve("ok", role="r", question="?", within=duration(HOUR), otherwise=otherwise)

    flow, store, clock = flow_of(body), MemoryStore(), Clock()
    go(flow, store, clock)
    clock.sleep(HOUR)
    ended = go(flow, store, clock)
    if otherwise == "fail":
        assert ended.failure is not None and (ended.failure.code, ended.failure.step) == ("timeout", "ok")
    else:
        assert ended.result == {
            "approved": otherwise == "approve",
            "by": "",
            "reason": "nobody has decided in time",
        }
    sound(flow, store)


def test_several_questions_at_once_are_answered_one_by_one() -> None:
    async def body(ctx: Context) -> Any:
        async def ask(ctx: Context, name: str) -> Any:
            found = await ctx.approve(name, role="r", question=name, within=duration(HOUR), otherwise="reject")
            return found["approved"]

        return list(await ctx.parallel(lambda ctx: ask(ctx, "a"), lambda ctx: ask(ctx, "b")))

    flow, store, clock = flow_of(body), MemoryStore(), Clock()
    assert [wait["step"] for wait in go(flow, store, clock).waits] == ["a", "b"]
    with pytest.raises(Failure, match="say which; open are: a, b"):
        approve(flow, store, clock)
    approve(flow, store, clock, "b")
    assert [wait["step"] for wait in go(flow, store, clock).waits] == ["a"]
    approve(flow, store, clock)
    assert go(flow, store, clock).result == [True, True]
    sound(flow, store)


def test_the_first_of_several_wins_and_the_others_stop() -> None:
    world = World()

    async def body(ctx: Context) -> Any:
        async def quick(ctx: Context) -> Any:
            return await ctx.tool("quick", world.op("t.quick", "read", lambda: "q"), {})

        async def slow(ctx: Context) -> Any:
            await ctx.wait("nap", duration(HOUR))
            return await ctx.tool("slow", world.op("t.slow", "read", lambda: "s"), {})

        return await ctx.race("first", 1, slow, quick)

    flow = flow_of(body, manifest(quick=ops("t.quick"), slow=ops("t.slow")))
    store, clock = MemoryStore(), Clock()
    assert go(flow, store, clock).result == ["q"]
    assert [name for name, _ in world.done] == ["t.quick"]
    assert "first branch.taken" in types(store)
    sound(flow, store)


def test_a_race_needs_so_many_that_end_well() -> None:
    def racing(*outcomes: object) -> Any:
        world = World()

        async def one(ctx: Context, index: int, outcome: object) -> Any:
            def act() -> object:
                if isinstance(outcome, str):
                    raise LookupError(outcome)
                return outcome

            return await ctx.tool(f"s{index}", world.op(f"t.s{index}", "read", act), {})

        async def body(ctx: Context) -> Any:
            branches = [lambda ctx, i=i, o=o: one(ctx, i, o) for i, o in enumerate(outcomes)]
            return await ctx.race("any", 2, *branches)

        return flow_of(body, manifest(**{f"s{i}": ops(f"t.s{i}") for i in range(len(outcomes))}))

    for outcomes, expected in (((1, "x", 3), [1, 3]), (("x", 2, 3), [2, 3]), (("x", "y", 3), None)):
        flow, store = racing(*outcomes), MemoryStore()
        ended = go(flow, store, Clock())
        if expected is None:
            assert ended.failure is not None and ended.failure.message == "x"
        else:
            assert ended.result == expected
        sound(flow, store)


def test_a_limit_of_time_holds_over_several_processes() -> None:
    async def body(ctx: Context) -> Any:
        async def inner(ctx: Context) -> Any:
            return await ctx.approve("ok", role="r", question="?", within=duration(10 * HOUR), otherwise="reject")

        try:
            return await ctx.within("step", HOUR, inner)
        except Failure as failure:
            return ctx.caught(failure, "timeout")

    flow, store, clock = flow_of(body), MemoryStore(), Clock()
    assert go(flow, store, clock).suspended
    clock.sleep(HOUR)
    assert go(flow, store, clock).result == "timeout"
    sound(flow, store)
    in_time, clock = MemoryStore(), Clock()
    go(flow, in_time, clock)
    approve(flow, in_time, clock)
    assert go(flow, in_time, clock).result["approved"]
    sound(flow, in_time)


def test_one_branch_waits_while_the_other_works() -> None:
    world = World()

    async def body(ctx: Context) -> Any:
        async def work(ctx: Context) -> Any:
            return await ctx.tool("work", world.op("t.work", "read", lambda: 1), {})

        return list(await ctx.parallel(sleeper, work))

    flow, store, clock = flow_of(body, manifest(work=ops("t.work"))), MemoryStore(), Clock()
    assert go(flow, store, clock).suspended and len(world.done) == 1
    clock.sleep(HOUR)
    assert go(flow, store, clock).result == ["awake", 1] and len(world.done) == 1
    sound(flow, store)
