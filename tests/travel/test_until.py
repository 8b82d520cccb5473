"""The variables and results of a recorded run just before any of its steps."""

from __future__ import annotations

import random
from typing import Any

import pytest
from agent_lattice_runtime.canonical import canonical
from agent_lattice_runtime.errors import Failure
from agent_lattice_runtime.testing import Fails
from agent_lattice_runtime.time_travel import Moment, moment
from agent_lattice_targets.python.memory import load_all
from hypothesis import given, settings
from hypothesis import strategies as st
from travel.random_edits import program, text_of
from travel.recording import compiled, events_of, planned, prefix, recorded
from travel.test_compat import runs, world

SCOPES = """
workflow child(n: int, def: string) -> string {
  let class = def + "?"
  inner = t.text(x: class)
  return inner + string(n)
}
workflow main(id: string, count: int) -> string {
  first = t.number(x: count)
  var total: int = 0
  list = t.numbers(count: first)
  all = for one in list at most 5 parallel 2 {
    let twice = one * 2
    grown = t.number(x: twice)
    yield grown
  }
  turns = loop at most 3 {
    if total == 0 {
      once = t.number(x: 40)
      set total = total + once
    }
    added = t.number(x: total)
    set total = added
    until total > 42
  }
  parallel {
    left = t.text(x: id + string(size(all)))
    right = call child(n: total, def: left_of)
  }
  paid = t.pay(key: id, amount: total)
  return paid + left + right
}
"""


def source() -> str:
    return SCOPES.replace("left_of", 'id + "-"')


def at(step: str, **inputs: Any) -> Moment:
    workflow, store, run = recorded(source(), inputs or {"id": "a", "count": 2})
    assert run.failure is None, run.failure
    return moment(workflow, "r", store, step)


def variables(found: Moment) -> list[tuple[str, dict[str, Any]]]:
    return [(scope.path, dict(scope.names)) for scope in found.scopes]


def test_at_the_first_step_only_the_input_is_known() -> None:
    found = at("first")
    assert variables(found) == [("", {"id": "a", "count": 2})]
    assert found.seq == 2 and found.steps == []


def test_a_branch_sees_its_own_and_those_of_the_run() -> None:
    found = at("all[2].grown")
    outer, inner = variables(found)
    assert outer == ("", {"id": "a", "count": 2, "first": 3, "total": 0, "list": [0, 1, 2]})
    assert inner == ("all[2].", {"one": 2, "twice": 4})
    done = {record.step: record.outcome for record in found.steps}
    assert done["list"] == [0, 1, 2] and done["all[1].grown"] == 3 and "all[2].grown" not in done


def test_what_an_earlier_turn_has_left_is_not_shown() -> None:
    """In the second turn `added` is not there yet; the variable keeps what the first turn gave it. `once` has ended with
    its block."""
    (first,) = [names for _, names in variables(at("turns[0].added"))]
    assert first["total"] == 41 and not {"once", "added"} & first.keys()
    (inner,) = [names for _, names in variables(at("turns[0].once"))]
    assert inner["total"] == 0
    (second,) = [names for _, names in variables(at("turns[1].added"))]
    assert second["total"] == 42 and not {"once", "added"} & second.keys()


def test_names_are_those_of_the_source() -> None:
    """`id`, `list` and `class` are called otherwise in Python; what only the generated code has is not shown."""
    _, child = variables(at("right.inner"))
    assert child == ("right.", {"n": 43, "def": "a-", "class": "a-?"})
    (outer,) = [names for path, names in variables(at("paid")) if not path]
    assert set(outer) >= {"id", "list", "left", "right", "total"}
    assert not {"at", "turn", "ctx", "index"} & outer.keys()


def test_the_path_of_a_step_may_end_early() -> None:
    """A child, an item and an ask are come to with the first step inside them."""
    assert at("right").seq == at("right.inner").seq
    assert at("all[1]").seq == at("all[1].grown").seq
    assert at("all").seq == min(at(f"all[{index}]").seq or 0 for index in range(3))


def test_a_step_that_there_is_not() -> None:
    with pytest.raises(Failure) as caught:
        at("al[2].grown")
    assert caught.value.code == "not_found" and "did you mean all[2].grown" in caught.value.details[0]
    with pytest.raises(Failure, match="does not come to a step"):
        at("")


def test_the_step_that_an_unfinished_run_comes_to_next() -> None:
    workflow, store, _ = recorded(source(), {"id": "a", "count": 2})
    found = moment(workflow, "r", prefix(store, 2), "list")
    assert found.seq is None and variables(found)[0][1]["first"] == 3


def test_every_step_of_a_run_can_be_come_to() -> None:
    """Everywhere the variables that steps have given are what the log says they gave."""
    workflow, store, _ = recorded(source(), {"id": "a", "count": 3})
    for event in events_of(store):
        if event[3]:
            found = moment(workflow, "r", store, event[3])
            results = {record.step: record.outcome for record in found.steps}
            for scope in found.scopes:
                for name, value in scope.names.items():
                    if scope.path + name in results:
                        assert canonical(value) == canonical(results[scope.path + name])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32))
def test_every_step_of_any_program_can_be_come_to(seed: int) -> None:
    """Whatever the program is made of; and a variable that a step has given is what the log says of it."""
    made = planned(text_of(program(random.Random(seed))))
    workflow = load_all(made)["main"]
    for store in runs(made):
        for step in {event[3]: None for event in events_of(store) if event[3]}:
            found = moment(workflow, "r", store, step, world())
            results = {record.step: record.aspects["result"] for record in found.steps if "result" in record.aspects}
            for scope in found.scopes:
                for name, value in scope.names.items():
                    if scope.path + name in results:
                        assert canonical(value) == canonical(results[scope.path + name]), (step, name)


def test_attempts_of_an_ask_and_a_way_for_failures() -> None:
    flow = """
    graph main(text: string) -> string {
      asked = ask fast -> int { prompt "{{ text }}"  check asked > 3 : "too small"  repair 2 }
      number = t.number(x: asked)
      instead = t.text(x: text)
      start -> asked
      asked -> number
      number -> instead on timeout
      number -> return string(number) otherwise
      instead -> return instead
    }
    """
    answers = {"ask asked": [1, 2, 7]}
    workflow, store, run = recorded(flow, {"text": "go"}, answers)
    assert run.result == "8"
    second = moment(workflow, "r", store, "asked#2")
    assert [record.status for record in second.steps] == ["invalid"]
    assert [record.step for record in moment(workflow, "r", store, "number").steps][-1] == "asked"
    workflow, store, _ = recorded(flow, {"text": "go"}, {"ask asked": [7], "t.number": [Fails("timeout")]})
    found = moment(workflow, "r", store, "instead")
    assert (
        found.scopes[0].names["asked"] == 7 and found.steps[-1].outcome == "timeout: t.number fails, as the test says"
    )


def test_a_final_block_does_not_hide_where_the_run_stands() -> None:
    """Code that goes on while the workflow is being stopped changes nothing."""
    workflow, store, _ = recorded(source(), {"id": "a", "count": 2})
    again = [moment(workflow, "r", store, "paid") for _ in range(2)]
    assert variables(again[0]) == variables(again[1])


def test_a_run_whose_code_has_changed() -> None:
    _, store, _ = recorded(source(), {"id": "a", "count": 2})
    changed = compiled(source().replace("t.number(x: count)", "t.number(x: count + 1)"))
    with pytest.raises(Failure, match="first"):
        moment(changed, "r", store, "paid")
