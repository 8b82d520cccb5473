"""An agent that dies anywhere goes on: no answered turn is asked again, no committed call is made again, and the log
is that of an undisturbed run. Whatever its model says, it ends in an answer or a typed failure."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from agent_lattice_runtime.canonical import recorded
from agent_lattice_runtime.errors import CATALOGUE
from agent_lattice_runtime.execute import start
from agent_lattice_runtime.models import Reply, ToolCall
from agent_lattice_runtime.replay import replay
from agent_lattice_runtime.run import Setting
from agent_lattice_runtime.stores.memory import MemoryStore
from agent_lattice_runtime.verify import exported, verify
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from .agent_samples import GOOD, Turns, calls, desk
from .samples import Crash, CrashingStore, World

SCHEMAS = Path(__file__).parents[2] / "schemas" / "events"
REPLIES = (
    calls(("desk_search", "a"), ("desk_file", "b"), ("nothing", "c"), ("desk_file!", "{")),
    Reply(text="no"),
    calls(("desk_file", "d"), ("desk_fail", "not_found")),
    Reply(text=GOOD),
)


def model(monkeypatch: pytest.MonkeyPatch, *replies: Any) -> Turns:
    turns = Turns(*replies)
    monkeypatch.setattr("agent_lattice_runtime.asking.load_provider", lambda name: turns)
    return turns


def log(store: Any) -> dict[str, list[tuple[str, Any]]]:
    """By step, what happened, without what only the clock and the resuming add."""
    found: dict[str, list[tuple[str, Any]]] = {}
    for _, _, kind, step, payload, _, _ in store.events(store.find("r1")):
        if kind != "run.resumed":
            value = recorded(payload)
            found.setdefault(step, []).append((kind, {key: value[key] for key in value if key != "ms"}))
    return found


def once(steps: dict[str, list[tuple[str, Any]]]) -> dict[str, list[tuple[str, Any]]]:
    """A request whose answer was lost is made again; it counts as one."""
    return {step: [e for i, e in enumerate(events) if e not in events[:i]] for step, events in steps.items()}


def undisturbed(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[tuple[str, Any]]]:
    model(monkeypatch, *REPLIES)
    store = MemoryStore()
    assert start(desk(World()), {}, store, "r1", Setting()).failure is None
    return log(store)


@settings(deadline=None, max_examples=80)
@given(st.lists(st.tuples(st.integers(1, 9), st.booleans()), max_size=5))
def test_the_log_of_a_resumed_run_is_that_of_an_undisturbed_one(crashes: list[tuple[int, bool]]) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        expected = undisturbed(monkeypatch)
        model(monkeypatch, *REPLIES)
        world, store = World(), MemoryStore()
        flow = desk(world)
        for at, after in crashes:
            with suppress(Crash):
                start(flow, {}, CrashingStore(store, at, after), "r1", Setting())  # type: ignore[arg-type]
        assert start(flow, {}, store, "r1", Setting()).failure is None
        assert once(log(store)) == once(expected)
        row = store.find("r1")
        assert row is not None
        assert verify(store, row) is None
        assert replay(desk(World()), "r1", store).divergence is None
        keys = {line.split()[1] for name, line in world.done if name == "desk.file"}
        assert len(keys) == 2, "the same call has the same key after every crash"


@pytest.mark.parametrize("after", [False, True])
def test_an_answered_turn_is_not_asked_again(after: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    for at in range(1, 20):
        turns, world, store = model(monkeypatch, *REPLIES), World(), MemoryStore()
        flow = desk(world)
        try:
            start(flow, {}, CrashingStore(store, at, after), "r1", Setting())  # type: ignore[arg-type]
        except Crash:
            steps = log(store) if store.runs() else {}
            answered = {step for step, events in steps.items() for kind, _ in events if kind == "llm.completed"}
            ended = {s for s, es in steps.items() for k, _ in es if k in ("step.completed", "effect.committed")}
            before, done = len(turns.asked), len(world.done)
            assert start(flow, {}, store, "r1", Setting()).failure is None
            assert not answered & {request.step for request in turns.asked[before:]}
            assert not ended & {line.split()[0] for _, line in world.done[done:]}
        else:
            assert at > 8
            break
    else:
        pytest.fail("the run never got to its end")


def test_a_write_without_outcome_is_in_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its intent is in the log and its outcome is not: without a key it is not made again, with one it is."""
    for name, code in (("desk_stamp", "in_doubt"), ("desk_file", None)):
        turns, world, store = model(monkeypatch, calls((name, "x")), Reply(text=GOOD)), World(), MemoryStore()
        flow = desk(world)
        with pytest.raises(Crash):
            start(flow, {}, CrashingStore(store, 3, False), "r1", Setting())  # type: ignore[arg-type]
        assert len(world.done) == 1
        outcome = start(flow, {}, store, "r1", Setting())
        assert (outcome.failure and outcome.failure.code) == code
        assert len(world.done) == (1 if code else 2)
        assert turns.counts["found.turn[0]#1"] == 1


ARGUMENTS = st.text(max_size=8) | st.sampled_from(
    [
        '{"text":"a"}',
        '{"text":3}',
        "[]",
        "null",
        "{",
        '{"text":"\\ud800"}',
        "9" * 5000,
        '{"\\ud800":1}',
        '{"text":"a","b":{}}',
    ]
)
NAMES = st.sampled_from(
    ["desk_search", "desk_file", "desk_stamp", "desk_fail", "desk.file", "bank_pay", "", "__class__"]
)
CALLS = st.lists(
    st.builds(ToolCall, st.sampled_from(["", "a", "b", "é"]), NAMES | st.text(max_size=4), ARGUMENTS), max_size=4
)
TEXTS = st.text(max_size=10) | st.sampled_from([GOOD, "{}", "null", '{"verdict":"\\ud800","confidence":1}'])
ANY_REPLY = st.builds(
    Reply, text=TEXTS, calls=CALLS, finish_reason=st.sampled_from(["stop", "stop", "length", "refusal", "other"])
)
VALIDATORS = {
    path.stem: Draft202012Validator(json.loads(path.read_text(encoding="utf-8"))) for path in SCHEMAS.iterdir()
}
OPERATIONS = {"desk.search", "desk.file", "desk.stamp", "desk.fail"}


@settings(deadline=None, max_examples=300)
@given(st.lists(ANY_REPLY, min_size=4, max_size=4), st.integers(0, 3))
def test_whatever_a_model_says(replies: list[Reply], repair: int) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        turns, world, store = model(monkeypatch, *replies), World(), MemoryStore()
        outcome = start(desk(world, repair=repair), {}, store, "r1", Setting())
        assert len(turns.asked) <= 4
        assert {name for name, _ in world.done} <= OPERATIONS
        if outcome.failure is None:
            assert outcome.result["confidence"] >= 0.6
        else:
            assert outcome.failure.code in CATALOGUE
            assert outcome.failure.code != "internal"
        row = store.find("r1")
        assert row is not None
        for event in store.events(row):
            VALIDATORS[event[2]].validate(json.loads(exported(row, event)))
        assert replay(desk(World(), repair=repair), "r1", store).divergence is None
