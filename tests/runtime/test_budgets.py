"""What counts against a budget: answers by what they say they are made of, and at their worst what may have been made unseen."""

from __future__ import annotations

from typing import Any

import pytest
from agent_lattice_runtime.context import Context
from agent_lattice_runtime.errors import Failure
from agent_lattice_runtime.models import Model
from agent_lattice_runtime.replay import replay

from .samples import TEXT, asks, manifest, run, workflow

CHEAP = Model(name="cheap", provider="scripted", model="m", max_tokens=100, input_price=0.0, output_price=10.0)


async def twice(ctx: Context) -> Any:
    """The first answer, or what it ended in, and whether the budget leaves enough for a second."""
    ctx = ctx.limited(tokens=220)
    told = []
    for name in ("one", "two"):
        try:
            told.append(await ctx.ask(name, CHEAP, output=TEXT, prompt="p"))
        except Failure as failure:
            told.append(failure.code)
    return told


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        ({"text": "x", "usage": {"output_tokens": 90}}, ["x", "y"]),
        ({"text": "x", "usage": {"output_tokens": 100, "input_tokens": 60}}, ["x", "budget_exceeded"]),
        ({"text": "x"}, ["x", "budget_exceeded"]),
        ({"error": {"code": "unavailable"}}, ["unavailable", "y"]),
        ({"error": {"code": "rate_limited"}}, ["rate_limited", "y"]),
        ({"error": {"code": "timeout"}}, ["timeout", "budget_exceeded"]),
        ({"error": {"code": "refused"}}, ["refused", "budget_exceeded"]),
    ],
)
def test_what_may_have_been_used_counts(reply: dict[str, Any], told: list[str]) -> None:
    flow = workflow(twice, manifest(one=asks("cheap"), two=asks("cheap")))
    scripted = {"replies": [{"step": "one", **reply}, {"step": "two", "text": "y", "usage": {"output_tokens": 1}}]}
    outcome, store = run(flow, scripted=scripted)
    assert outcome.result == told
    assert replay(flow, "r1", store).divergence is None
