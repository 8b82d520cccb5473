"""The crash matrix that packages carry: silent for sound runs, and it finds what is planted in the runtime."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from agent_lattice_runtime import crashing
from agent_lattice_runtime.context import Context
from agent_lattice_runtime.crashing import crash_problems, repeated
from agent_lattice_runtime.journal import Journal
from agent_lattice_runtime.models import Workflow
from agent_lattice_runtime.run import Run
from agent_lattice_runtime.stores.memory import MemoryStore
from agent_lattice_runtime.testing import Computed, Fails, run_test

from .samples import World, check_int, manifest, ops, refund, workflow

VERDICT = {"verdict": "approve", "confidence": 1}
MOCKS: dict[str, list[object]] = {
    "shop.order": [{"id": "A1", "total": 20.5, "big": 2**60}],
    "shop.policy": [["p1"]],
    "shop.pay": [Computed(lambda **given: {"receipt": given["order"]})],
    "ask triage": [{"verdict": "approve", "confidence": 0.5}, VERDICT],
}
INPUT = {"order_id": "A1"}


def problems(mocks: dict[str, list[object]] = MOCKS) -> list[str]:
    return crash_problems(refund(World()), INPUT, mocks)


def test_a_sound_run_survives_every_crash() -> None:
    assert problems() == []
    assert run_test(refund(World()), INPUT, MOCKS).crashes() == []
    assert run_test(refund(World()), {"order_id": 7}, MOCKS | {"shop.pay": [Fails("unavailable")]}).crashes() == []


def test_it_dies_at_every_commit_before_and_after(monkeypatch: pytest.MonkeyPatch) -> None:
    died = []
    lived = crashing.lived

    def noted(flow: Any, given: Any, replies: Any, tools: str, at: int = 0, after: bool = False) -> Any:
        life = lived(flow, given, replies, tools, at, after)
        died.append((life.at, life.after, life.commits))
        return life

    monkeypatch.setattr(crashing, "lived", noted)
    assert problems() == []
    commits = died[0][2]
    assert commits > 10
    assert [place[:2] for place in died] == [
        (0, False), *((at, after) for at in range(1, commits + 1) for after in (False, True))
    ]  # fmt: skip
    assert all(place[2] == place[0] for place in died[1:])


def test_of_a_long_run_some_places_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crashing, "MOST", 5)
    places = list(crashing._places(101))
    assert places == [1, 26, 51, 76, 101]
    assert list(crashing._places(5)) == [1, 2, 3, 4, 5]


def keyless(world: World) -> Workflow:
    """A write that may not be made twice, between two reads."""
    get = world.op("t.get", "read", int, output=check_int)
    put = world.op("t.put", "write", int, output=check_int)

    async def flow(ctx: Context) -> object:
        one = await ctx.tool("one", get, {})
        await ctx.tool("put", put, {})
        return one + await ctx.tool("two", get, {})

    return workflow(flow, manifest(one=ops("t.get"), put=ops("t.put"), two=ops("t.get")))


def test_a_write_in_doubt_is_made_once_and_may_end_otherwise() -> None:
    assert crash_problems(keyless(World()), {}, {"t.get": [1, 2], "t.put": [0]}) == []


def skip_intents(monkeypatch: pytest.MonkeyPatch) -> None:
    announce = Run.announce

    def without(self: Run, call: Any) -> None:
        if call.intent is not None and call.intent[0] == "effect.intended":
            call.intent = None
        announce(self, call)

    monkeypatch.setattr(Run, "announce", without)


def lose_an_event(monkeypatch: pytest.MonkeyPatch) -> None:
    append = MemoryStore.append

    def losing(self: MemoryStore, batch: Any) -> None:
        append(self, [(row, [event for event in events if event[3] != "one"]) for row, events in batch])

    monkeypatch.setattr(MemoryStore, "append", losing)


def lose_the_last_event(monkeypatch: pytest.MonkeyPatch) -> None:
    append = MemoryStore.append

    def losing(self: MemoryStore, batch: Any) -> None:
        append(self, batch)
        if len(batch[0][1]) > 1:
            self._events[1][-2:] = self._events[1][-1:]

    monkeypatch.setattr(MemoryStore, "append", losing)


def forget_the_past(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Run, "recorded", lambda self, step: {})


def break_the_chain(monkeypatch: pytest.MonkeyPatch) -> None:
    append = Journal.append

    def unchained(self: Journal, *given: Any) -> None:
        self.hash = b""
        append(self, *given)

    monkeypatch.setattr(Journal, "append", unchained)


@pytest.mark.parametrize(
    ("plant", "found"),
    [
        (skip_intents, "calls t.put twice, without a key"),
        (lose_an_event, "neither ends nor waits"),
        (lose_the_last_event, "(dropped)"),
        (forget_the_past, "replay differs"),
        (break_the_chain, "altered"),
    ],
)
def test_it_finds_what_is_planted(
    plant: Callable[[pytest.MonkeyPatch], None], found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    lines = crash_problems(keyless(World()), {}, {"t.get": [1, 2], "t.put": [0]})
    assert any(found in line for line in lines), lines


def test_it_finds_code_that_is_not_the_same_twice() -> None:
    turns = iter(range(10_000))

    def unsteady(world: World) -> Workflow:
        get = world.op("t.get", "read", int)

        async def flow(ctx: Context) -> object:
            return await ctx.tool("one" if next(turns) % 2 else "two", get, {})

        return workflow(flow, manifest(one=ops("t.get"), two=ops("t.get")))

    assert any("replay differs" in line for line in crash_problems(unsteady(World()), {}, {"t.get": [1]}))


def test_repeated_writes() -> None:
    assert list(repeated([("a", "s", "k"), ("a", "s", "k"), ("a", "t", None), ("b", "s", None)])) == []
    assert list(repeated([("a", "s", "k"), ("a", "s", "l")])) == ["step s calls a twice, with different keys"]
    assert list(repeated([("a", "s", None), ("a", "s", None)])) == ["step s calls a twice, without a key"]
