"""Runs that begin as another one did: nothing before the step is done again, what follows is a run of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from agent_lattice_runtime.canonical import recorded as parsed
from agent_lattice_runtime.errors import Divergence, Failure
from agent_lattice_runtime.execute import resume
from agent_lattice_runtime.forks import fork
from agent_lattice_runtime.models import Workflow
from agent_lattice_runtime.replay import replay
from agent_lattice_runtime.run import Setting
from agent_lattice_runtime.stores.memory import MemoryStore
from agent_lattice_runtime.testing import Computed, Fails
from agent_lattice_runtime.verify import verify
from travel.recording import compiled, events_of, mocked, prefix, recorded, row_of, stored

SOURCE = """
workflow child(n: int) -> int {
  twice = t.number(x: n + n)
  return twice
}
workflow main(text: string, count: int) -> string {
  first = t.number(x: count)
  asked = ask fast -> string { prompt "Say {{ text }}" }
  scored = ask fast -> int { prompt "Score"  check scored > 0 : "positive"  repair 1 }
  parallel {
    paid = t.pay(key: "a" + text, amount: first)
    branch other {
      left = t.text(x: asked)
      right = call child(n: scored)
    }
  }
  all = for one in [1, 2, 3] at most 3 parallel 2 {
    kept = t.pay(key: string(one), amount: one)
    yield kept
  }
  emit done(count: size(all))
  last = t.text(x: left)
  return paid + last + string(right)
}
"""
ANSWERS = {"ask asked": ["hm"], "ask scored": [3]}
INPUT = {"text": "go", "count": 1}


class World:
    """Tools that remember what was done."""

    def __init__(self, **more: Any) -> None:
        self.done: Counter[str] = Counter()
        self.more = more

    def setting(self) -> Setting:
        def paid(key: str, amount: int) -> str:
            self.done[f"pay {key} {amount}"] += 1
            return f"{key}={amount}"

        def number(x: int) -> int:
            self.done[f"number {x}"] += 1
            return x + 1

        mocks = {"t.pay": [Computed(paid)], "t.number": [Computed(number)], **ANSWERS, **self.more}
        return mocked(mocks)


def whole() -> tuple[Workflow, MemoryStore]:
    workflow, store, run = recorded(SOURCE, INPUT, ANSWERS)
    assert run.failure is None, run.failure
    return workflow, store


def go_on(workflow: Workflow, store: MemoryStore, run_id: str, world: World) -> Any:
    run = resume(workflow, run_id, store, world.setting())
    row = row_of(store, run_id)
    assert verify(store, row) is None
    assert replay(workflow, run_id, store, world.setting()).divergence is None
    return run


def test_a_fork_at_every_step_ends_as_the_old_run() -> None:
    """And what the old log had before that step is not done again."""
    workflow, store = whole()
    wanted = resume(workflow, "r", store).result
    steps = list(dict.fromkeys(event[3] for event in events_of(store) if event[3]))
    assert len(steps) > 10
    for index, step in enumerate(steps):
        before = [event for event in events_of(store) if event[0] < fork_place(store, step)]
        made = fork(workflow, "r", store, step, new_id=f"f{index}")
        assert (row_of(store, made.run_id).status, made.step) == ("waiting", step)
        world = World()
        assert go_on(workflow, store, made.run_id, world).result == wanted
        committed = {event[3] for event in before if event[2] == "effect.intended"}
        assert "paid" not in committed or world.done["pay ago 2"] == 0
        assert sum(world.done[f"pay {n} {n}"] for n in (1, 2, 3)) == 3 - len(
            committed & {f"all[{n}].kept" for n in range(3)}
        )


def fork_place(store: MemoryStore, step: str) -> int:
    return next(event[0] for event in events_of(store) if event[3] == step)


def test_the_log_of_a_fork_says_where_it_comes_from() -> None:
    workflow, store = whole()
    made = fork(workflow, "r", store, "all", new_id="f", clock=lambda: 5_000_000)
    events = events_of(store, "f")
    origin = parsed(events[0][4])["forked_from"]
    assert origin == {"at": 5000, "run": "r", "seq": fork_place(store, "all[0].kept"), "step": "all"}
    assert events[-1][2] == "run.waiting" and [event[0] for event in events] == list(range(1, len(events) + 1))
    assert not {event[3] for event in events} & {"all[0].kept", "last", "done"}
    assert made.kept == len(events) - 2 and [write.op for write in made.writes] == ["t.pay"] * 3
    assert verify(store, row_of(store, "f")) is None


def test_nobody_goes_on_with_a_fork_by_himself() -> None:
    workflow, store = whole()
    fork(workflow, "r", store, "all", new_id="f")
    assert store.due(2**60, 10) == []


def test_several_forks_of_one_point_and_a_fork_of_a_fork() -> None:
    workflow, store = whole()
    for name in ("a", "b"):
        fork(workflow, "r", store, "last", {"left": name}, new_id=name)
        assert go_on(workflow, store, name, World()).result == f"ago=2{name}!7"
    fork(workflow, "a", store, "last", new_id="c")
    assert go_on(workflow, store, "c", World()).result == "ago=2a!7"
    with pytest.raises(Failure, match="there is a run a already"):
        fork(workflow, "r", store, "last", new_id="a")


def test_other_values() -> None:
    """A parameter; the result of a reading step, of a write, of a model as text and as a value."""
    cases: list[tuple[str, Mapping[str, str], str]] = [
        ("first", {"count": "5"}, "ago=6hm!!7"),
        ("asked", {"text": "no"}, "ano=2hm!!7"),
        ("left", {"asked": "ho"}, "ago=2ho!!7"),
        ("right", {"scored": "4"}, "ago=2hm!!9"),
        ("all", {"paid": '"x"', "left": "12"}, "x12!7"),
    ]
    for index, (step, changes, wanted) in enumerate(cases):
        workflow, store = whole()
        if step == "all":
            step = "last"
        fork(workflow, "r", store, step, changes, new_id=f"f{index}")
        assert go_on(workflow, store, f"f{index}", World()).result == wanted, changes


def test_values_that_do_not_fit() -> None:
    workflow, store = whole()
    cases = [
        ({"count": "many"}, "first", "validation"),
        ({"first": "true"}, "asked", "validation"),
        ({"scored": "0"}, "left", "validation"),
        ({"scored": '"x"'}, "left", "validation"),
        ({"nothing": "1"}, "left", "not_found"),
        ({"last": "x"}, "left", "not_found"),
        ({"asked#1": "x"}, "left", "validation"),
    ]
    for changes, step, code in cases:
        with pytest.raises(Failure) as caught:
            fork(workflow, "r", store, step, changes, new_id="f")
        assert caught.value.code == code, (changes, caught.value)
    assert store.find("f") is None


def test_a_value_that_changes_an_earlier_step_says_which() -> None:
    """`first` is what `paid` pays: with another one the old payment is not that of the new run."""
    workflow, store = whole()
    with pytest.raises(Divergence) as caught:
        fork(workflow, "r", store, "all", {"first": "9"})
    assert caught.value.step == "paid" and "with these values" in caught.value.message
    assert len(store.runs()) == 1


def test_a_failed_run_goes_on_from_its_failed_step() -> None:
    workflow, store, run = recorded(SOURCE, INPUT, {**ANSWERS, "t.text": [Computed(lambda x: x), Fails("unavailable")]})
    assert run.failure is not None and run.failure.step == "last"
    world = World()
    assert fork(workflow, "r", store, new_id="f").step == "last"
    assert go_on(workflow, store, "f", world).result == "ago=2hm!7"
    assert not [done for done in world.done if done.startswith("pay")]


def test_other_code_from_the_step_on() -> None:
    """What was wrong behind the step is mended; what is before it must be as it was."""
    _, store = whole()
    mended = compiled(SOURCE.replace("t.text(x: left)", 't.text(x: left + "?")'))
    fork(mended, "r", store, "last", new_id="f")
    assert go_on(mended, store, "f", World()).result == "ago=2hm!?!7"
    other = compiled(SOURCE.replace("t.number(x: count)", "t.number(x: 7)"))
    with pytest.raises(Divergence, match="the code of today"):
        fork(other, "r", store, "last")


def test_a_run_without_end_and_one_that_has_completed() -> None:
    workflow, store = whole()
    with pytest.raises(Failure, match="has completed"):
        fork(workflow, "r", store)
    cut = prefix(store, 8)
    made = fork(workflow, "r", cut, new_id="f")
    assert made.step == "" and made.kept == 7
    assert go_on(workflow, cut, "f", World()).result == "ago=2hm!!7"


def test_what_was_going_on_comes_with_its_outcome() -> None:
    """`paid` is under way when `right` begins: its outcome is in the old log only later, and it is not paid again."""
    workflow, made = whole()
    events = events_of(made)
    late = next(event for event in events if (event[3], event[2]) == ("paid", "effect.committed"))
    events.remove(late)
    events.insert(next(place for place, event in enumerate(events) if event[3] == "all[0].kept"), late)
    store = stored(row_of(made), events)
    assert replay(workflow, "r", store).divergence is None
    fork(workflow, "r", store, "right", new_id="f")
    world = World()
    assert go_on(workflow, store, "f", world).result == "ago=2hm!!7"
    assert world.done["pay ago 2"] == 0


def test_the_same_write_has_the_same_key() -> None:
    workflow, store = whole()
    made = fork(workflow, "r", store, "all", new_id="f")
    go_on(workflow, store, "f", World())
    keys = {event[3]: parsed(event[4])["key"] for event in events_of(store) if event[2] == "effect.intended"}
    again = {event[3]: parsed(event[4])["key"] for event in events_of(store, "f") if event[2] == "effect.intended"}
    assert keys == again and {write.key for write in made.writes} <= set(keys.values())


def test_an_unknown_step() -> None:
    workflow, store = whole()
    with pytest.raises(Failure, match="does not come to a step lost") as caught:
        fork(workflow, "r", store, "lost")
    assert "last" in caught.value.details[0]
