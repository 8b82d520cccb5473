"""A thousand runs of ten durable steps in one process, which is killed again and again: all end, none does a step twice."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from agent_lattice_runtime.stores.sqlite import SqliteStore
from agent_lattice_runtime.verify import verify_store
from examples.using import ENVIRONMENT
from kills.subjects import Subject

RUNS = 1000
STEPS = 10
KILLS = 6
CROWDING = Path(__file__).parent / "crowding.py"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    package = Subject("crowd", "crowd.lat", {"person": "somebody"}).build(tmp_path_factory.mktemp("crowd"))
    return package.folder / "out"


def crowd(folder: Path, store: Path, seconds: float | None = None) -> str | None:
    """Drive all runs; None when the process was killed before their end."""
    command = [sys.executable, str(CROWDING), str(store), str(RUNS)]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, cwd=folder, env=ENVIRONMENT, stdout=pipe, stderr=pipe, text=True)
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return None
    assert process.returncode == 0, err
    return out


@pytest.mark.parametrize("kills", [0, KILLS])
def test_a_thousand_runs_of_ten_steps(
    folder: Path, tmp_path: Path, kills: int, record_property: Callable[[str, object], None]
) -> None:
    (folder / "ledger.txt").unlink(missing_ok=True)
    store, chance, killed = tmp_path / "runs.db", random.Random(7), 0
    for _ in range(kills):
        killed += crowd(folder, store, chance.uniform(0.2, 1.5)) is None
    record_property("kills", killed)
    assert crowd(folder, store) == f"{RUNS}\n", "every run is over, none is stuck"
    made = Counter((folder / "ledger.txt").read_text().splitlines())
    assert len(made) == RUNS * STEPS, "no payment is lost"
    if not killed:
        assert set(made.values()) == {1}
    assert max(made.values()) <= 1 + killed, "again only with the same key, where a kill has lost the outcome"
    check(store)


def check(path: Path) -> None:
    """Every chain is whole, every step has its outcome in the log once."""
    store = SqliteStore(str(path), readonly=True)
    assert not list(verify_store(store))
    rows = store.runs()
    assert len(rows) == RUNS and {row.status for row in rows} == {"completed"}
    for row in rows:
        ended = [event[3] for event in store.events(row) if event[2] == "effect.committed"]
        assert len(ended) == len(set(ended)) == STEPS
    store.close()
