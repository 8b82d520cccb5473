"""Branches side by side: they overlap, keep their order and their state, and are joined when all have come."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from agent_lattice.driver import compile_source, plan_of
from agent_lattice_runtime.execute import run_many, start
from agent_lattice_runtime.models import Workflow
from agent_lattice_runtime.run import Setting
from agent_lattice_runtime.stores.memory import MemoryStore
from agent_lattice_targets.python.memory import load
from behaviours.programs import Desk, crashed_everywhere, findings, flow, log

WIDE = """
tool desk = python("desk") { op look(n: int) -> int { effect: read } }
workflow main(items: list<int>) -> list<int> {
  found = for n in items at most 50 parallel 8 {
    a = desk.look(n)
    yield a
  }
  return found
}
"""


def with_tools(folder: Path, module: str, text: str, source: str = WIDE) -> tuple[Workflow, Setting]:
    """The workflow with the text of its Python module, which has another name in each test: modules stay loaded."""
    (folder / f"{module}.py").write_text(text, encoding="utf-8")
    source = source.replace('python("desk")', f'python("{module}")')
    made = plan_of(compile_source("main.lat", source.encode(), {f"{module}.py": text.encode()}.get))
    assert made is not None
    return load(made), Setting(tools=str(folder))


def test_08_what_finished_branches_have_done_is_kept_when_one_does_not_finish() -> None:
    """Wherever the process dies, a branch whose outcome is in the log is not done again."""
    two = flow(WIDE.replace("parallel 8", "parallel 2"))
    ended = crashed_everywhere(two, {"items": [1, 2, 3, 4]}, lambda: Desk(look=lambda n: n * 10))
    assert len(ended) > 4
    for run, desk, store in ended:
        assert run.result == [10, 20, 30, 40]
        recorded = [step for kind, step in log(store) if kind == "step.completed"]
        assert len(recorded) == len(set(recorded)) == 4
        before = log(store).index(("run.resumed", "")) if ("run.resumed", "") in log(store) else 0
        kept = {step for kind, step in log(store)[:before] if kind == "step.completed"}
        assert all(desk.done[f"look {int(step[6]) + 1}"] == 1 for step in kept)


@pytest.mark.parametrize("seed", range(5))
def test_14_results_stand_in_the_order_of_the_items(tmp_path: Path, seed: int) -> None:
    """However long each branch takes."""
    module = f"desk_{seed}_14"
    delays = [random.Random(seed).random() * 0.02 for _ in range(12)]
    text = f"import time\nDELAYS = {delays}\n\n\ndef look(n):\n    time.sleep(DELAYS[n])\n    return n\n"
    workflow, setting = with_tools(tmp_path, module, text)
    store = MemoryStore()
    run = start(workflow, {"items": list(range(12))}, store, "r1", setting)
    assert run.result == list(range(12))
    steps = [step for kind, step in log(store) if kind == "step.completed"]
    assert sorted(steps) == sorted(f"found[{n}].a" for n in range(12))


UNEQUAL = """
tool desk = python("desk") { op look(n: int) -> int { effect: read } }
graph main(n: int) -> int {
  first = desk.look(n)
  short = desk.look(n: 10)
  long = desk.look(n: 20)
  longer = desk.look(n: 21)
  longest = desk.look(n: 22)
  last = desk.look(n: short + longest)

  start -> first
  first -> short, long
  long -> longer
  longer -> longest
  short, longest -> last
  last -> return last otherwise
}
"""


def test_15_a_join_waits_for_the_longest_way() -> None:
    desk = Desk(look=lambda n: n)
    store = MemoryStore()
    assert start(flow(UNEQUAL), {"n": 1}, store, "r1", desk.setting()).result == 32
    steps = [step for kind, step in log(store) if kind == "step.completed"]
    assert steps[-1] == "last" and set(steps[1:-1]) == {"short", "long", "longer", "longest"}
    assert desk.done["look 32"] == 1, "it is done once, not once for each way that comes there"


def test_16_branches_overlap_and_runs_do_not_mix(tmp_path: Path) -> None:
    """Eight branches are inside their operation at once, or none would come out; a hundred runs on one store keep apart."""
    text = "from threading import Barrier\n\nMET = Barrier(8, timeout=20)\n\n\ndef look(n):\n    MET.wait()\n    return n\n"
    workflow, setting = with_tools(tmp_path, "desk_16", text)
    assert start(workflow, {"items": list(range(8))}, MemoryStore(), "r1", setting).result == list(range(8))
    store, inputs = MemoryStore(), [(f"r{n}", {"items": [n, n + 1000]}) for n in range(100)]
    runs = run_many(flow(WIDE), inputs, store, Desk(look=lambda n: n).setting())
    assert [run.result for run in runs] == [[n, n + 1000] for n in range(100)]
    for n, (run_id, _) in enumerate(inputs):
        row = store.find(run_id)
        assert row is not None
        texts = "".join(event[4] for event in store.events(row) if event[2] == "step.completed")
        assert f'"result":{n + 1000}' in texts and f'"result":{n + 1001}' not in texts


@pytest.mark.parametrize(
    ("edges", "wrong"),
    [
        ("start -> first\n  first -> first at most 2", "missing-otherwise"),
        ("start -> first\n  first -> return first otherwise\n  lost -> return first otherwise", "unreachable-step"),
        ("start -> first\n  first -> nowhere\n", "unknown-node"),
        ("first -> return first otherwise", "graph-without-start"),
    ],
)
def test_17_wrong_graphs_are_refused_when_they_are_built(edges: str, wrong: str) -> None:
    source = f"""
tool desk = python("desk") {{ op look(n: int) -> int {{ effect: read }} }}
graph main(n: int) -> int {{
  first = desk.look(n)
  lost = desk.look(n)
  {edges}
}}
"""
    assert wrong in findings(source)


def test_38_no_more_than_the_declared_width_goes_on_at_once(tmp_path: Path) -> None:
    text = """import time
from threading import Lock

LOCK, INSIDE, MOST = Lock(), [0], [0]


def look(n):
    with LOCK:
        INSIDE[0] += 1
        MOST[0] = max(MOST[0], INSIDE[0])
    time.sleep(0.005)
    with LOCK:
        INSIDE[0] -= 1
    return MOST[0]
"""
    workflow, setting = with_tools(tmp_path, "desk_38", text, WIDE.replace("parallel 8", "parallel 3"))
    assert max(start(workflow, {"items": list(range(30))}, MemoryStore(), "r1", setting).result) == 3  # type: ignore[call-overload]


PRIVATE = """
tool desk = python("desk") { op look(n: int) -> int { effect: read } }
workflow child(n: int) -> int {
  var seen: int = 0
  a = desk.look(n)
  set seen = seen + a
  return seen
}
workflow main(n: int) -> list<int> {
  one = call child(n)
  two = call child(n: n + 1)
  many = for m in [n, n] at most 2 parallel 2 {
    three = call child(n: m)
    yield three
  }
  return [one, two] + many
}
"""


def test_20_the_state_of_a_child_is_its_own() -> None:
    """Every call begins with fresh variables, and its steps have a path of their own."""
    store = MemoryStore()
    desk = Desk(look=lambda n: n)
    assert start(flow(PRIVATE), {"n": 5}, store, "r1", desk.setting()).result == [5, 6, 5, 5]
    steps = [step for kind, step in log(store) if kind == "step.completed"]
    assert steps == ["one.a", "two.a", "many[0].three.a", "many[1].three.a"]


def test_18_events_of_a_child_are_seen_while_it_runs() -> None:
    """Each one after its commit, and before the child's next step is done."""
    seen: list[str] = []
    desk = Desk(look=lambda n: len(seen))
    setting = desk.setting(on_event=lambda row, event: seen.append(event[3]))
    run = start(flow(PRIVATE), {"n": 1}, MemoryStore(), "r1", setting)
    assert run.result == [1, 2, 3, 3], "the operation of `one` was preceded by one event, that of `two` by two, …"
