"""The same workflow as statements and as a graph: equal event logs, up to the names of loops."""

from __future__ import annotations

import json
from typing import Any

import pytest
from agent_lattice import driver
from agent_lattice_runtime.execute import find_run, start
from agent_lattice_runtime.run import Setting
from agent_lattice_runtime.stores.memory import MemoryStore
from agent_lattice_runtime.testing import Computed, Mocks
from agent_lattice_targets.python.memory import load_all

TOOL = """\
tool desk = python("desk") {
  op count(text: string) -> int { effect: read }
  op send(text: string, size: int) -> string { effect: write, idempotent_by: text }
}
"""

CHOICE = (
    """
  a = desk.count(text: text)
  if a % 2 == 0 {
    b = desk.count(text: text + "b")
    if b > 3 { fail not_found "{{ b }}" }
  } else {
    c = desk.count(text: text + "c")
    emit odd(c: c)
  }
  d = desk.send(text: text, size: a)
  return d
""",
    """
  a = desk.count(text: text)
  b = desk.count(text: text + "b")
  node odd_one {
    c = desk.count(text: text + "c")
    emit odd(c: c)
  }
  d = desk.send(text: text, size: a)

  start -> a
  a -> b when a % 2 == 0
  a -> odd_one otherwise
  b -> fail not_found "{{ b }}" when b > 3
  b, odd_one -> d
  b -> d otherwise
  d -> end
""".replace("b, odd_one -> d", "odd_one -> d"),
)
PARALLEL = (
    """
  a = desk.count(text: text)
  parallel {
    branch left {
      b = desk.count(text: text + "b")
      c = desk.count(text: string(b))
    }
    d = desk.count(text: string(a))
  }
  e = desk.send(text: text, size: c + d)
  return e
""",
    """
  a = desk.count(text: text)
  b = desk.count(text: text + "b")
  c = desk.count(text: string(b))
  d = desk.count(text: string(a))
  e = desk.send(text: text, size: c + d)

  start -> a
  a -> b, d
  b -> c
  c, d -> e
  e -> end
""",
)
LOOP = (
    """
  var last: int = 0
  loop at most 3 {
    a = desk.count(text: text + string(last))
    b = desk.count(text: string(a))
    set last = a + b
    until b > 3
  }
  c = desk.send(text: text, size: last)
  return c
""",
    """
  var last: int = 0
  a = desk.count(text: text + string(last))
  node more {
    b = desk.count(text: string(a))
    set last = a + b
  }
  c = desk.send(text: text, size: last)

  start -> a
  a -> more
  more -> a when b <= 3 at most 2
  more -> c otherwise
  c -> end
""",
)


def events_of(form: str, body: str, text: str) -> list[tuple[str, str, Any]]:
    """Type, step and payload of every event of a run, without what differs from run to run."""
    source = f"{TOOL}{form} main(text: string) -> string {{{body}}}\n"
    files = {"desk.py": b"def count(text):\n    return 0\n\n\ndef send(text, size):\n    return text\n"}
    compilation = driver.compile_source("main.lat", source.encode(), files.get)
    assert not compilation.report.found, [str(found.message) for found in compilation.report.sorted()]
    made = driver.plan_of(compilation, "main")
    assert made is not None
    store = MemoryStore()
    mocks = {
        "desk.count": [Computed(lambda text: sum(map(ord, text)) % 7)],
        "desk.send": [Computed(lambda text, size: f"{text}:{size}")],
    }
    start(load_all(made)["main"], {"text": text}, store, "run", Setting(mocks=Mocks(mocks)))
    run = find_run(store, "run")
    return [(kind, step, _plain(payload)) for _, _, kind, step, payload, *_ in store.events(run)]


def _plain(payload: str) -> Any:
    found = json.loads(payload)
    return {key: value for key, value in found.items() if key not in ("ms", "plan", "manifest")}


@pytest.mark.parametrize("bodies", [CHOICE, PARALLEL, LOOP], ids=["choice", "parallel", "loop"])
@pytest.mark.parametrize("text", ["", "a", "b", "abc", "hello", "worlds"])
def test_both_bodies_give_one_log(bodies: tuple[str, str], text: str) -> None:
    structured, graph = (events_of(form, body, text) for form, body in zip(("workflow", "graph"), bodies, strict=True))
    assert [event[0] for event in structured] == [event[0] for event in graph]
    assert [event[2] for event in structured] == [event[2] for event in graph]
    names = {ours: theirs for (_, ours, _), (_, theirs, _) in zip(structured, graph, strict=True)}
    assert len(set(names.values())) == len(names), "different steps have different names in either"
    assert all(theirs == ours.replace("loop[", "a[") for ours, theirs in names.items())
