"""Runs kept in an SQLite file: write-ahead log, every commit on the disk before anyone goes on."""

from __future__ import annotations

from ..errors import Conflict, StoreFailure
from ..journal import RunRow

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from typing import Any

    from ..journal import EventRow
    from . import Batch
else:
    try:  # the core alone: its wrapper imports datetime, which costs as much as opening the store
        import _sqlite3 as sqlite3
    except ImportError:
        import sqlite3

APPLICATION = 0x4C415454  # "LATT", in the file's header: tells our files from other SQLite files
VERSION = 1
WAIT = 5.0  # seconds to wait for a lock
_PAUSE = 0.02  # seconds

_SCHEMA = """
CREATE TABLE runs (
    key INTEGER PRIMARY KEY, run_id TEXT NOT NULL UNIQUE, workflow TEXT NOT NULL, plan TEXT NOT NULL,
    status TEXT NOT NULL, head_seq INTEGER, head_hash BLOB
);
CREATE TABLE events (
    run INTEGER NOT NULL, seq INTEGER NOT NULL, ts INTEGER NOT NULL, type TEXT NOT NULL, step TEXT NOT NULL,
    payload TEXT NOT NULL, redaction TEXT, hash BLOB NOT NULL,
    PRIMARY KEY (run, seq)
) WITHOUT ROWID;
"""
_RUNS = "SELECT run_id, workflow, plan, key, status, head_seq, head_hash FROM runs"
_ADD_RUN = "INSERT INTO runs (run_id, workflow, plan, status, head_seq, head_hash) VALUES (?, ?, ?, ?, ?, ?)"
_END_RUN = "UPDATE runs SET status = ?, head_seq = ?, head_hash = ? WHERE key = ?"
_ADD_EVENT = "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_EVENTS = "SELECT seq, ts, type, step, payload, redaction, hash FROM events WHERE run = ? ORDER BY seq"


class SqliteStore:
    """A store in the file at `path`, created when it is missing unless `readonly`."""

    __slots__ = ("_connection", "path")

    def __init__(self, path: str, *, readonly: bool = False) -> None:
        self.path = path
        self._connection = _open(path, readonly)

    def find(self, run_id: str) -> RunRow | None:
        rows = self._select(f"{_RUNS} WHERE run_id = ?", run_id)
        return _row(rows[0]) if rows else None

    def runs(self) -> list[RunRow]:
        return [_row(row) for row in self._select(f"{_RUNS} ORDER BY key")]

    def orphans(self) -> list[int]:
        return [
            row[0] for row in self._select("SELECT DISTINCT run FROM events WHERE run NOT IN (SELECT key FROM runs)")
        ]

    def events(self, row: RunRow) -> Iterator[EventRow]:
        try:
            yield from self._connection.execute(_EVENTS, (row.key,))
        except sqlite3.Error as error:
            raise store_failure(error, self.path) from None

    def append(self, batch: Batch) -> None:
        try:
            if len(batch) == 1 and len(batch[0][1]) == 1 and batch[0][0].key and batch[0][0].status == "running":
                row, events = batch[0]
                self._connection.execute(_ADD_EVENT, (row.key, *events[0]))  # a transaction of its own
            else:
                self._append_all(batch)
        except sqlite3.Error as error:
            if isinstance(error, sqlite3.IntegrityError):
                names = ", ".join(row.run_id for row, _ in batch[:3])
                raise Conflict(f"run {names} is being continued by another process") from None
            raise store_failure(error, self.path) from None

    def _append_all(self, batch: Batch) -> None:
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        created = []
        try:
            for row, events in batch:
                if row.key is None:
                    created.append(row)
                    columns = (row.run_id, row.workflow, row.plan, row.status, row.head_seq, row.head_hash)
                    row.key = execute(_ADD_RUN, columns).lastrowid
                elif row.status != "running":
                    execute(_END_RUN, (row.status, row.head_seq, row.head_hash, row.key))
                self._connection.executemany(_ADD_EVENT, [(row.key, *event) for event in events])
            execute("COMMIT")
        except BaseException:
            for row in created:
                row.key = None
            if self._connection.in_transaction:
                execute("ROLLBACK")
            raise

    def close(self) -> None:
        try:
            self._connection.close()
        except sqlite3.Error as error:
            raise store_failure(error, self.path) from None

    def _select(self, statement: str, *values: object) -> list[Any]:
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise store_failure(error, self.path) from None


def _open(path: str, readonly: bool) -> sqlite3.Connection:
    _require_usable(path, readonly)
    if not readonly:
        return _connected(path, path, readonly)
    try:
        return _connected(path, f"{_uri(path)}?mode=ro", readonly)
    except StoreFailure:
        from os.path import exists

        if exists(f"{path}-wal"):
            raise
        # nobody is writing, and where nobody may write not even the shared-memory file beside it can be made
        return _connected(path, f"{_uri(path)}?mode=ro&immutable=1", readonly)


def _connected(path: str, location: str, readonly: bool) -> sqlite3.Connection:
    connection = None
    try:
        connection = sqlite3.connect(location, timeout=WAIT, isolation_level=None, uri=readonly)
        connection.text_factory = _text
        _prepare(connection, path, readonly)
    except (sqlite3.Error, StoreFailure) as error:
        if connection is not None:
            connection.close()
        raise error if isinstance(error, StoreFailure) else store_failure(error, path) from None
    return connection


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")  # damaged text must reach `verify`, not stop it


def _require_usable(path: str, readonly: bool) -> None:
    from os import makedirs
    from os.path import dirname, exists, isdir

    if "\0" in path:
        raise StoreFailure("validation", "the path of the store holds a null character")
    if isdir(path):
        raise StoreFailure("validation", f"{path} is a directory, not a store")
    if readonly:
        if not exists(path):
            raise StoreFailure("not_found", f"there is no store at {path}")
        return
    try:
        if folder := dirname(path):
            makedirs(folder, exist_ok=True)
    except OSError as error:
        raise StoreFailure("permission_denied", f"cannot make a folder for {path}: {error.strerror}") from None


def _uri(path: str) -> str:
    from os.path import abspath
    from urllib.parse import quote

    return f"file:{quote(abspath(path))}"


def _prepare(connection: sqlite3.Connection, path: str, readonly: bool) -> None:
    execute = connection.execute
    application = execute("PRAGMA application_id").fetchone()[0]
    if application == 0 and not readonly:
        if not execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone():
            _create(connection)
        application = execute("PRAGMA application_id").fetchone()[0]  # somebody else may have made it just now
    if application != APPLICATION:
        raise StoreFailure("validation", f"{path} is an SQLite file, but not a store of runs")
    version = execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise StoreFailure("validation", f"{path} was written by a newer version (format {version}, not {VERSION})")
    if version != VERSION:
        raise StoreFailure("validation", f"{path} has the unknown format {version}")
    if not readonly:
        execute("PRAGMA synchronous=FULL")
    execute(f"{_RUNS} LIMIT 0")
    execute(_EVENTS, (0,))


def _create(connection: sqlite3.Connection) -> None:
    """A store without runs. There is nothing to lose yet: the disk is waited for once, at the end, not at each step."""
    connection.execute("PRAGMA synchronous=OFF")
    _use_wal(connection)
    connection.execute("BEGIN IMMEDIATE")
    if connection.execute("PRAGMA application_id").fetchone()[0] == 0:  # nobody else was faster
        for statement in _SCHEMA.split(";")[:-1]:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version={VERSION}")
        connection.execute(f"PRAGMA application_id={APPLICATION}")
    connection.execute("COMMIT")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _use_wal(connection: sqlite3.Connection) -> None:
    """Several processes may make the same store at once, and for this change SQLite does not wait by itself."""
    for left in range(int(WAIT / _PAUSE), -1, -1):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.Error as error:
            if left == 0 or getattr(error, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            from time import sleep

            sleep(_PAUSE)
        else:
            return


def _row(columns: tuple[Any, ...]) -> RunRow:
    run_id, workflow, plan, key, status, head_seq, head_hash = columns
    return RunRow(run_id, workflow, plan, key=key, status=status, head_seq=head_seq, head_hash=head_hash)


def store_failure(error: sqlite3.Error, path: str) -> StoreFailure:
    """What an SQLite error means for whoever uses the store at `path`."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    kind, meaning = _MEANINGS.get(code, ("internal", "the store failed"))
    return StoreFailure(kind, f"{path}: {meaning} ({error})")


_MEANINGS = {
    sqlite3.SQLITE_NOTADB: ("validation", "not a store of runs"),
    sqlite3.SQLITE_CORRUPT: ("validation", "the store is damaged"),
    sqlite3.SQLITE_ERROR: ("validation", "not a store of runs, or a damaged one"),
    sqlite3.SQLITE_READONLY: ("permission_denied", "the store can only be read"),
    sqlite3.SQLITE_PERM: ("permission_denied", "access to the store is denied"),
    sqlite3.SQLITE_AUTH: ("permission_denied", "access to the store is denied"),
    sqlite3.SQLITE_CANTOPEN: ("not_found", "the store cannot be opened"),
    sqlite3.SQLITE_BUSY: ("unavailable", f"the store was locked by another process for {WAIT:g} s"),
    sqlite3.SQLITE_LOCKED: ("unavailable", "the store is locked"),
    sqlite3.SQLITE_FULL: ("unavailable", "the disk is full"),
    sqlite3.SQLITE_IOERR: ("unavailable", "the disk cannot be read or written"),
}
