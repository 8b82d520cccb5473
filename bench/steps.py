"""Steps in memory and on the disk, beside the least work that any log has to do for them; and what a step costs there."""

from __future__ import annotations

import gc
import json
import sqlite3
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import TYPE_CHECKING

import others
from agent_lattice_runtime.execute import run_many, start
from agent_lattice_runtime.stores.memory import MemoryStore
from agent_lattice_runtime.stores.sqlite import SqliteStore
from measuring import Figure, at_most, in_turns, shown
from sums import CHAIN, events_of, with_tools

if TYPE_CHECKING:
    from agent_lattice_runtime.journal import EventRow
    from agent_lattice_runtime.run import Setting

STEPS = 1000
RUNS = 100
ROUNDS = 9


def figures() -> Iterator[Figure]:
    with TemporaryDirectory() as name:
        folder = Path(name)
        setting = with_tools(folder)
        gc.freeze()  # what the bench itself has loaded is not looked through while steps are measured
        yield from _in_memory(setting)
        yield from _durable(folder, setting)
        yield from _size(folder, setting)


def _in_memory(setting: Setting) -> Iterator[Figure]:
    steps = [event for event in events_of(CHAIN, STEPS, setting) if event[3]]
    run, hashed = in_turns(
        [lambda: start(CHAIN, {"steps": STEPS}, MemoryStore(), None, setting), _hashing(steps)],
        3 * ROUNDS,
        clock=process_time,
    )
    step = run / STEPS
    beside = f"{shown(hashed / STEPS)}  json.dumps and sha256 of the event"
    yield Figure("step in memory", shown(step), beside, run / hashed, "≤ 10 µs", step <= 10e-6)
    yield from others.figures(STEPS, ROUNDS)


def _hashing(events: list[EventRow]) -> Callable[[], None]:
    documents = [
        {"payload": json.loads(payload), "redaction": None, "run_id": "bench", "seq": seq, "step": step, "ts": ts, "type": kind}
        for seq, ts, kind, step, payload, _, _ in events
    ]  # fmt: skip

    def run() -> None:
        for document in documents:
            sha256(json.dumps(document).encode()).digest()

    return run


def _durable(folder: Path, setting: Setting) -> Iterator[Figure]:
    store, shared = SqliteStore(str(folder / "runs.db")), SqliteStore(str(folder / "shared.db"))
    raw = _raw_log(folder / "raw.db")
    rows = [event for event in events_of(CHAIN, STEPS, setting) if event[3]]
    keys = iter(range(1, 1_000_000))

    def commit_each() -> None:
        key = next(keys)
        for row in rows:
            raw.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (key, *row))

    def many() -> None:
        each = STEPS // RUNS
        run_many(CHAIN, [(None, {"steps": each})] * RUNS, shared, setting)

    alone, together, commits = in_turns(
        [lambda: start(CHAIN, {"steps": STEPS}, store, None, setting), many, commit_each], ROUNDS
    )
    for log in (store, shared, raw):
        log.close()
    beside = "raw commit of one event"
    yield at_most("durable step", alone / STEPS, commits / STEPS, 1.3, beside)
    yield at_most(f"durable step, {RUNS} runs on one store", together / STEPS, commits / STEPS, 1.0, beside)


def _raw_log(path: Path) -> sqlite3.Connection:
    """The least durable log: the same columns, key and settings, and nothing else."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(
        "CREATE TABLE events (run, seq, ts, type, step, payload, redaction, hash, PRIMARY KEY (run, seq)) WITHOUT ROWID"
    )
    return connection


def _size(folder: Path, setting: Setting) -> Iterator[Figure]:
    sizes = []
    for steps in (STEPS // 10, STEPS):
        path = folder / f"size{steps}.db"
        store = SqliteStore(str(path))
        start(CHAIN, {"steps": steps}, store, None, setting)
        store.close()
        sizes.append(path.stat().st_size)
    each = (sizes[1] - sizes[0]) / (STEPS - STEPS // 10)
    yield Figure("log of a step", f"{each:.0f} bytes", goal="≤ 512 bytes", met=each <= 512)
