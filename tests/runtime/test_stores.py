"""Both stores keep the same rules; the SQLite one answers every misuse with a typed error."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest
from agent_lattice_runtime.errors import Conflict, Failure, StoreFailure
from agent_lattice_runtime.execute import start
from agent_lattice_runtime.journal import Journal, RunRow
from agent_lattice_runtime.redaction import Redactor
from agent_lattice_runtime.stores.memory import MemoryStore
from agent_lattice_runtime.stores.sqlite import SqliteStore
from agent_lattice_runtime.stores.sqlite_files import APPLICATION
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .samples import World, manifest, ops, workflow


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    return MemoryStore() if request.param == "memory" else SqliteStore(str(tmp_path / "new" / "runs.db"))


def begun(run_id: str = "r1") -> Journal:
    journal = Journal(RunRow(run_id, "flow", "plan"), Redactor())
    journal.append("run.started", "", '{"workflow":"flow","plan":"plan"}')
    return journal


def commit(store: Any, *journals: Journal) -> None:
    batch = [(journal.row, journal.pending) for journal in journals]
    for journal in journals:
        journal.pending = []
    store.append(batch)


def test_what_is_appended_is_read_back(store: Any) -> None:
    first, second = begun("r1"), begun("r2")
    commit(store, first, second)
    first.append("step.completed", "a", '{"result":1}')
    commit(store, first)
    second.append("run.failed", "", '{"error":"timeout"}')
    commit(store, second)
    assert [(row.run_id, row.status) for row in store.runs()] == [("r1", "running"), ("r2", "failed")]
    row = store.find("r1")
    assert [event[:1] + event[2:5] for event in store.events(row)] == [
        (1, "run.started", "", '{"workflow":"flow","plan":"plan"}'),
        (2, "step.completed", "a", '{"result":1}'),
    ]
    ended = store.find("r2")
    assert (ended.head_seq, ended.head_hash) == (2, second.hash)
    assert store.find("r3") is None
    assert store.orphans() == []


def test_the_second_of_two_writers_is_refused(store: Any) -> None:
    journal = begun()
    commit(store, journal)
    rivals = [Journal(store.find("r1"), Redactor(), list(store.events(store.find("r1")))[-1]) for _ in range(2)]
    for rival in rivals:
        rival.append("step.completed", "a", "{}")
    commit(store, rivals[0])
    with pytest.raises(Conflict):
        commit(store, rivals[1])
    with pytest.raises(Conflict):
        commit(store, begun())
    assert len(list(store.events(store.find("r1")))) == 2


def test_a_transaction_is_all_or_nothing(store: Any) -> None:
    commit(store, begun("r1"))
    fresh, taken = begun("r2"), begun("r1")
    with pytest.raises(Conflict):
        commit(store, fresh, taken)
    assert fresh.row.key is None
    assert store.find("r2") is None


def test_a_lifecycle_that_is_not_allowed(store: Any) -> None:
    journal = begun()
    journal.append("run.completed", "", "{}")
    for kind in ("run.resumed", "step.completed", "run.failed", "run.started", "custom.x"):
        with pytest.raises(Failure, match="a completed run cannot have"):
            journal.append(kind, "", "{}")
    unborn = Journal(RunRow("r9", "flow", "plan"), Redactor())
    with pytest.raises(Failure, match="a new run cannot have"):
        unborn.append("step.completed", "a", "{}")


def test_time_never_steps_back() -> None:
    times = iter([5_000_000, 3_000_000, 7_000_000])
    journal = Journal(RunRow("r1", "flow", "plan"), Redactor(), clock=lambda: next(times))
    for kind in ("run.started", "step.completed", "step.completed"):
        journal.append(kind, "", "{}")
    assert [event[1] for event in journal.pending] == [5000, 5000, 7000]


def failing(path: Path, readonly: bool = False) -> StoreFailure:
    with pytest.raises(StoreFailure) as caught:
        SqliteStore(str(path), readonly=readonly).runs()
    return caught.value


def test_not_a_database(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    path.write_text("this is not a database at all, " * 50)
    assert (failing(path).code, "not a store of runs" in str(failing(path))) == ("validation", True)
    assert path.read_text().startswith("this is not")


def test_a_directory_and_a_missing_file(tmp_path: Path) -> None:
    assert failing(tmp_path).code == "validation"
    assert failing(tmp_path / "no.db", readonly=True).code == "not_found"
    assert failing(Path("/dev/null/x/y.db")).code in ("permission_denied", "validation")
    assert failing(Path("a\0b")).code == "validation"


def test_another_programs_database(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE people (name)")
    connection.close()
    before = path.read_bytes()
    assert "not a store of runs" in str(failing(path))
    assert path.read_bytes() == before


@pytest.mark.parametrize(("version", "words"), [(3, "newer version"), (-1, "unknown format")])
def test_another_format(tmp_path: Path, version: int, words: str) -> None:
    path = tmp_path / "x.db"
    SqliteStore(str(path)).close()
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version={version}")
    connection.close()
    assert words in str(failing(path))


def test_our_mark_without_our_tables(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE runs (a)")
    connection.execute(f"PRAGMA application_id={APPLICATION}")
    connection.execute("PRAGMA user_version=1")
    connection.close()
    assert failing(path).code == "validation"


def test_a_locked_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent_lattice_runtime.stores.sqlite_files.WAIT", 0.05)
    path = tmp_path / "x.db"
    store = SqliteStore(str(path))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreFailure) as caught:
        commit(store, begun())
    assert (caught.value.code, caught.value.retryable) == ("unavailable", True)
    other.execute("ROLLBACK")
    commit(store, begun())


def test_a_full_disk_keeps_the_log_valid(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    store = SqliteStore(str(path))
    journal = begun()
    commit(store, journal)
    store._connection.execute("PRAGMA max_page_count=8")
    with pytest.raises(StoreFailure, match="the disk is full"):
        for index in range(100):
            journal.append("step.completed", f"s{index}", f'{{"result":"{"x" * 2000}"}}')
            commit(store, journal)
    store.close()
    again = SqliteStore(str(path))
    row = again.find("r1")
    assert row is not None
    kept = list(again.events(row))
    assert [event[0] for event in kept] == list(range(1, len(kept) + 1))


def test_a_store_that_can_only_be_read(tmp_path: Path) -> None:
    store = SqliteStore(str(tmp_path / "x.db"))
    store._connection.execute("PRAGMA query_only=ON")  # what a read-only disk answers, for root too
    with pytest.raises(StoreFailure) as caught:
        commit(store, begun())
    assert caught.value.code == "permission_denied"


def test_reading_only(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    store = SqliteStore(str(path))
    commit(store, begun())
    live = SqliteStore(str(path), readonly=True)
    assert [row.run_id for row in live.runs()] == ["r1"]
    store.close()
    quiet = SqliteStore(str(path), readonly=True)
    with pytest.raises(StoreFailure) as caught:
        commit(quiet, begun("r2"))
    assert caught.value.code == "permission_denied"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, 30_000), noise=st.binary(max_size=40), place=st.integers(0, 30_000))
def test_damaged_files_give_typed_errors_only(tmp_path: Path, cut: int, noise: bytes, place: int) -> None:
    path = tmp_path / "x.db"
    for name in ("x.db", "x.db-wal", "x.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    store = SqliteStore(str(path))
    journal = begun()
    for index in range(60):
        journal.append("step.completed", f"s{index}", f'{{"result":"{"x" * 300}"}}')
    commit(store, journal)
    store.close()
    raw = bytearray(path.read_bytes())
    raw[place : place + len(noise)] = noise
    path.write_bytes(bytes(raw[:cut] if cut < len(raw) else raw))
    try:
        damaged = SqliteStore(str(path))
        for row in damaged.runs():
            events = list(damaged.events(row))
            assert events is not None
        damaged.close()
    except StoreFailure as failure:
        assert failure.code in ("validation", "not_found", "unavailable")


def test_the_log_is_small(tmp_path: Path) -> None:
    """At most half a kilobyte of file for each trivial step."""
    world = World()
    double = world.op("t.double", "pure", lambda n: n * 2)

    async def flow(ctx: Any) -> int:
        for index in range(1000):
            await ctx.at("loop", index).tool("double", double, {"n": index})
        return 0

    path = tmp_path / "x.db"
    store = SqliteStore(str(path))
    store._connection.execute("PRAGMA synchronous=OFF")
    assert start(workflow(flow, manifest(loop__double=ops("t.double"))), {}, store).failure is None
    store.close()
    assert path.stat().st_size / 1000 <= 512


def test_a_store_may_be_made_by_several_at_once(tmp_path: Path) -> None:
    failures: list[StoreFailure] = []

    def make(path: Path, start: threading.Barrier) -> None:
        start.wait()
        try:
            SqliteStore(str(path)).close()
        except StoreFailure as failure:
            failures.append(failure)

    for number in range(60):
        start = threading.Barrier(8)
        threads = [threading.Thread(target=make, args=(tmp_path / f"{number}.db", start)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not failures, failures[0].message
