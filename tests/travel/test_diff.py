"""Two runs beside each other."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from agent_lattice_runtime.canonical import canonical
from agent_lattice_runtime.comparisons import INPUT, OUTCOME, Recorded, compare
from agent_lattice_runtime.differences import differences, parting
from agent_lattice_runtime.testing import Computed, Fails
from hypothesis import given
from hypothesis import strategies as st
from travel.recording import events_of, recorded, rehashed, row_of

SOURCE = """
workflow main(text: string, count: int) -> string {
  first = t.number(x: count)
  asked = ask fast -> string { prompt "Say {{ text }} in other words, and be short: {{ first }}" }
  parallel {
    left = t.text(x: asked)
    right = t.text(x: text)
  }
  if first > 3 {
    more = t.pay(key: text, amount: first)
    return more
  }
  emit done(left: left, right: right)
  return left
}
"""


def run(
    count: int = 1, answer: str = "hm", source: str = SOURCE, more: Mapping[str, Sequence[object]] = {}
) -> Recorded:
    _, store, _ = recorded(source, {"text": "go", "count": count}, {"ask asked": [answer], **more})
    return Recorded(row_of(store), events_of(store))


def steps(one: Recorded, other: Recorded) -> list[tuple[str, tuple[str, ...]]]:
    return [(found.step, found.aspects) for found in compare(one, other)]


def test_a_run_is_the_same_as_another_with_the_same_effects() -> None:
    assert compare(run(), run()) == []


def test_another_answer_and_what_follows_from_it() -> None:
    found = compare(run(), run(answer="ho"))
    assert [difference.step for difference in found] == ["asked#1", "asked", "left", "done", OUTCOME]
    assert found[0].meaning == "the same was asked, another answer came of it"
    assert found[2].aspects == ("arguments", "result")
    assert list(found[2].sides()) == [("arguments x", '"hm"', '"ho"'), ("result", '"hm!"', '"ho!"')]


def test_another_input_and_another_way() -> None:
    found = steps(run(), run(count=5))
    assert found[0] == (INPUT, ("input",)) and found[1] == ("first", ("arguments", "result"))
    assert ("more", ()) in found and ("done", ()) in found
    assert [step for step, _ in found][-1] == OUTCOME


def test_a_failure_ends_a_run() -> None:
    failed = run(more={"t.text": [Computed(lambda x: x), Fails("unavailable", "no line")]})
    found = {difference.step: difference for difference in compare(run(), failed)}
    assert list(found["right"].sides()) != [] and found[OUTCOME].aspects == ("result", "error")
    assert "unavailable: no line" in str(list(found["right"].sides()))


def test_runs_of_different_versions() -> None:
    changed = run(source=SOURCE.replace("be short", "be long"))
    found = compare(run(), changed)
    assert [difference.step for difference in found] == ["asked#1"]
    ((place, one, other),) = found[0].sides()
    assert place == "request messages[0].content" and "short" in one and "long" in other


def test_the_order_of_side_by_side_steps_is_no_difference() -> None:
    """Whatever the interleaving: an event moved within the branches gives no difference."""
    one = run()
    events = events_of_recorded()
    chance = random.Random(7)
    for _ in range(20):
        shuffled = [event for event in events if event[3] not in ("left", "right")]
        branches = [event for event in events if event[3] in ("left", "right")]
        chance.shuffle(branches)
        place = next(index for index, event in enumerate(events) if event[3] in ("left", "right"))
        shuffled[place:place] = branches
        assert compare(one, Recorded(one.row, rehashed(one.row, shuffled))) == []


def events_of_recorded() -> list[Any]:
    _, store, _ = recorded(SOURCE, {"text": "go", "count": 1}, {"ask asked": ["hm"]})
    return events_of(store)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xyz"), inner, max_size=3),
    max_leaves=8,
)


@given(JSON, JSON)
def test_values_differ_where_they_differ(one: Any, other: Any) -> None:
    found = list(differences(one, other))
    assert (found == []) == (canonical(one) == canonical(other))


@given(st.text("abc", max_size=200), st.text("abc", max_size=200))
def test_texts_are_shown_where_they_part(one: str, other: str) -> None:
    left, right = parting(one, other)
    assert (left == right) <= (one == other) and len(left) <= 62 and len(right) <= 62
