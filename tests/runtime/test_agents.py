"""The loop of an agent: turns, calls side by side, what the model is told, and what ends it."""

from __future__ import annotations

from threading import Barrier
from typing import Any

import pytest
from agent_lattice.simulating.clock import Clock
from agent_lattice_runtime.agent_calls import MOST_CALLS
from agent_lattice_runtime.canonical import recorded
from agent_lattice_runtime.errors import CATALOGUE, Failure
from agent_lattice_runtime.models import Reply, ToolCall
from agent_lattice_runtime.permissions import Denied
from agent_lattice_runtime.replay import replay
from agent_lattice_runtime.run import Run

from .agent_samples import GOOD, Turns, calls, desk
from .samples import SHAKY, TEXT, World, asks, ops, run, types

UNSURE = GOOD.replace("1", "0.1")


@pytest.fixture
def provided(monkeypatch: pytest.MonkeyPatch) -> Any:
    def use(*replies: Any, **more: Any) -> Turns:
        turns = Turns(*replies, **more)
        monkeypatch.setattr("agent_lattice_runtime.asking.load_provider", lambda name: turns)
        return turns

    return use


def events(store: Any, kind: str) -> list[Any]:
    return [recorded(event[4]) for event in store.events(store.find("r1")) if event[2] == kind]


def failure_of(outcome: Run) -> Failure:
    assert outcome.failure is not None
    return outcome.failure


def agreed(world: World, store: Any, **settings: Any) -> None:
    """A replay does nothing and finds nothing."""
    before = list(world.done)
    assert replay(desk(world, **settings), "r1", store).divergence is None
    assert world.done == before


def test_turns_and_calls_are_events(provided: Any) -> None:
    turns = provided(calls(("desk_search", "a"), ("desk_file", "b"), text="Let me see."), Reply(text=GOOD))
    world = World()
    outcome, store = run(desk(world))
    assert outcome.result == {"verdict": "approve", "confidence": 1.0}
    assert types(store) == [
        "run.started",
        "found.turn[0]#1 llm.requested",
        "found.turn[0]#1 llm.completed",
        "found.turn[0].desk_file[1] effect.intended",
        *types(store)[4:6],
        "found.turn[1]#1 llm.requested",
        "found.turn[1]#1 llm.completed",
        "found step.completed",
        "run.completed",
    ]
    assert set(types(store)[4:6]) == {
        "found.turn[0].desk_search[0] step.completed",
        "found.turn[0].desk_file[1] effect.committed",
    }
    said, first, second = turns.asked[1].messages[1:]
    assert said["content"] == "Let me see."
    assert [call["id"] for call in said["calls"]] == ["id0", "id1"]
    assert first == {"role": "tool", "id": "id0", "content": '["a","ü"]'}
    assert second == {"role": "tool", "id": "id1", "content": "filed b"}
    assert [offer.name for offer in turns.asked[0].offers] == ["desk_search", "desk_file", "desk_stamp", "desk_fail"]
    assert [request.may_call for request in turns.asked] == [True, True]
    assert events(store, "llm.completed")[0]["tool_calls"][1] == {
        "arguments": '{"text":"b"}', "id": "id1", "name": "desk_file",
    }  # fmt: skip
    agreed(world, store)


def test_in_the_last_turn_nothing_can_be_called(provided: Any) -> None:
    turns = provided(*[calls(("desk_search", "a"))] * 4)
    world = World()
    outcome, store = run(desk(world))
    assert (failure_of(outcome).code, failure_of(outcome).step) == ("budget_exceeded", "found")
    assert failure_of(outcome).message == "clerk has not answered in 4 turns"
    assert [request.may_call for request in turns.asked] == [True, True, True, False]
    assert len(world.done) == 3
    assert types(store)[-2:] == ["found step.failed", "run.failed"]
    agreed(world, store)


@pytest.mark.parametrize(
    ("name", "given", "error", "words"),
    [
        ("desk_serch", "a", "not_found", "there are desk_search, desk_file"),
        ("desk.search", "a", "not_found", "there are desk_search"),
        ("", "a", "not_found", "no tool"),
        ("bank\x00drop" * 40, "a", "not_found", "no tool"),
        ("desk_search", {}, "validation", "$.text: expected string"),
        ("desk_search", {"text": "a", "more": 1}, "validation", "$.more: unknown"),
        ("desk_search", {"text": 3}, "validation", "$.text: expected string"),
        ("desk_search!", "[1]", "malformed_output", "not a JSON object"),
        ("desk_search!", '{"text": "a"', "malformed_output", "not JSON"),
        ("desk_search!", '{"text": NaN}', "malformed_output", "NaN"),
        ("desk_search!", "[" * 9999, "malformed_output", "not JSON"),
        ("desk_search!", '{"text": "\\ud800"}', "validation", "surrogate"),
        ("desk_search!", '{"\\ud800": 1}', "validation", "$.\\ud800: unknown"),
        ("desk_search", {"x" * 1000: 1}, "validation", f"$.{'x' * 298}"),
        ("desk_search", {f"x{n}": 1 for n in range(100)}, "validation", "$.x0: unknown"),
        ("desk_search!", "", "validation", "$.text"),
    ],
)
def test_a_call_that_cannot_be_made_is_not_made(name: str, given: Any, error: str, words: str, provided: Any) -> None:
    turns = provided(calls(("desk_search", "ok"), (name, given)), Reply(text=GOOD))
    world = World()
    outcome, store = run(desk(world))
    assert outcome.failure is None
    assert [done[0] for done in world.done] == ["desk.search"]
    (rejected,) = events(store, "tool.rejected")
    assert rejected["error"] == error
    assert words in rejected["errors"][0]
    assert "found.turn[0].call[1] tool.rejected" in types(store)
    told = turns.asked[1].messages[-1]
    assert told["error"] is True
    assert words in told["content"]
    said = turns.asked[1].messages[1]["calls"][1]
    assert 0 < len(said["name"]) <= 64
    assert "\x00" not in said["name"]
    assert isinstance(recorded(said["arguments"]), dict)
    agreed(world, store)


@pytest.mark.parametrize("code", CATALOGUE)
def test_the_model_is_told_of_what_it_can_react_to(code: str, provided: Any) -> None:
    turns = provided(calls(("desk_fail", code), ("desk_search", "a")), Reply(text=GOOD))
    world = World()
    outcome, store = run(desk(world))
    if code in ("auth", "budget_exceeded", "permission_denied", "cancelled", "in_doubt", "internal"):
        assert failure_of(outcome).code == code
        assert code == "cancelled" or failure_of(outcome).step == "found.turn[0].desk_fail[0]"
        assert len(turns.asked) == 1
    else:
        assert outcome.failure is None
        assert turns.asked[1].messages[2]["content"] == f"Error: {code}: as asked for"
    agreed(world, store)


class Filing:
    """A service that files and whose answers do not arrive, so often; then it ends as it is told."""

    def __init__(self, lost: int, end: str = "") -> None:
        self.lost, self.end, self.made = lost, end, 0

    def __call__(self, text: str) -> str:
        self.made += 1
        if self.made <= self.lost:
            raise TimeoutError("no answer")
        if self.end:
            failure = Failure(self.end, "no")
            failure.unsent = True
            raise failure
        return f"filed {text}"


@pytest.mark.parametrize(
    ("lost", "end", "tries"), [(1, "", 2), (3, "", 4), (4, "", 4), (1, "rate_limited", 4), (1, "conflict", 2)]
)
def test_a_model_is_not_told_of_a_write_in_doubt(lost: int, end: str, tries: int, provided: Any) -> None:
    """It would choose another key for it: the write is settled with the key that it has, or the agent ends."""
    turns = provided(calls(("desk_file", "a")), Reply(text=GOOD))
    filing, clock = Filing(lost, end), Clock()
    outcome, store = run(desk(World(), file=filing), clock=clock, sleep=clock.sleep)
    assert filing.made == tries
    assert len({event["key"] for event in events(store, "effect.intended")}) == 1
    if end or lost == 4:
        assert (failure_of(outcome).code, failure_of(outcome).step) == ("in_doubt", "found.turn[0].desk_file[0]")
        assert len(turns.asked) == 1
    else:
        assert turns.asked[1].messages[-1]["content"] == "filed a"
    agreed(World(), store)


@pytest.mark.parametrize("end", ["conflict", "rate_limited"])
def test_a_model_is_told_of_a_write_that_did_not_happen(end: str, provided: Any) -> None:
    turns = provided(calls(("desk_file", "a")), Reply(text=GOOD))
    filing = Filing(0, end)
    _, store = run(desk(World(), file=filing))
    assert filing.made == 1 and turns.asked[1].messages[-1]["content"] == f"Error: {end}: no"
    agreed(World(), store)


def test_a_bad_answer_is_corrected_within_the_turns(provided: Any) -> None:
    turns = provided(calls(("desk_search", "a")), Reply(text=UNSURE), Reply(text=GOOD))
    world = World()
    outcome, store = run(desk(world, repair=2))
    assert outcome.failure is None
    assert "needs confidence >= 0.6" in turns.asked[2].messages[-1]["content"]
    assert "found.turn[1]#1 llm.invalid" in types(store)
    assert "found.turn[2]#1 llm.repaired" in types(store)
    agreed(world, store, repair=2)


@pytest.mark.parametrize(("repair", "asked"), [(0, 1), (1, 2), (9, 4)])
def test_then_a_typed_failure(repair: int, asked: int, provided: Any) -> None:
    turns = provided(*[Reply(text=UNSURE)] * 9)
    world = World()
    outcome, store = run(desk(world, repair=repair))
    assert (failure_of(outcome).code, failure_of(outcome).step) == ("validation", "found")
    assert len(turns.asked) == asked
    agreed(world, store, repair=repair)


def test_calls_that_were_cut_off_are_not_made(provided: Any) -> None:
    turns = provided(calls(("desk_file", "a"), finish_reason="length"), Reply(text=GOOD))
    world = World()
    outcome, store = run(desk(world))
    assert outcome.failure is None
    assert world.done == []
    assert "token limit" in turns.asked[1].messages[-1]["content"]
    assert "calls" not in turns.asked[1].messages[1]
    agreed(world, store)


def test_a_refusal_is_typed(provided: Any) -> None:
    provided(calls(("desk_search", "a")), Reply(text="", finish_reason="refusal"))
    world = World()
    outcome, store = run(desk(world))
    assert (failure_of(outcome).code, failure_of(outcome).step) == ("refused", "found.turn[1]")
    agreed(world, store)


def test_the_fallback_stays(provided: Any) -> None:
    down = Failure("unavailable", "down")
    turns = provided(calls(("desk_search", "a")), Reply(text=GOOD), t0_1=down)
    world = World()
    outcome, store = run(desk(world, model=SHAKY))
    assert outcome.failure is None
    assert [(r.step, r.model.name) for r in turns.asked] == [
        ("found.turn[0]#1", "shaky"), ("found.turn[0]#2", "judge"), ("found.turn[1]#1", "judge"),
    ]  # fmt: skip
    assert events(store, "llm.fell_back") == [{"attempt": 2, "error": "unavailable", "from": "shaky", "model": "judge"}]
    agreed(world, store, model=SHAKY)


def test_without_one_the_step_fails(provided: Any) -> None:
    provided(calls(("desk_search", "a")), Failure("rate_limited", "slow"))
    outcome, _ = run(desk(World()))
    assert (failure_of(outcome).code, failure_of(outcome).step) == ("rate_limited", "found.turn[1]")


def test_ids_are_made_to_be_different(provided: Any) -> None:
    same = [ToolCall(id, "desk_search", '{"text":"a"}') for id in ("x", "x", "", "no id:1", "call_2", "y" * 65)]
    turns = provided(Reply(text="", calls=same), Reply(text="", calls=same), Reply(text=GOOD))
    outcome, _ = run(desk(World()))
    assert outcome.failure is None
    messages = turns.asked[2].messages
    ids = [call["id"] for message in messages if "calls" in message for call in message["calls"]]
    assert len(set(ids)) == len(ids) == 12
    assert ids[0] == "x"
    assert ids == [message["id"] for message in messages if message["role"] == "tool"]


def test_calls_of_one_turn_go_on_at_once(provided: Any) -> None:
    """Each waits for the other: one after the other they would never end."""
    together = Barrier(2)
    world = World()
    flow = desk(world, search=lambda text: together.wait(20) and text)
    provided(calls(("desk_search", "a"), ("desk_search", "b")), Reply(text=GOOD))
    outcome, store = run(flow)
    assert outcome.failure is None
    assert len(world.done) == 2
    assert replay(flow, "r1", store).divergence is None


def test_no_secret_reaches_a_model_a_tool_or_the_log(provided: Any) -> None:
    """What a tool gives away goes no further: not into the conversation, not through the model into another call."""
    secret = "s3cr3t-0123456789"
    known = [f"found.turn[{turn}]" for turn in range(4)]
    turns = provided(
        calls(("desk_search", "a")),
        calls(
            ("desk_file", f"send {secret}"), (f"desk_{secret}", {"a": secret}), kept=[{"type": "thinking", "t": secret}]
        ),
        Reply(text=secret),
        Reply(text=GOOD),
    )
    turns.secret = secret
    world, seen = World(), []
    flow = desk(world, search=lambda text: [secret], file=lambda text: seen.append(text), repair=2)
    outcome, store = run(flow)
    assert outcome.failure is None
    assert [request.step.partition("#")[0] for request in turns.asked] == known
    assert seen == ["send [secret TOKEN]"]
    assert all(secret not in str(request.messages) for request in turns.asked)
    assert all(secret not in str(event) for event in store.events(store.runs()[0]))
    assert "[secret TOKEN]" in str(turns.asked[2].messages)
    assert replay(flow, "r1", store).divergence is None


def test_too_many_calls_in_one_turn(provided: Any) -> None:
    turns = provided(calls(*[("desk_search", "a")] * (MOST_CALLS + 3)), Reply(text=GOOD))
    world = World()
    outcome, store = run(desk(world))
    assert outcome.failure is None
    assert len(world.done) == MOST_CALLS
    assert len(events(store, "tool.rejected")) == 3
    assert len(turns.asked[1].messages) == 2 + MOST_CALLS + 3
    agreed(world, store)


def test_a_tool_that_the_step_is_not_granted_is_not_called(provided: Any) -> None:
    provided(calls(("desk_file", "a")), Reply(text=GOOD))
    world = World()
    outcome, store = run(desk(world, found__turn__desk_file=ops("desk.search")))
    assert (failure_of(outcome).code, failure_of(outcome).step) == ("permission_denied", "found.turn[0].desk_file[0]")
    assert world.done == []
    assert "found.turn[0].desk_file[0] policy.denied" in types(store)
    agreed(world, store, found__turn__desk_file=ops("desk.search"))


def test_a_model_that_the_step_is_not_granted_is_not_asked(provided: Any) -> None:
    turns = provided(Reply(text=GOOD))
    outcome, _ = run(desk(World(), found__turn=asks("judge")))
    assert isinstance(failure_of(outcome), (Denied, Failure))
    assert failure_of(outcome).code == "permission_denied"
    assert turns.asked == []


def test_what_the_provider_wants_back_is_kept(provided: Any) -> None:
    thought = {"type": "thinking", "thinking": "hm", "signature": "s"}
    turns = provided(calls(("desk_search", "a"), kept=[thought]), Reply(text=GOOD))
    world = World()
    _, store = run(desk(world))
    assert turns.asked[1].messages[1]["kept"] == [thought]
    agreed(world, store)


def test_a_text_answer(provided: Any) -> None:
    provided(calls(("desk_search", "a")), Reply(text="plain"))
    world = World()
    flow = desk(world, output=TEXT, repair=0)
    outcome, _ = run(flow)
    assert failure_of(outcome).details == ("needs confidence >= 0.6 (string indices must be integers, not 'str')",)


def test_another_conversation_diverges(provided: Any) -> None:
    provided(calls(("desk_search", "a")), Reply(text=GOOD))
    _, store = run(desk(World()))
    divergence = replay(desk(World(), model=SHAKY), "r1", store).divergence
    assert divergence is not None
    assert divergence.step == "found.turn[0]#1"
    other = desk(World(), max_turns=2)
    divergence = replay(other, "r1", store).divergence
    assert divergence is not None
    assert (divergence.step, "request" in divergence.message) == ("found.turn[1]#1", True)
