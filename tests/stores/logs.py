"""Logs of runs without workflows: what the tests of stores append."""

from __future__ import annotations

from time import time_ns
from typing import TYPE_CHECKING

from agent_lattice_runtime.journal import Journal, RunRow
from agent_lattice_runtime.redaction import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable

    from agent_lattice_runtime.stores import Store

    Open = Callable[[], Store]

STARTED = '{"compiler":"test","format":3,"input":{"n":1},"plan":"plan","workflow":"flow"}'


def begun(run_id: str = "r1", clock: Callable[[], int] = time_ns, workflow: str = "flow") -> Journal:
    """The log of a run that is running and not stored yet."""
    journal = Journal(RunRow(run_id, workflow, "plan"), Redactor(), clock=clock)
    journal.append("run.started", "", STARTED.replace('"flow"', f'"{workflow}"'))
    return journal


def step(journal: Journal, name: str = "double", result: str = "2") -> None:
    journal.append("step.completed", name, f'{{"args":{{}},"op":"t.double","result":{result}}}')


def commit(store: Store, *journals: Journal) -> None:
    """Store what is pending, in one batch; it stays pending when that fails."""
    store.append([(journal.row, journal.pending) for journal in journals])
    for journal in journals:
        journal.pending = []


def stored(store: Store, run_id: str = "r1", steps: int = 0, ending: str = "") -> Journal:
    """A run that is in the store with all its events."""
    journal = begun(run_id)
    for number in range(steps):
        step(journal, f"s{number}")
    if ending:
        journal.append(ending, "", '{"result":2}' if ending == "run.completed" else '{"message":"no"}')
    commit(store, journal)
    return journal


def continued(store: Store, run_id: str = "r1") -> Journal:
    """The log of a stored run, as somebody else who goes on with it has it."""
    row = store.find(run_id)
    assert row is not None
    return Journal(row, Redactor(), list(store.events(row))[-1])
