"""What follows from the end of a branch is looked at before any other branch goes on or a replay comes to the end of its log."""

from __future__ import annotations

from typing import Any

from agent_lattice_runtime.cel_time import Duration
from agent_lattice_runtime.context import Context
from agent_lattice_runtime.errors import Failure
from agent_lattice_runtime.models import Workflow
from agent_lattice_runtime.replay import replay
from agent_lattice_runtime.testing import Fails, Mocks

from .samples import World, manifest, ops, run, types, workflow


def fails() -> Any:
    raise Failure("refused", "no")


def nested(world: World) -> Workflow:
    """A branch that goes on for long, beside one that fails inside a branch of its own, whose siblings are to be told first."""
    step = world.op("t.step", "read", int)
    fail = world.op("t.fail", "read", fails)

    async def long(ctx: Context) -> Any:
        return [await ctx.tool(name, step, {}) for name in ("l1", "l2", "l3")]

    async def sibling(ctx: Context) -> Any:
        return [await ctx.tool(name, step, {}) for name in ("s1", "s2")]

    async def inner(ctx: Context) -> Any:
        return await ctx.parallel(sibling, lambda ctx: ctx.tool("fail", fail, {}))

    async def flow(ctx: Context) -> Any:
        return await ctx.parallel(long, inner)

    names = ("l1", "l2", "l3", "s1", "s2")
    return workflow(flow, manifest(fail=ops("t.fail"), **{name: ops("t.step") for name in names}))


def test_a_failure_reaches_all_it_concerns_before_another_effect_starts() -> None:
    flow = nested(World())
    outcome, store = run(flow, mocks=Mocks({"t.step": [1], "t.fail": [Fails("refused", "no")]}))
    assert outcome.failure is not None and outcome.failure.code == "refused"
    assert types(store) == ["run.started", "l1 step.completed", "s1 step.completed", "fail step.failed", "run.failed"]
    assert replay(flow, "r1", store).divergence is None


def test_a_wait_is_no_end_of_the_log_while_another_branch_can_still_fail() -> None:
    fail = World().op("t.fail", "read", fails)

    async def flow(ctx: Context) -> Any:
        return await ctx.parallel(
            lambda ctx: ctx.wait("nap", Duration(3600 * 10**9)), lambda ctx: ctx.tool("fail", fail, {})
        )

    flow_ = workflow(flow, manifest(fail=ops("t.fail")))
    outcome, store = run(flow_)
    assert outcome.failure is not None and outcome.failure.code == "refused"
    found = replay(flow_, "r1", store)
    assert found.divergence is None
    assert found.failure is not None and found.failure.code == "refused"
