"""Stores of other versions: `version1.db` was written by the release before stores knew when a run is due."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest
from agent_lattice_runtime.errors import StoreFailure
from agent_lattice_runtime.stores.sqlite import SqliteStore
from agent_lattice_runtime.verify import verify_store

from .logs import commit, continued, step, stored

OLD = Path(__file__).with_name("version1.db")
RUNS = [("done", "completed"), ("failed", "failed"), ("stopped", "cancelled"), ("going", "running")]


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return Path(shutil.copy(OLD, tmp_path / "runs.db"))


def version(path: Path) -> int:
    connection = sqlite3.connect(path)
    found: int = connection.execute("PRAGMA user_version").fetchone()[0]
    connection.close()
    return found


def listed(store: SqliteStore) -> list[tuple[str, str]]:
    return [(row.run_id, row.status) for row in store.runs()]


def test_an_old_store_is_migrated_when_it_is_opened_for_writing(old: Path) -> None:
    assert version(old) == 1
    for _ in range(2):
        store = SqliteStore(str(old))
        assert listed(store) == RUNS
        assert verify_store(store) == []
        store.close()
        assert version(old) == 2


def test_an_old_run_goes_on_in_a_migrated_store(old: Path) -> None:
    store = SqliteStore(str(old))
    assert [row.run_id for row in store.due(0, 10)] == ["going"]
    journal = continued(store, "going")
    assert store.claim(journal.row)
    step(journal)
    commit(store, journal)
    journal.append("run.completed", "", '{"result":2}')
    commit(store, journal)
    stored(store, "new", 1, "run.completed")
    assert listed(store) == [*RUNS[:3], ("going", "completed"), ("new", "completed")]
    assert verify_store(store) == []
    store.close()


def test_an_old_store_is_read_as_it_is(old: Path) -> None:
    before = old.read_bytes()
    store = SqliteStore(str(old), readonly=True)
    assert listed(store) == RUNS
    assert {row.due for row in store.runs()} == {None}
    assert verify_store(store) == []
    store.close()
    assert old.read_bytes() == before


def test_an_old_process_can_still_append(old: Path) -> None:
    """A release that does not know our columns may have the file open while it is migrated."""
    before = sqlite3.connect(old, isolation_level=None)
    row = before.execute("SELECT key FROM runs WHERE run_id = 'going'").fetchone()
    SqliteStore(str(old)).close()
    before.execute("INSERT INTO runs (run_id, workflow, plan, status) VALUES ('late', 'flow', 'plan', 'running')")
    before.execute("UPDATE runs SET status = 'running', head_seq = NULL WHERE key = ?", row)
    before.close()
    store = SqliteStore(str(old))
    assert [row.run_id for row in store.due(0, 10)] == ["going", "late"]
    store.close()


def test_an_interrupted_migration_leaves_the_old_store(old: Path) -> None:
    connection = sqlite3.connect(old)
    connection.execute("CREATE TABLE checkpoints (here)")  # in the way of the migration, in its middle
    connection.close()
    with pytest.raises(StoreFailure) as caught:
        SqliteStore(str(old))
    assert caught.value.code == "validation"
    assert version(old) == 1
    store = SqliteStore(str(old), readonly=True)
    assert listed(store) == RUNS
    store.close()


def test_a_newer_store_is_refused_and_left_alone(old: Path) -> None:
    SqliteStore(str(old)).close()
    connection = sqlite3.connect(old)
    connection.execute("PRAGMA user_version=3")
    connection.close()
    before = old.read_bytes()
    for readonly in (False, True):
        with pytest.raises(StoreFailure, match=r"written by a newer version \(format 3, not 2\)"):
            SqliteStore(str(old), readonly=readonly)
    assert old.read_bytes() == before
