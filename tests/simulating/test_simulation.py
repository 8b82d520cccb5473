"""Simulation as an oracle: silent for sound runs, and it finds what is planted in workflows, stores and the runtime."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from agent_lattice.simulating.choices import Choices
from agent_lattice.simulating.laws import differences
from agent_lattice.simulating.lives import Life, lived
from agent_lattice.simulating.shrinking import shrunk
from agent_lattice.simulating.simulation import Summary, choices_of, simulated, tried
from agent_lattice.simulating.sources import Made
from agent_lattice.simulating.tokens import decisions_of, token_of
from agent_lattice_runtime.run import Run
from agent_lattice_runtime.stores.memory import MemoryStore
from hypothesis import given
from hypothesis import strategies as st
from simulating.subjects import DESK, STEADY, TOOLS, WAVERING, subject


@pytest.fixture
def tools(tmp_path: Path) -> str:
    (tmp_path / "bank_tools.py").write_text(TOOLS["bank_tools.py"])
    return tmp_path.as_posix()


def found(source: str, tools: str, runs: int = 300, seed: int = 0) -> Summary:
    return simulated(subject(source, tools=tools), runs, seed)


def test_a_sound_workflow_keeps_every_law(tools: str) -> None:
    summary = found(STEADY, tools, 400)
    assert summary.broken == []
    assert summary.ended["completed"] > 50 and summary.ended["timeout"] > 5
    assert summary.crashes > 50 and summary.faults > 50


def test_the_same_seed_gives_the_same_runs_and_another_one_others(tools: str) -> None:
    one, same, other = (found(STEADY, tools, 60, seed) for seed in (1, 1, 2))
    assert (one.crashes, one.faults, one.ended) == (same.crashes, same.faults, same.ended)
    assert (one.crashes, one.faults, one.ended) != (other.crashes, other.faults, other.ended)


def test_branches_go_on_in_any_order(tools: str) -> None:
    """Also where no effect takes any time: then only the order of turns tells."""
    steps = "parallel { one = bank.rate(n: 1)  two = bank.rate(n: 2) }"
    made = subject(f"{DESK}workflow main() -> int {{ {steps} return one + two }}", tools=tools)
    lives = [tried(made, choices_of(made, 0, number)).life for number in range(100)]
    timeless = [life for life in lives if life.events[-1][1] == life.events[0][1]]
    orders = {tuple(event[3] for event in life.events if event[2] == "step.completed") for life in timeless}
    assert len(orders) == 2


def test_a_key_that_is_looked_up_again_pays_twice(tools: str) -> None:
    summary = found(WAVERING, tools)
    (broken,) = [broken for broken in summary.broken if broken.law.startswith("always")]
    assert broken.law == "always calls(bank.pay) <= 1"
    story = broken.smallest.life.world.story
    assert [line.partition(" ")[0] for line in story] == ["once.p:", "once.p:", "again.p:"]
    assert story[0] == "once.p: bank.pay: lost answer", "one fault is enough"
    assert len(broken.smallest.taken) <= 3
    assert broken.smallest.problems[0].text.endswith("(bank.pay was called 2×)")


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
        append(self, batch)
        if any(event[2] == "effect.committed" for _, events in batch for event in events):
            self._events[1] = [event for event in self._events[1] if event[2] != "effect.committed"]

    monkeypatch.setattr(MemoryStore, "append", losing)


def forget_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that goes on does a step again that is done."""
    recorded = Run.recorded
    monkeypatch.setattr(
        Run, "recorded", lambda self, step: {} if self.performs and step == "high" else recorded(self, step)
    )


def new_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """A write gets another key in every process."""
    deps, count = Run.deps, iter(range(10**9))

    def keyed(self: Run, step: str, grant: Any, key: str | None = None) -> Any:
        return deps(self, step, grant, None if key is None else f"{key}{next(count)}")

    monkeypatch.setattr(Run, "deps", keyed)


def stumble(monkeypatch: pytest.MonkeyPatch) -> None:
    """A defect of the runtime that shows in resumed runs only."""
    recorded = Run.recorded

    def stumbling(self: Run, step: str) -> Any:
        if self.performs and self.history is not None and step == "high":
            raise KeyError("high")
        return recorded(self, step)

    monkeypatch.setattr(Run, "recorded", stumbling)


@pytest.mark.parametrize(
    ("plant", "law"),
    [
        (skip_intents, "a run replays"),
        (lose_an_event, "the log of a run verifies"),
        (forget_a_step, "a run ends, or waits with a deadline"),
        (new_keys, "no write is made twice"),
        (stumble, "no run fails with internal"),
    ],
)
def test_it_finds_what_is_planted(
    plant: Callable[[pytest.MonkeyPatch], None], law: str, monkeypatch: pytest.MonkeyPatch, tools: str
) -> None:
    plant(monkeypatch)
    broken = {broken.law: broken for broken in found(STEADY, tools).broken}
    assert law in broken, list(broken)
    smallest = broken[law].smallest
    assert law in [problem.law for problem in smallest.problems]
    assert len(smallest.taken) <= 3
    again = tried(subject(STEADY, tools=tools), Choices(given=decisions_of(token_of(smallest.taken))))
    assert again.problems == smallest.problems
    assert again.life.world.story == smallest.life.world.story


def test_what_order_and_crashes_change_is_told(tools: str) -> None:
    it = subject(STEADY, tools=tools)

    def life(**given: int) -> Life:
        choices = Choices(given={label.replace("_", " "): number for label, number in given.items()})
        made = Made(it, choices)
        return lived(it, it.scenarios[0], made.arguments(), made, choices, Choices(given={"crash 2": 2}))

    assert list(differences(life(), life(), False)) == []
    (result,) = differences(life(), life(**{"input.n": 4}), False)
    assert (result.law, result.text) == ("order and crashes change nothing", 'it ends in "R20", without them in "R0"')
    (event,) = differences(life(), life(**{"high=": 1}), False)
    assert event.text.startswith("step high has the events step.completed")
    assert list(differences(life(), life(fault_paid=4), True)) == [], "a failure beside other branches"


def test_a_run_that_is_cancelled_when_its_last_event_is_stored_has_ended_well(tools: str) -> None:
    for commit in range(1, 8):
        assert tried(subject(STEADY, tools=tools), Choices(given={"cancelled": commit})).problems == ()


def test_the_decisions_of_any_run_make_it_again(tools: str) -> None:
    it = subject(STEADY, tools=tools)
    for number in range(40):
        first = tried(it, choices_of(it, 5, number))
        again = tried(it, Choices(given=first.taken))
        assert again.life.world.story == first.life.world.story
        assert [event[2:5] for event in again.life.events if "ms" not in event[4]] == [
            event[2:5] for event in first.life.events if "ms" not in event[4]
        ]
        assert again.taken == first.taken


def test_a_test_that_does_not_hold_is_told(tools: str) -> None:
    summary = found(STEADY.replace('result == "R6"', 'result == "R7"'), tools, 10)
    assert [broken.law for broken in summary.broken] == ['test "it pays" holds in any order and after any crash']


@given(st.dictionaries(st.text(min_size=1), st.integers(1, 2**63)))
def test_a_token_is_its_decisions(taken: dict[str, int]) -> None:
    assert decisions_of(token_of(taken)) == taken


@given(st.text())
def test_any_text_is_a_token_or_refused(text: str) -> None:
    try:
        assert isinstance(decisions_of(text), dict)
    except ValueError as error:
        assert "token" in str(error)


def test_a_token_that_was_cut_off_is_refused() -> None:
    token = token_of({"crash 1": 1, "scenario": 2})
    for end in range(len(token)):
        with pytest.raises(ValueError, match="token"):
            decisions_of(token[:end])
    assert json.loads(json.dumps(token)) == token


@given(
    st.dictionaries(st.sampled_from("abcdefghij"), st.integers(1, 1000)),
    st.dictionaries(st.sampled_from("abcdefghij"), st.integers(1, 1000), min_size=1, max_size=3),
)
def test_shrinking_finds_the_smallest_where_only_least_numbers_count(
    more: dict[str, int], least: dict[str, int]
) -> None:
    taken = {label: max(more.get(label, 1), least.get(label, 1)) for label in {*more, *least}}

    def fails(decisions: dict[str, int]) -> bool:
        return all(decisions.get(label, 0) >= number for label, number in least.items())

    assert shrunk(taken, fails) == dict(sorted(least.items()))
