"""Files that are no SQLite store of ours, and what such a store needs: readers, many who make it at once, little room."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest
from agent_lattice_runtime.errors import StoreFailure
from agent_lattice_runtime.execute import start
from agent_lattice_runtime.stores.sqlite import SqliteStore
from agent_lattice_runtime.stores.sqlite_files import APPLICATION
from runtime.samples import World, manifest, ops, workflow

from .logs import begun, commit


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
