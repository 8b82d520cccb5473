"""Claims on runs of an SQLite store among threads and processes: a killed process gives back what it had."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import agent_lattice_runtime
import pytest
from agent_lattice_runtime.errors import Conflict, StoreFailure
from agent_lattice_runtime.stores import claims
from agent_lattice_runtime.stores.sqlite import SqliteStore

from .logs import commit, continued, step, stored

CLAIMER = """
import sys
from agent_lattice_runtime.stores.sqlite import SqliteStore
store = SqliteStore(sys.argv[1])
row = store.find(sys.argv[2])
print(store.claim(row), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "runs.db")


def claimer(path: str, run_id: str) -> tuple[subprocess.Popen[str], bool]:
    """Another process that claims the run, if it can, and keeps it until its standard input ends."""
    home = str(Path(agent_lattice_runtime.__file__).parents[1])
    process = subprocess.Popen(
        [sys.executable, "-c", CLAIMER, path, run_id],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": home},
    )
    assert process.stdout is not None
    return process, process.stdout.readline() == "True\n"


def test_a_killed_process_gives_its_claims_back(path: str) -> None:
    store = SqliteStore(path)
    journal = stored(store)
    store.release(journal.row)
    process, claimed = claimer(path, "r1")
    assert claimed
    assert not store.claim(journal.row)
    assert store.due(0, 1) == []
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert [row.run_id for row in store.due(0, 1)] == ["r1"]
    assert store.claim(journal.row)
    process, claimed = claimer(path, "r1")
    assert not claimed
    process.communicate("")
    store.close()
    process, claimed = claimer(path, "r1")
    assert claimed
    process.communicate("")


def test_a_creator_has_claimed_its_run_before_anyone_can_see_it(path: str) -> None:
    store = SqliteStore(path)
    stored(store)
    process, claimed = claimer(path, "r1")
    process.communicate("")
    assert not claimed
    store.close()


def test_another_store_of_the_process_keeps_the_locks(path: str) -> None:
    """Closing any descriptor of a file ends all locks that the process has on it."""
    store = SqliteStore(path)
    stored(store)
    other = SqliteStore(path)
    assert other.due(0, 1) == []
    other.close()
    process, claimed = claimer(path, "r1")
    process.communicate("")
    assert not claimed
    store.close()


def test_one_thread_of_many_gets_the_run(path: str) -> None:
    store = SqliteStore(path)
    journal = stored(store)
    store.release(journal.row)
    start, won = threading.Barrier(8), []

    def work() -> None:
        mine = SqliteStore(path)
        row = mine.find("r1")
        start.wait()
        assert row is not None
        if mine.claim(row):
            won.append(mine)
        start.wait()
        mine.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert store.claim(journal.row)
    store.close()
    assert not [name for name in claims._files if name.startswith(path)]


def test_a_forked_process_has_no_claims(path: str) -> None:
    store = SqliteStore(path)
    stored(store)
    child = os.fork()
    if child == 0:
        mine = SqliteStore(path)
        row = mine.find("r1")
        os._exit(0 if row is not None and not mine.claim(row) else 1)
    assert os.waitpid(child, 0)[1] == 0
    process, claimed = claimer(path, "r1")
    process.communicate("")
    assert not claimed
    store.close()


def test_without_locks_of_files_the_number_of_the_event_decides(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "fcntl", None)
    store = SqliteStore(path)
    journal = stored(store)
    second = continued(store)
    assert not store.claim(second.row)
    process, claimed = claimer(path, "r1")
    process.communicate("")
    assert claimed
    for log in (journal, second):
        step(log)
    commit(store, second)
    with pytest.raises(Conflict):
        commit(store, journal)
    store.close()


def test_a_reader_claims_nothing(path: str) -> None:
    store = SqliteStore(path)
    journal = stored(store)
    store.release(journal.row)
    reader = SqliteStore(path, readonly=True)
    with pytest.raises(StoreFailure, match="reading only"):
        reader.claim(journal.row)
    with pytest.raises(StoreFailure, match="reading only"):
        reader.due(0, 1)
    reader.close()
    store.close()


def test_claims_that_cannot_be_made_store_nothing(path: str) -> None:
    store = SqliteStore(path)
    Path(f"{path}-claims").mkdir()
    with pytest.raises(StoreFailure, match="cannot be opened"):
        stored(store)
    assert store.runs() == []
    Path(f"{path}-claims").rmdir()
    stored(store)
    store.close()
