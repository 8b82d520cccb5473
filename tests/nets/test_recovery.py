"""Graphs that die at any commit: cycles, side-by-side ways and ways for failures are gone again as the log says."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from agent_lattice import driver
from agent_lattice_runtime.errors import Failure
from agent_lattice_runtime.execute import start
from agent_lattice_runtime.replay import replay
from agent_lattice_runtime.run import Setting
from agent_lattice_runtime.stores.memory import MemoryStore
from agent_lattice_runtime.testing import Computed, Mocks
from agent_lattice_runtime.verify import verify
from agent_lattice_targets.python.memory import load_all
from runtime.samples import Crash, CrashingStore

SOURCE = """\
tool desk = python("desk") {
  op look(text: string) -> int { effect: read }
  op send(text: string) -> string { effect: write, idempotent_by: text }
}

graph main(text: string) -> string {
  var log: string = ""
  first = desk.look(text: text)
  slow = desk.look(text: "slow")
  instead = desk.look(text: "instead")
  left = desk.send(text: text + string(first))
  right = desk.look(text: "right")
  node met {
    again = desk.look(text: "again" + log)
    set log = log + left + string(right) + string(instead == null ? 0 : instead)
  }

  start -> first
  first -> slow
  slow -> instead on timeout
  slow -> fail internal "slow is fast" when slow > 100
  slow -> left, right otherwise
  instead -> left, right
  left, right -> met
  met -> first when again < 6 at most 2
  met -> return log otherwise
}
"""


class Desk:
    """Answers that depend on the question only; `slow` never comes."""

    def __init__(self) -> None:
        self.done: Counter[str] = Counter()

    def look(self, text: str) -> int:
        self.done[text] += 1
        if text == "slow":
            raise Failure("timeout", "too slow")
        return len(text)

    def send(self, text: str) -> str:
        self.done[f"send {text}"] += 1
        return text[::-1]

    def setting(self) -> Setting:
        return Setting(mocks=Mocks({"desk.look": [Computed(self.look)], "desk.send": [Computed(self.send)]}))


def compiled() -> Any:
    files = {"desk.py": b"def look(text):\n    return 0\n\n\ndef send(text):\n    return text\n"}
    compilation = driver.compile_source("main.lat", SOURCE.encode(), files.get)
    assert not compilation.report.failed, [str(found.message) for found in compilation.report.sorted()]
    made = driver.plan_of(compilation)
    assert made is not None
    return load_all(made)["main"]


@pytest.mark.parametrize("after", [False, True])
def test_a_crash_at_every_commit_of_a_graph(after: bool) -> None:
    workflow, whole = compiled(), MemoryStore()
    wanted = start(workflow, {"text": "abc"}, whole, "r", Desk().setting())
    assert wanted.failure is None and wanted.result
    at = 0
    while True:
        at += 1
        desk, store = Desk(), MemoryStore()
        try:
            start(workflow, {"text": "abc"}, CrashingStore(store, at, after), "r", desk.setting())  # type: ignore[arg-type]
        except Crash:
            found = start(workflow, {"text": "abc"}, store, "r", desk.setting())
            assert (found.result, found.failure) == (wanted.result, None)
            row = store.find("r")
            assert row is not None and verify(store, row) is None
            assert replay(workflow, "r", store).divergence is None
            assert len({text for text in desk.done if text.startswith("send")}) == 1
            continue
        break
    assert at > 10
