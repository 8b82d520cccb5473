"""Runs that earlier versions have recorded replay with the code that this version makes of their sources."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from agent_lattice.compiling import compile_file
from agent_lattice_runtime.canonical import canonical
from agent_lattice_runtime.journal import TERMINAL, RunRow
from agent_lattice_runtime.models import Workflow
from agent_lattice_runtime.replay import replay
from agent_lattice_runtime.stores.memory import MemoryStore
from agent_lattice_runtime.time_travel import moment
from agent_lattice_runtime.verify import verify
from agent_lattice_targets.python.memory import load
from travel.recording import events_of, prefix, row_of

JOURNALS = Path(__file__).parents[1] / "journals"
LOGS = sorted(JOURNALS.glob("*/*/*.jsonl"))


def lines_of(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]


def stored(log: Path) -> MemoryStore:
    """The run of a log in a store, as if it had been written there."""
    events = lines_of(log)
    started = events[0]["payload"]
    kind = events[-1]["type"].removeprefix("run.")
    row = RunRow(
        events[0]["run_id"], started["workflow"], started["plan"], status=kind if kind in TERMINAL else "running"
    )
    rows = [
        (
            event["seq"],
            event["ts"],
            event["type"],
            event["step"],
            canonical(event["payload"]),
            canonical(event["redaction"]) if event["redaction"] else None,
            bytes.fromhex(event["hash"]),
        )
        for event in events
    ]
    if row.status in TERMINAL:
        row.head_seq, row.head_hash = rows[-1][0], rows[-1][6]
    store = MemoryStore()
    store.append([(row, rows)])
    return store


@pytest.fixture(scope="module")
def workflows() -> Iterator[dict[Path, Workflow]]:
    """What this version makes of the sources, by folder."""
    made: dict[Path, Workflow] = {}
    for folder in {log.parent for log in LOGS}:
        made[folder] = load(compile_file(str(folder / f"{folder.name}.lat")).plan())
    yield made


def test_there_are_journals_of_every_example() -> None:
    for version in JOURNALS.iterdir():
        assert {path.name for path in version.iterdir()} >= {"refund", "research", "support", "triage"}, version
    kinds = {event["type"] for log in LOGS for event in lines_of(log)}
    assert kinds >= {"run.resumed", "run.waiting", "approval.decided", "compensation.completed"}


@pytest.mark.parametrize("log", LOGS, ids=lambda log: log.relative_to(JOURNALS).as_posix())
def test_a_journal_replays(log: Path, workflows: dict[Path, Workflow]) -> None:
    """The whole of it, to the same end; and cut off after any event, as a run that goes on."""
    store, workflow = stored(log), workflows[log.parent]
    run_id = lines_of(log)[0]["run_id"]
    row = row_of(store, run_id)
    assert verify(store, row) is None
    found = replay(workflow, run_id, store)
    assert found.divergence is None and found.finished
    if row.status == "completed":
        assert canonical(found.result) == canonical(lines_of(log)[-1]["payload"]["result"])
    events = events_of(store, run_id)
    for count in range(1, len(events)):
        assert replay(workflow, run_id, prefix(store, count, run_id)).divergence is None, count


@pytest.mark.parametrize("log", LOGS, ids=lambda log: log.relative_to(JOURNALS).as_posix())
def test_every_step_of_a_journal_can_be_come_to(log: Path, workflows: dict[Path, Workflow]) -> None:
    store, workflow = stored(log), workflows[log.parent]
    run_id = lines_of(log)[0]["run_id"]
    for step in {event[3]: None for event in events_of(store, run_id) if event[3]}:
        scopes = moment(workflow, run_id, store, step).scopes
        assert scopes[0].path == "" if scopes else step.endswith(".compensate"), "the code is over when it takes back"
