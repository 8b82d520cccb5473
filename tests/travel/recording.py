"""Small programs compiled in memory, and recorded runs of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from agent_lattice import driver, plan
from agent_lattice_runtime.execute import start
from agent_lattice_runtime.journal import TERMINAL, RunRow, event_hash, event_text
from agent_lattice_runtime.models import Workflow
from agent_lattice_runtime.run import Run, Setting
from agent_lattice_runtime.stores.memory import MemoryStore
from agent_lattice_runtime.testing import Computed, Mocks
from agent_lattice_targets.python.memory import load_all

if TYPE_CHECKING:
    from agent_lattice_runtime.journal import EventRow

TOOLS = """\
tool t = python("t_tools") {
  op number(x: int) -> int { effect: read }
  op numbers(count: int) -> list<int> { effect: read }
  op text(x: string) -> string { effect: pure }
  op pay(key: string, amount: int) -> string { effect: write, idempotent_by: key }
}
model fast = scripted("replies.json") {}
model other = scripted("replies.json") {}
"""
FILES = {
    "t_tools.py": "def number(x):\n    return x\n\n\ndef numbers(count):\n    return []\n\n\n"
    "def text(x):\n    return x\n\n\ndef pay(key, amount):\n    return key\n\n\ndef get(id):\n    return {}\n",
    "replies.json": '{"replies": []}',
}
ANSWERS: Mapping[str, Sequence[object]] = {
    "t.number": [Computed(lambda x: x + 1)],
    "t.numbers": [Computed(lambda count: list(range(count)))],
    "t.text": [Computed(lambda x: x + "!")],
    "t.pay": [Computed(lambda key, amount: f"{key}={amount}")],
}


def planned(source: str, main: str = "main") -> plan.Plan:
    """The plan of a program with the tools `t` and the models `fast` and `other`."""
    compilation = driver.compile_source("main.lat", (TOOLS + source).encode(), _file)
    made = driver.plan_of(compilation, main)
    assert made is not None, [found.message for found in compilation.report.sorted()]
    return made


def _file(name: str) -> bytes | None:
    return FILES[name].encode() if name in FILES else None


def compiled(source: str) -> Workflow:
    """The workflow `main` of such a program."""
    workflow: Workflow = load_all(planned(source))["main"]
    return workflow


def mocked(more: Mapping[str, Sequence[object]] = {}) -> Setting:
    """Where tools add one, count or shout, and models say what the test says."""
    return Setting(mocks=Mocks({**ANSWERS, **more}))


def recorded(
    source: str, value: Mapping[str, object], more: Mapping[str, Sequence[object]] = {}, run_id: str = "r"
) -> tuple[Workflow, MemoryStore, Run]:
    """A run of a program in a store of its own."""
    workflow, store = compiled(source), MemoryStore()
    run: Run = start(workflow, dict(value), store, run_id, mocked(more))
    return workflow, store, run


def row_of(store: Any, run_id: str = "r") -> RunRow:
    row: RunRow | None = store.find(run_id)
    assert row is not None
    return row


def events_of(store: Any, run_id: str = "r") -> list[EventRow]:
    """The log of a run."""
    return list(store.events(row_of(store, run_id)))


def prefix(store: MemoryStore, count: int, run_id: str = "r") -> MemoryStore:
    """A store in which that run was interrupted after so many events."""
    row, cut = row_of(store, run_id), MemoryStore()
    part = RunRow(row.run_id, row.workflow, row.plan, status="running")
    cut.append([(part, events_of(store, run_id)[:count])])
    cut.release(part)
    return cut


def rehashed(row: RunRow, events: Sequence[EventRow]) -> list[EventRow]:
    """The events in this order as a log of the run."""
    previous, found = b"", list[Any]()
    for seq, (_, ts, kind, step, payload, redaction, _) in enumerate(events, 1):
        previous = event_hash(previous, event_text(row.run_id, seq, ts, kind, step, payload, redaction))
        found.append((seq, ts, kind, step, payload, redaction, previous))
    return found


def stored(row: RunRow, events: Sequence[EventRow]) -> MemoryStore:
    """A store with a run of these events in this order."""
    store, log = MemoryStore(), rehashed(row, events)
    kept = RunRow(row.run_id, row.workflow, row.plan, status=row.status)
    if row.status in TERMINAL:
        kept.head_seq, kept.head_hash = log[-1][0], log[-1][6]
    store.append([(kept, log)])
    store.release(kept)
    return store
