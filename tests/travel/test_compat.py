"""`lattice compat` never says safe of a run that does not replay: random edits of random programs, at every prefix of their logs."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from agent_lattice import plan
from agent_lattice.compatibility import Verdict, verdict
from agent_lattice_runtime.deliveries import static_id
from agent_lattice_runtime.errors import Failure
from agent_lattice_runtime.execute import start
from agent_lattice_runtime.replay import replay
from agent_lattice_runtime.run import Setting
from agent_lattice_runtime.stores.memory import MemoryStore
from agent_lattice_runtime.testing import Computed, Mocks
from agent_lattice_targets.python.declarations_module import output_names
from agent_lattice_targets.python.memory import load_all
from hypothesis import given, settings
from hypothesis import strategies as st
from travel.random_edits import edited, program, text_of
from travel.recording import events_of, planned, prefix


def judged(old: plan.Plan, new: plan.Plan) -> Verdict:
    return verdict(old, new, output_names(old), output_names(new))


def world() -> Setting:
    """Tools of which some fail, and a model that is wrong at first."""

    def number(x: int) -> int:
        if x == 4:
            raise Failure("unavailable", "four")
        return x + 1

    answers: dict[str, list[object]] = {
        "t.number": [Computed(number)],
        "t.text": [Computed(lambda x: x)],
        "t.pay": [Computed(lambda key, amount: key)],
    }
    return Setting(mocks=Answering(answers))


class Answering(Mocks):
    def complete(self, request: Any, deps: Any) -> Any:
        from agent_lattice_runtime.models import Reply

        return Reply(text="0" if request.step.endswith("#1") else "3", model="m")


def runs(made: plan.Plan) -> Iterator[MemoryStore]:
    """What the old version records, for inputs that take it different ways."""
    workflow = load_all(made)["main"]
    for n in (0, 2):
        store = MemoryStore()
        start(workflow, {"n": n, "s": "a"}, store, "r", world())
        yield store


SEEN: Counter[str] = Counter()


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 2**32))
def test_safe_is_never_said_wrongly(seed: int) -> None:
    """Whatever was edited: what the verdict allows replays, at every prefix of every log."""
    chance = random.Random(seed)
    body = program(chance)
    old_text, new_text = text_of(body), text_of(edited(body, chance))
    old, new = planned(old_text), planned(new_text)
    found = judged(old, new)
    workflow = load_all(new)["main"]
    for store in runs(old):
        events = events_of(store)
        for count in range(1, len(events) + 1):
            steps = {static_id(event[3]) for event in events[:count] if event[3]}
            cut = store if count == len(events) else prefix(store, count)
            if found.allows(steps, ended=count == len(events)):
                divergence = replay(workflow, "r", cut, world()).divergence
                SEEN["allowed"] += 1
                assert divergence is None, f"{found}\n{divergence}\n{divergence.likely}\n{old_text}\n{new_text}"
            else:
                SEEN["other"] += 1


def test_the_same_program_is_safe() -> None:
    for seed in range(10):
        text = text_of(program(random.Random(seed)))
        assert judged(planned(text), planned(text.replace("{\n", "{\n  // a comment\n", 1))).word == "safe"


SOURCE = """
type Order { id: string, total: int }
tool shop = python("t_tools") { op get(id: string) -> Order { effect: read } }
workflow child(n: int) -> int {
  twice = t.number(x: n)
  return twice
}
workflow main(text: string, count: int) -> string {
  first = t.number(x: count)
  asked = ask fast -> string { system "Be kind" prompt "Say {{ text }}" }
  if first > 1 {
    paid = t.pay(key: text, amount: first)
  }
  for one in [1, 2] at most 2 parallel 2 {
    kept = t.pay(key: string(one), amount: one)
  }
  inner = call child(n: first)
  emit done(count: inner)
  order = shop.get(id: text)
  last = t.text(x: asked)
  return last
}
"""


def after(*edits: tuple[str, str]) -> Verdict:
    new = SOURCE
    for before, behind in edits:
        assert new.count(before) == 1, before
        new = new.replace(before, behind)
    return judged(planned(SOURCE), planned(new))


CASES: list[tuple[str, str, str, tuple[str, ...], str]] = [
    ("count: int)", "count: int, note: string?)", "safe", (), ""),
    ("count: int)", "count: int, note: string)", "breaking", (), "the parameter note was added"),
    ("main(text: string, count: int)", "main(text: string, count: float)", "", (), ""),
    ("x: count)", "x: count + 1)", "breaking", (), "step first: the arguments changed: `x`"),
    ("t.text(x: asked)", "t.text(x: asked + text)", "conditional", ("last",), "step last: the arguments changed: `x`"),
    ("return last", 'return last + "!"', "conditional", (), "a `return`: the expression changed"),
    ('"Say {{ text }}"', '"Tell {{ text }}"', "conditional", ("asked",), "step asked: the prompt changed: 'Say {{ … }}' became"),
    ("first > 1", "first > 2", "conditional", ("paid", "for_one.kept", "inner.twice"), "a `if`: the condition changed"),
    ("amount: one)", "amount: one + 1)", "conditional", ("for_one.kept", "inner.twice"), "step for_one.kept: the arguments"),
    ("x: n)", "x: n + 1)", "conditional", ("inner.twice",), "step twice: the arguments changed"),
    ("  emit done(count: inner)\n", "", "conditional", ("done",), "step done was removed"),
    ("  order = shop", "  more = t.text(x: text)\n  order = shop", "conditional", ("order",), "step more was added before step order"),
    ("total: int }", "total: int, note: string? }", "conditional", ("order",), "the type Order was changed"),
    ("op get(id: string) -> Order { effect: read }", "op get(id: string) -> Order { effect: write, idempotent_by: id }",
     "conditional", ("order",), "the operation shop.get was changed"),
    ("ask fast", "ask other", "conditional", ("asked",), "step asked: the model changed: fast became other"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "behind", "word", "first", "reason"), CASES, ids=[behind for _, behind, *_ in CASES]
)
def test_what_is_said_of_an_edit(before: str, behind: str, word: str, first: tuple[str, ...], reason: str) -> None:
    if word == "":
        found = after((before, behind), ("x: count)", "x: int(count))"))
        assert found.word == "breaking" and "the type of the parameter count" in found.reason
        return
    found = after((before, behind))
    assert (found.word, found.reason[: len(reason)]) == (word, reason)
    assert found.first[: len(first)] == first if word == "conditional" else found.word == word


def test_a_renamed_step_is_named() -> None:
    found = after(("last = t.text(x: asked)", "final = t.text(x: asked)"), ("return last", "return final"))
    assert (found.word, found.first, found.reason) == ("conditional", ("last",), "step last was renamed to final")
