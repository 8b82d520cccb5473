"""The driver: branches, their failures, threads, interruption, and logs that do not depend on timing."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from agent_lattice_runtime import engine
from agent_lattice_runtime.cel import CelError
from agent_lattice_runtime.context import Context
from agent_lattice_runtime.errors import Failure
from agent_lattice_runtime.execute import run_many, start
from agent_lattice_runtime.interrupts import interruptible
from agent_lattice_runtime.replay import replay
from agent_lattice_runtime.run import Setting
from agent_lattice_runtime.stores.memory import MemoryStore
from agent_lattice_runtime.verify import verify
from hypothesis import given, settings
from hypothesis import strategies as st

from .samples import World, manifest, ops, run, types, workflow


def branches(world: World, *plans: list[Callable[[], Any]]) -> Any:
    """A workflow of one parallel: branch i does its plan's steps s0, s1, … in turn."""
    grants = {}

    def branch(index: int, plan: list[Callable[[], Any]]) -> Any:
        async def body(ctx: Context) -> list[Any]:
            results = []
            for number, function in enumerate(plan):
                op = world.op(f"t.b{index}s{number}", "read", function)
                results.append(await ctx.tool(f"b{index}s{number}", op, {}))
            return results

        return body

    for index, plan in enumerate(plans):
        for number in range(len(plan)):
            grants[f"b{index}s{number}"] = ops(f"t.b{index}s{number}")

    async def flow(ctx: Context) -> Any:
        return list(await ctx.parallel(*(branch(index, plan) for index, plan in enumerate(plans))))

    return workflow(flow, manifest(**grants))


def slow(seconds: float, value: Any = None) -> Callable[[], Any]:
    def function() -> Any:
        time.sleep(seconds)
        if isinstance(value, Exception):
            raise value
        return value

    return function


def test_results_are_in_the_order_of_the_branches() -> None:
    world = World()
    outcome, _ = run(branches(world, [slow(0.03, "a")], [slow(0.0, "b"), slow(0.0, "c")], []))
    assert outcome.result == [["a"], ["b", "c"], []]


def test_branches_run_side_by_side_and_a_single_step_in_the_callers_thread() -> None:
    threads: list[str] = []
    meeting = threading.Barrier(8, timeout=10)

    def where() -> None:
        threads.append(threading.current_thread().name)

    outcome, _ = run(branches(World(), *([lambda: (where(), meeting.wait() * 0)[1]] for _ in range(8))))
    assert outcome.failure is None, "all eight were going on at once, or the barrier would have broken"
    assert len(set(threads)) == 8
    threads.clear()
    run(branches(World(), [where, where]))
    assert set(threads) == {threading.current_thread().name}


def test_a_failure_cancels_siblings_before_their_next_effect_and_records_what_was_going_on() -> None:
    world = World()
    flow = branches(world, [slow(0.05, 1), slow(0, 2)], [slow(0.01, Failure("unavailable", "down"))])
    outcome, store = run(flow)
    assert outcome.failure is not None
    assert (outcome.failure.code, outcome.failure.step) == ("unavailable", "b1s0")
    assert [name for name, _ in world.done] == ["t.b0s0"], "b0s1 was never started"
    assert types(store) == ["run.started", "b1s0 step.failed", "b0s0 step.completed", "run.failed"]
    assert replay(flow, "r1", store).divergence is None


@pytest.mark.parametrize("first", [0.0, 0.03])
def test_of_several_failures_the_one_of_the_first_branch_counts(first: float) -> None:
    flow = branches(World(), [slow(first, Failure("timeout", "a"))], [slow(0.015, Failure("conflict", "b"))])
    outcome, store = run(flow)
    assert outcome.failure is not None
    assert outcome.failure.code == "timeout"
    assert replay(flow, "r1", store).divergence is None


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(st.tuples(st.integers(0, 4), st.booleans()), max_size=3), min_size=1, max_size=4))
def test_any_interleaving_gives_the_same_events_per_branch(plan: list[list[tuple[int, bool]]]) -> None:
    def build(world: World, scale: float) -> Any:
        steps = [
            [
                slow(delay * scale, Failure("unavailable", "x") if fails else number)
                for number, (delay, fails) in enumerate(each)
            ]
            for each in plan
        ]
        return branches(world, *steps)

    logs = []
    for scale in (0.0, 0.001):
        flow = build(World(), scale)
        outcome, store = run(flow)
        logs.append((outcome, [line for line in types(store) if line.startswith("b")]))
        row = store.find("r1")
        assert row is not None
        assert verify(store, row) is None
        assert replay(flow, "r1", store).divergence is None
    if not any(fails for each in plan for _, fails in each):
        assert sorted(logs[0][1]) == sorted(logs[1][1])
        assert logs[0][0].result == logs[1][0].result
        for index in range(len(plan)):
            per_branch = [[line for line in log if line.startswith(f"b{index}")] for _, log in logs]
            assert per_branch[0] == per_branch[1]
    else:
        assert all(outcome.failure is not None for outcome, _ in logs)


def test_nested_parallels_are_cancelled_too() -> None:
    world = World()
    late = world.op("t.late", "write", lambda: 1)
    fail = world.op("t.fail", "read", slow(0.01, Failure("refused", "no")))
    wait = world.op("t.wait", "read", slow(0.04, 0))

    async def inner(ctx: Context) -> Any:
        async def two(ctx: Context) -> Any:
            await ctx.tool("wait", wait, {})
            return await ctx.tool("late", late, {})

        return await ctx.parallel(two, two)

    async def flow(ctx: Context) -> Any:
        return await ctx.parallel(inner, lambda ctx: ctx.tool("fail", fail, {}))

    grants = manifest(wait=ops("t.wait"), late=ops("t.late"), fail=ops("t.fail"))
    outcome, store = run(workflow(flow, grants))
    assert outcome.failure is not None
    assert outcome.failure.code == "refused"
    assert "t.late" not in [name for name, _ in world.done]
    assert not any("intended" in line for line in types(store))


@pytest.mark.parametrize("width", [1, 2, 7, 100])
def test_map_keeps_order_and_width(width: int) -> None:
    world, now, most = World(), [0], [0]
    lock = threading.Lock()

    def work(n: int) -> int:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.002)
        with lock:
            now[0] -= 1
        return n * n

    op = world.op("t.work", "read", work)

    async def body(ctx: Context, n: int) -> Any:
        return await ctx.tool("w", op, {"n": n})

    async def flow(ctx: Context) -> Any:
        return await ctx.map("ys", list(range(20)), 20, width, body)

    outcome, store = run(workflow(flow, manifest(ys__w=ops("t.work"))))
    assert outcome.result == [n * n for n in range(20)]
    assert most[0] <= width
    assert "ys[3].w step.completed" in types(store)


def test_more_items_than_allowed() -> None:
    async def flow(ctx: Context) -> Any:
        return await ctx.map("ys", [1, 2, 3], 2, 1, lambda ctx, n: ctx.emit("x", "x", n))  # type: ignore[arg-type]

    outcome, _ = run(workflow(flow, manifest()))
    assert outcome.failure is not None
    assert (outcome.failure.code, outcome.failure.message) == ("validation", "ys has 3 items, at most 2 are allowed")


def test_empty_parallel_and_empty_map() -> None:
    async def flow(ctx: Context) -> Any:
        return [list(await ctx.parallel()), await ctx.map("ys", [], 5, 3, lambda ctx, n: ctx.emit("x", "x", n))]

    assert run(workflow(flow, manifest()))[0].result == [[], []]


def test_a_defect_in_the_code_is_an_internal_failure() -> None:
    async def flow(ctx: Context) -> Any:
        return {}["missing"]

    outcome, store = run(workflow(flow, manifest()))
    assert outcome.failure is not None
    assert (outcome.failure.code, outcome.failure.message) == ("internal", "KeyError: 'missing'")
    assert types(store) == ["run.started", "run.failed"]


def test_an_expression_that_cannot_be_computed_is_a_validation_failure() -> None:
    async def flow(ctx: Context) -> Any:
        raise CelError("integer overflow")

    outcome, _ = run(workflow(flow, manifest()))
    assert outcome.failure is not None
    assert (outcome.failure.code, outcome.failure.message) == ("validation", "integer overflow")


def test_a_result_that_is_not_of_the_declared_type_fails_the_run() -> None:
    async def flow(ctx: Context) -> Any:
        return object()

    outcome, _ = run(workflow(flow, manifest()))
    assert outcome.failure is not None
    assert outcome.failure.code == "validation"


class Signalled(MemoryStore):
    """Sends the process a signal at the n-th commit."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.left = at

    def append(self, batch: Any) -> None:
        super().append(batch)
        self.left -= 1
        if self.left == 0:
            signal.raise_signal(signal.SIGTERM)


@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_signal_leaves_a_log_that_can_be_resumed(at: int) -> None:
    flow, store = branches(World(), [slow(0, 1), slow(0, 2), slow(0, 3)]), Signalled(at)
    with pytest.raises(KeyboardInterrupt), interruptible():
        start(flow, {}, store, "r1")
    row = store.find("r1")
    assert row is not None
    assert row.status == "running"
    assert verify(store, row) is None
    assert start(flow, {}, store, "r1").result == [[1, 2, 3]]


def test_a_write_that_is_going_on_is_finished_and_recorded_before_a_signal_stops_the_run() -> None:
    world = World()

    def pay() -> int:
        signal.raise_signal(signal.SIGINT)
        return 7

    write, after = world.op("t.pay", "write", pay), world.op("t.after", "read", lambda: 1)

    async def flow(ctx: Context) -> Any:
        return [await ctx.tool("pay", write, {}), await ctx.tool("after", after, {})]

    flow_, store = workflow(flow, manifest(pay=ops("t.pay"), after=ops("t.after"))), MemoryStore()
    with pytest.raises(KeyboardInterrupt), interruptible():
        start(flow_, {}, store, "r1")
    assert types(store) == ["run.started", "pay effect.intended", "pay effect.committed"]
    assert start(flow_, {}, store, "r1").result == [7, 1]
    assert [name for name, _ in world.done] == ["t.pay", "t.after"]


def test_a_signal_while_threads_work_lets_them_finish_and_records_them() -> None:
    world = World()
    flow = branches(world, [slow(0.05, 1), slow(0, 2)], [slow(0.05, 3), slow(0, 4)])
    store = MemoryStore()
    timer = threading.Timer(0.02, lambda: signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT))
    with pytest.raises(KeyboardInterrupt), interruptible():
        timer.start()
        start(flow, {}, store, "r1")
    assert sorted(types(store)) == ["b0s0 step.completed", "b1s0 step.completed", "run.started"]
    assert start(flow, {}, store, "r1").result == [[1, 2], [3, 4]]
    assert len(world.done) == 4


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")  # stopped before the loop began
@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1500))
def test_a_signal_at_any_line_of_the_runtime_loses_nothing(line: int) -> None:
    """The process is told to stop at the n-th line that it executes: what was done is in the log, exactly once."""
    world, store = World(), MemoryStore()
    pay, look = world.op("t.pay", "write", lambda n: n), world.op("t.look", "read", lambda n: n)

    async def pair(ctx: Context, n: int) -> Any:
        return [await ctx.tool("look", look, {"n": n}), await ctx.tool("pay", pay, {"n": n})]

    async def flow(ctx: Context) -> Any:
        return [await pair(ctx.at("loop", n), n) for n in range(3)]

    flow_ = workflow(flow, manifest(loop__look=ops("t.look"), loop__pay=ops("t.pay")))
    left = [line + 1]

    def tracer(frame: Any, event: str, argument: object) -> Any:
        if event == "line" and "agent_lattice_runtime" in frame.f_code.co_filename:
            left[0] -= 1
            if left[0] == 0:
                signal.raise_signal(signal.SIGTERM)
        return tracer

    with interruptible(), suppress(KeyboardInterrupt):
        sys.settrace(tracer)
        try:
            start(flow_, {}, store, "r1")
        finally:
            sys.settrace(None)
    resumed = start(flow_, {}, store, "r1")
    assert resumed.failure is None
    assert resumed.result == [[n, n] for n in range(3)]
    assert [step for name, step in world.done if name == "t.pay"] == [f"loop[{n}].pay" for n in range(3)]
    row = store.find("r1")
    assert row is not None
    assert verify(store, row) is None


def test_without_a_loop_a_signal_is_an_ordinary_interruption() -> None:
    with pytest.raises(KeyboardInterrupt):
        engine.interrupt()


def test_events_are_shown_only_after_their_commit() -> None:
    shown: list[int] = []

    class Watching(MemoryStore):
        def append(self, batch: Any) -> None:
            assert len(shown) == sum(len(list(self.events(row))) for row in self.runs())
            super().append(batch)

    setting = Setting(on_event=lambda row, event: shown.append(event[0]))
    start(branches(World(), [slow(0), slow(0)]), {}, Watching(), "r1", setting)
    assert shown == [1, 2, 3, 4]


def test_one_run_that_lost_its_store_does_not_stop_the_others() -> None:
    world, store = World(), MemoryStore()
    flow: Any
    stolen: list[Any] = []

    def work(n: int) -> int:
        if n == 1 and not stolen:
            stolen.append(start(flow, {"n": 1}, store, "r1"))
            store.close()  # as if this driver had lost what it has claimed
            stolen.append(start(flow, {"n": 1}, store, "r1"))
        return n

    op = world.op("t.work", "read", work)

    async def body(ctx: Context, n: int) -> Any:
        return await ctx.tool("a", op, {"n": n}) + await ctx.tool("b", op, {"n": n})

    flow = workflow(body, manifest(a=ops("t.work"), b=ops("t.work")))
    runs = run_many(flow, [(f"r{n}", {"n": n}) for n in range(3)], store)
    assert [each.failure.code if each.failure else each.result for each in runs] == [0, "conflict", 4]
    assert stolen[0].failure.message == "run r1 is being driven by another process" and stolen[1].result == 2
    assert all(verify(store, row) is None for row in store.runs())
