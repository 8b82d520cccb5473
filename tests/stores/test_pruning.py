"""Finished runs are replaced by checkpoints, which are a log of their own; live ones never are."""

from __future__ import annotations

import sqlite3
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from agent_lattice_runtime.checkpoints import Checkpoint
from agent_lattice_runtime.errors import Conflict, Failure
from agent_lattice_runtime.execute import find_run
from agent_lattice_runtime.pruning import prune
from agent_lattice_runtime.stores.sqlite import SqliteStore
from agent_lattice_runtime.verify import verify_store

from .logs import begun, commit, continued, step, stored

if TYPE_CHECKING:
    from agent_lattice_runtime.stores import Store

    from .logs import Open

FAR = 2**62


def ended(store: Store, run_id: str, at: int, ending: str = "run.completed") -> None:
    """A run whose events are at `at` µs."""
    journal = begun(run_id, clock=lambda: at * 1000)
    journal.append(ending, "", "{}")
    commit(store, journal)


def pruned(store: Store, before: int = FAR, dry: bool = False) -> list[str]:
    return [found.run_id for found in prune(store, before, dry=dry) if isinstance(found, Checkpoint)]


def test_old_finished_runs_and_no_others(store: Store) -> None:
    ended(store, "old", 10)
    ended(store, "stopped", 11, "run.cancelled")
    ended(store, "failed", 12, "run.failed")
    ended(store, "new", 100)
    for run_id, status in (("running", "running"), ("waits", "waiting"), ("queued", "queued")):
        journal = begun(run_id, clock=lambda: 1000)
        journal.row.status, journal.row.due = status, 1
        commit(store, journal)
    assert pruned(store, 100, dry=True) == ["old", "stopped", "failed"]
    assert len(store.runs()) == 7
    assert pruned(store, 100) == ["old", "stopped", "failed"]
    assert pruned(store, 100) == []
    assert [row.run_id for row in store.runs()] == ["new", "running", "waits", "queued"]
    left = store.checkpoints()
    assert [(each.number, each.run_id, each.status, each.head_seq, each.started, each.ended) for each in left] == [
        (1, "old", "completed", 2, 10, 10),
        (2, "stopped", "cancelled", 2, 11, 11),
        (3, "failed", "failed", 2, 12, 12),
    ]
    assert [each.run_id for each in store.checkpoints("stopped")] == ["stopped"]
    assert store.orphans() == []


def test_a_pruned_id_is_known_and_never_used_again(store: Store) -> None:
    ended(store, "r1", 10)
    assert pruned(store) == ["r1"]
    with pytest.raises(Failure, match="run r1 is completed, and was pruned"):
        find_run(store, "r1")
    fresh, again = begun("r2"), begun("r1")
    with pytest.raises(Conflict, match="pruned"):
        commit(store, fresh, again)
    assert store.runs() == []
    commit(store, fresh)


def test_whoever_knows_a_pruned_run_from_before_cannot_append(open_store: Open) -> None:
    store, other = open_store(), open_store()
    journal = stored(store, "r1", 1)
    waiting, late = continued(other), continued(other)
    journal.append("run.completed", "", "{}")
    commit(store, journal)
    assert pruned(store) == ["r1"]
    for guest in (late, waiting):
        step(guest)
        if guest is waiting:
            guest.row.status, guest.row.due = "waiting", 5
        with pytest.raises(Conflict):
            commit(other, guest)
    stored(store, "r2")
    assert store.orphans() == []


def test_a_run_is_pruned_by_one_of_two(open_store: Open) -> None:
    store, other = open_store(), open_store()
    ended(store, "r1", 10)
    ended(store, "r2", 10)
    first, second = prune(store, FAR), prune(other, FAR)
    assert isinstance(next(first), Checkpoint)  # r1
    assert [found.run_id for found in second] == ["r2"]
    assert list(first) == []
    assert [each.number for each in store.checkpoints()] == [1, 2]


def test_a_run_that_has_changed_is_not_pruned(store: Store) -> None:
    ended(store, "r1", 10)
    row = store.find("r1")
    assert row is not None
    checkpoint = next(found for found in prune(store, FAR, dry=True) if isinstance(found, Checkpoint))
    row.head_hash = b"another"
    with pytest.raises(Conflict):
        store.prune(row, checkpoint)
    assert (len(store.runs()), store.checkpoints()) == (1, [])


def edited(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path, times = tmp_path / "runs.db", count(10)
    store = SqliteStore(str(path))
    for number in range(4):
        ended(store, f"r{number}", next(times))
    store.close()
    return path


def test_a_run_that_was_altered_stays(path: Path) -> None:
    edited(path, "UPDATE events SET payload = '{\"x\":1}' WHERE run = 2 AND seq = 2")
    store = SqliteStore(str(path))
    found = list(prune(store, FAR))
    assert [(each.run_id, isinstance(each, Checkpoint)) for each in found] == [
        ("r0", True), ("r1", False), ("r2", True), ("r3", True),
    ]  # fmt: skip
    assert [row.run_id for row in store.runs()] == ["r1"]
    store.close()


def broken(path: Path) -> list[tuple[str, str]]:
    store = SqliteStore(str(path), readonly=True)
    found = [(finding.run_id, finding.message) for finding in verify_store(store)]
    store.close()
    return found


CHANGES: list[tuple[str, str]] = [
    ("UPDATE checkpoints SET status = 'failed' WHERE number = 2", "r1"),
    ("UPDATE checkpoints SET head_hash = zeroblob(32) WHERE number = 1", "r0"),
    ("UPDATE checkpoints SET head_seq = 9 WHERE number = 4", "r3"),
    ("UPDATE checkpoints SET ended = ended + 1 WHERE number = 3", "r2"),
    ("UPDATE checkpoints SET started = 'x' WHERE number = 3", "r2"),
    ("UPDATE checkpoints SET hash = 5 WHERE number = 3", "r2"),
    ("UPDATE checkpoints SET run_id = 'other' WHERE number = 3", "other"),
    ("DELETE FROM checkpoints WHERE number = 2", "r2"),
    ("DELETE FROM checkpoints WHERE number = 1", "r1"),
    ("UPDATE checkpoints SET number = 9 WHERE number = 2", "r2"),
]


@pytest.mark.parametrize(("change", "run_id"), CHANGES)
def test_a_changed_checkpoint_is_found(path: Path, change: str, run_id: str) -> None:
    store = SqliteStore(str(path))
    assert len(pruned(store)) == 4
    store.close()
    assert broken(path) == []
    edited(path, change)
    assert [found for found, _ in broken(path)] == [run_id]


def test_a_crash_before_its_commit_prunes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(self: Checkpoint, last: Any) -> None:
        raise KeyboardInterrupt

    store = SqliteStore(str(path))
    monkeypatch.setattr(Checkpoint, "follow", die)
    with pytest.raises(KeyboardInterrupt):
        list(prune(store, FAR))
    assert len(store.runs()) == 4
    assert verify_store(store) == []
    store.close()
