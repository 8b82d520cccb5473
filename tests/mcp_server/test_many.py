"""Two servers on one store, asked for anything in any order, cancelled, stopped and killed: every log stays valid, and nothing is
paid twice."""

from __future__ import annotations

import json
import os
import random
import time
from pathlib import Path
from typing import Any

import pytest
from agent_lattice_runtime.stores.sqlite import SqliteStore
from agent_lattice_runtime.verify import verify_store
from mcp_server.packages import Speaker

ROUNDS = int(os.environ.get("LATTICE_SERVER_ROUNDS", "4"))
"""How many stores; `LATTICE_SERVER_ROUNDS=200` for a long look."""

LIVES = 3
RUNS = [f"r{number}" for number in range(8)]


def say_something(chance: random.Random, speaker: Speaker, calls: list[Any]) -> None:
    run_id = chance.choice(RUNS)
    kind = chance.choices(["desk", "stop", "desk_cancel", "desk_status", "desk_events"], [5, 1, 1, 2, 1])[0]
    if kind == "desk":
        meta = {"progressToken": 1} if chance.random() < 0.5 else None
        waits = {"seconds": chance.choice((0.0, 0.05)), "wait_seconds": chance.choice((0, 0.1, 5))}
        calls.append(speaker.start("desk", meta, id=f"A{run_id}", way="pay", run_id_=run_id, **waits))
    elif kind == "stop":
        speaker.send("notifications/cancelled", {"requestId": chance.choice([0, *calls])}, id=None)
    else:
        calls.append(speaker.start(kind, run_id=run_id))


def live(chance: random.Random, package: Path, folder: Path) -> None:
    """Servers from their start to their end, of one kind or the other."""
    speakers = [Speaker(package, folder) for _ in range(chance.choice((1, 2)))]
    calls: dict[Speaker, list[Any]] = {speaker: [] for speaker in speakers}
    for speaker in speakers:
        speaker.initialize()
    for _ in range(chance.randint(5, 40)):
        speaker = chance.choice(speakers)
        say_something(chance, speaker, calls[speaker])
    time.sleep(chance.choice((0, 0.2, 0.5)))
    for speaker in speakers:
        if chance.random() < 0.4:
            speaker.process.kill()
            speaker.process.wait()
        else:
            assert speaker.end() == 0, speaker.errors
        assert "Traceback" not in speaker.errors and "internal" not in json.dumps(speaker.seen)
        speaker.kill()


@pytest.mark.parametrize("number", range(ROUNDS))
def test_anything_in_any_order(package: Path, tmp_path: Path, number: int) -> None:
    chance = random.Random(number)
    for _ in range(LIVES):
        live(chance, package, tmp_path)
    store = SqliteStore(str(tmp_path / ".lattice" / "desk.db"), readonly=True)
    assert verify_store(store) == []
    completed = {f"A{row.run_id}" for row in store.runs() if row.status == "completed"}
    store.close()
    book = tmp_path / "book"
    paid = (
        [line.split()[1] for line in book.read_text().splitlines() if line.startswith("pay ")] if book.exists() else []
    )
    assert len(paid) == len(set(paid)) and completed <= set(paid)
