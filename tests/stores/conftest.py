"""The kinds of stores that all tests of the contract run on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from agent_lattice_runtime.stores.memory import MemoryStore
from agent_lattice_runtime.stores.postgres import PostgresStore
from agent_lattice_runtime.stores.sqlite import SqliteStore

if TYPE_CHECKING:
    from agent_lattice_runtime.stores import Store

    from .logs import Open


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Opens the same store again and again, as several users of it do."""
    opened: list[Store] = []
    if request.param == "postgres":
        dsn = request.getfixturevalue("postgres_server").empty()
    else:
        memory, path = MemoryStore(), str(tmp_path / "new" / "runs.db")

    def opening() -> Store:
        if request.param == "memory":
            return memory
        opened.append(PostgresStore(dsn) if request.param == "postgres" else SqliteStore(path))
        return opened[-1]

    yield opening
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Open) -> Store:
    return open_store()
