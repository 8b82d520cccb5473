"""The least that any durable log has to do: the same events as Lattice's, made beforehand, put into a table."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Callable, Sequence
from hashlib import sha256
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, Protocol

from contests import serve
from sums import CHAIN, FAN, events_of, with_tools

Row = tuple[object, ...]


class _Log(Protocol):
    def one(self, row: Row) -> None:
        """Store an event, in a transaction of its own."""

    def many(self, rows: Sequence[Row]) -> None:
        """Store events in one transaction."""

    def read(self, run: int) -> list[Any]:
        """The events of a run."""


class _Sqlite:
    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        columns = "run, seq, ts, type, step, payload, redaction, hash, PRIMARY KEY (run, seq)"
        self._connection.execute(f"CREATE TABLE events ({columns}) WITHOUT ROWID")

    def one(self, row: Row) -> None:
        self._connection.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)

    def many(self, rows: Sequence[Row]) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        self._connection.execute("COMMIT")

    def read(self, run: int) -> list[Any]:
        return self._connection.execute("SELECT * FROM events WHERE run = ? ORDER BY seq", (run,)).fetchall()


class _Postgres:
    _INSERT = "INSERT INTO raw_events VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"

    def __init__(self, url: str) -> None:
        import psycopg

        self._connection = psycopg.connect(url, autocommit=True, prepare_threshold=0)
        columns = "run int8, seq int8, ts int8, type text, step text, payload text, redaction text, hash bytea"
        self._connection.execute(f"CREATE TABLE raw_events ({columns}, PRIMARY KEY (run, seq))")

    def one(self, row: Row) -> None:
        self._connection.execute(self._INSERT, row)

    def many(self, rows: Sequence[Row]) -> None:
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.executemany(self._INSERT, rows)

    def read(self, run: int) -> list[Any]:
        return self._connection.execute("SELECT * FROM raw_events WHERE run = %s ORDER BY seq", (run,)).fetchall()


def _timed(what: Callable[[], object]) -> float:
    begin = perf_counter()
    what()
    return perf_counter() - begin


def _sequence(size: int) -> float:
    """A commit for each event."""
    key = next(KEYS)
    rows: list[Row] = [(key, *event) for event in events_of(CHAIN, size, SETTING)]

    def commit_each() -> None:
        for row in rows:
            LOG.one(row)

    return _timed(commit_each)


def _runs(size: int) -> float:
    """The runs go on together: a commit for each of their steps, with the event of every run."""
    events = events_of(CHAIN, 10, SETTING)
    keys = [next(KEYS) for _ in range(size)]
    batches = [[(key, *event) for key in keys] for event in events]

    def commit_groups() -> None:
        for batch in batches:
            LOG.many(batch)

    return _timed(commit_groups)


def _branches(size: int) -> float:
    """One commit for all branches."""
    key = next(KEYS)
    rows: list[Row] = [(key, *event) for event in events_of(FAN, size, SETTING)]
    return _timed(lambda: LOG.many(rows))


def _resume(size: int) -> float:
    """Read what there is of the run, and commit each event that is missing."""
    key, cut = next(KEYS), size * 9 // 10
    rows: list[Row] = [(key, *event) for event in events_of(CHAIN, size, SETTING)]
    LOG.many(rows[:cut])

    def go_on() -> None:
        for row in LOG.read(key):
            json.loads(row[5])
        for row in rows[cut:]:
            LOG.one(row)

    return _timed(go_on)


def _replay(size: int) -> float:
    """Read and decode every event, and hash it again."""
    key = next(KEYS)
    LOG.many([(key, *event) for event in events_of(CHAIN, size, SETTING)])

    def read() -> None:
        for row in LOG.read(key):
            json.loads(row[5])
            sha256(row[5].encode()).digest()

    return _timed(read)


KEYS = count(1)
LOG: _Log = _Postgres(sys.argv[1]) if sys.argv[1].startswith("postgresql:") else _Sqlite(sys.argv[1])
with TemporaryDirectory() as folder:
    SETTING = with_tools(Path(folder))
    serve({"sequence": _sequence, "runs": _runs, "branches": _branches, "resume": _resume, "replay": _replay})
