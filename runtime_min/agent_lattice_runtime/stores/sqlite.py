"""Runs kept in an SQLite file: write-ahead log, every commit on the disk before anyone goes on."""

from __future__ import annotations

from ..errors import Conflict, StoreFailure
from ..journal import RunRow
from .sqlite_files import ERRORS, VERSION, Transaction, open_file, store_failure, version_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence
    from typing import Any

    from ..checkpoints import Checkpoint
    from ..journal import EventRow
    from . import Batch
    from .claims import Claims
else:
    from .sqlite_files import sqlite3

_COLUMNS = "run_id, workflow, plan, key, status, {due}, head_seq, head_hash"
_ADD_RUN = """
INSERT INTO runs (key, run_id, workflow, plan, status, due, head_seq, head_hash)
SELECT 1 + max(ifnull((SELECT max(key) FROM runs), 0), ifnull((SELECT max(key) FROM checkpoints), 0)), ?1, ?2, ?3, ?4, ?5, ?6, ?7
WHERE NOT EXISTS (SELECT 1 FROM checkpoints WHERE run_id = ?1)
"""
_CHANGE_RUN = "UPDATE runs SET status = ?, due = ?, head_seq = ?, head_hash = ? WHERE key = ?"
_ADD_EVENT = "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_EVENTS = "SELECT seq, ts, type, step, payload, redaction, hash FROM events WHERE run = ? AND seq > ? ORDER BY seq"
_CHECKPOINT = "run_id, workflow, plan, status, head_seq, head_hash, started, ended, number, hash"
_CHECKPOINTS = f"SELECT {_CHECKPOINT} FROM checkpoints"
_LAST_CHECKPOINT = "SELECT number, hash FROM checkpoints ORDER BY number DESC LIMIT 1"
_REMOVE_RUN = "DELETE FROM runs WHERE key = ? AND head_hash = ?"  # only finished runs have one
_OPEN = "status IN ('queued', 'running', 'waiting')"  # as the index has it
_WANTED = f"{_OPEN} AND (status = 'running' OR due <= ?)"


class SqliteStore:
    """A store in the file at `path`, created when it is missing and migrated when it is old, unless `readonly`."""

    __slots__ = ("_claims", "_connection", "_readonly", "_runs", "_version", "path")

    def __init__(self, path: str, *, readonly: bool = False) -> None:
        self.path = path
        self._readonly = readonly
        self._connection = open_file(path, readonly)
        self._claims: Claims | None = None
        self._version = version_of(self._connection) if readonly else VERSION
        due = "due" if self._version > 1 else "NULL"
        self._runs = f"SELECT {_COLUMNS.format(due=due)} FROM runs"

    def find(self, run_id: str) -> RunRow | None:
        rows = self._select(f"{self._runs} WHERE run_id = ?", run_id)
        return _row(rows[0]) if rows else None

    def runs(self, statuses: Sequence[str] = ()) -> list[RunRow]:
        only = f" WHERE status IN ({', '.join('?' * len(statuses))})" if statuses else ""
        return [_row(row) for row in self._select(f"{self._runs}{only} ORDER BY key", *statuses)]

    def damages(self) -> list[str]:
        return [str(row[0]) for row in self._select("PRAGMA integrity_check(10)") if row[0] != "ok"]

    def orphans(self) -> list[int]:
        return [
            row[0] for row in self._select("SELECT DISTINCT run FROM events WHERE run NOT IN (SELECT key FROM runs)")
        ]

    def events(self, row: RunRow, after: int = 0) -> Iterator[EventRow]:
        try:
            yield from self._connection.execute(_EVENTS, (row.key, after))
        except ERRORS as error:
            raise store_failure(error, self.path) from None

    def append(self, batch: Batch) -> None:
        try:
            if len(batch) == 1 and len(batch[0][1]) == 1 and batch[0][0].token is not None and not batch[0][0].changed:
                row, events = batch[0]
                self._connection.execute(_ADD_EVENT, (row.key, *events[0]))  # a transaction of its own
            else:
                self._append_all(batch)
        except ERRORS as error:
            if isinstance(error, sqlite3.IntegrityError):
                names = ", ".join(row.run_id for row, _ in batch[:3])
                raise Conflict(f"run {names} is being continued by another process") from None
            raise store_failure(error, self.path) from None

    def _append_all(self, batch: Batch) -> None:
        created = []
        try:
            with Transaction(self._connection):
                for row, _ in batch:
                    if row.key is None:
                        created.append(row)
                        self._create(row)
                    else:
                        self._change(row)
                rows = [(row.key, *event) for row, events in batch for event in events]
                self._connection.executemany(_ADD_EVENT, rows)
        except BaseException:
            for row in created:
                self.release(row)
                row.key = None
            raise
        for row, _ in batch:
            row.kept = (row.status, row.due)
            if row.status != "running":
                self.release(row)

    def _create(self, row: RunRow) -> None:
        columns = (row.run_id, row.workflow, row.plan, row.status, row.due, row.head_seq, row.head_hash)
        added = self._connection.execute(_ADD_RUN, columns)
        if added.rowcount != 1:
            raise Conflict(f"run {row.run_id} is over, and was pruned")
        row.key = added.lastrowid
        if row.status == "running":
            self._take(row)

    def _change(self, row: RunRow) -> None:
        """Bring the run's row up to date; whoever has not claimed the run must see first whether it is still there."""
        if row.changed:
            columns = (row.status, row.due, row.head_seq, row.head_hash, row.key)
            there = self._connection.execute(_CHANGE_RUN, columns).rowcount == 1
        else:
            there = row.token is not None or bool(self._select("SELECT 1 FROM runs WHERE key = ?", row.key))
        if not there:
            raise Conflict(f"run {row.run_id} is no longer there")

    def due(self, now: int, limit: int, workflows: Sequence[str] = ()) -> list[RunRow]:
        only = f" AND workflow IN ({', '.join('?' * len(workflows))})" if workflows else ""
        claims = self._claimed()
        found: list[RunRow] = []
        try:
            for columns in self._connection.execute(
                f"{self._runs} WHERE {_WANTED}{only} ORDER BY due, key", (now, *workflows)
            ):
                if len(found) >= limit:
                    break
                if claims.free(columns[3]):
                    found.append(_row(columns))
        except ERRORS as error:
            raise store_failure(error, self.path) from None
        return found

    def claim(self, row: RunRow) -> bool:
        if row.token is not None:
            return True
        if not self._take(row):
            return False
        now = self.find(row.run_id)
        if now is None or now.key != row.key:
            self.release(row)
            raise Conflict(f"run {row.run_id} is no longer there")
        row.refresh(now.status, now.due, now.head_seq, now.head_hash)
        return True

    def _take(self, row: RunRow) -> bool:
        assert row.key is not None
        if self._claimed().take(row.key):
            row.token = 0  # a lock ends with its process: nobody is left to be fenced off
        return row.token is not None

    def release(self, row: RunRow) -> None:
        if row.token is not None:
            row.token = None
            self._claimed().give_back(row.key or 0)

    def _claimed(self) -> Claims:
        if self._claims is None:
            if self._readonly:
                raise StoreFailure("permission_denied", f"{self.path}: the store was opened for reading only")
            from .claims import Claims

            self._claims = Claims(self.path)
        return self._claims

    def checkpoints(self, run_id: str = "") -> list[Checkpoint]:
        from ..checkpoints import Checkpoint

        if self._version == 1:
            return []
        only, values = (" WHERE run_id = ?", (run_id,)) if run_id else ("", ())
        return [Checkpoint(*row) for row in self._select(f"{_CHECKPOINTS}{only} ORDER BY number", *values)]

    def prune(self, row: RunRow, checkpoint: Checkpoint) -> None:
        execute = self._connection.execute
        try:
            with Transaction(self._connection):
                if execute(_REMOVE_RUN, (row.key, row.head_hash)).rowcount != 1:
                    raise Conflict(f"run {row.run_id} is no longer there")
                execute("DELETE FROM events WHERE run = ?", (row.key,))
                checkpoint.follow(execute(_LAST_CHECKPOINT).fetchone())
                values = [getattr(checkpoint, name) for name in _CHECKPOINT.split(", ")]
                execute(
                    f"INSERT INTO checkpoints (key, {_CHECKPOINT}) VALUES (?{', ?' * len(values)})", (row.key, *values)
                )
        except ERRORS as error:
            raise store_failure(error, self.path) from None

    def backup(self, path: str) -> None:
        """Write all that is committed now into a new file, while others go on. Raises StoreFailure."""
        from .sqlite_files import copied

        copied(self._connection, path)

    def close(self) -> None:
        if self._claims is not None:
            self._claims.close()
            self._claims = None
        try:
            self._connection.close()
        except ERRORS as error:
            raise store_failure(error, self.path) from None

    def _select(self, statement: str, *values: object) -> list[Any]:
        try:
            return self._connection.execute(statement, values).fetchall()
        except ERRORS as error:
            raise store_failure(error, self.path) from None


def _row(columns: tuple[Any, ...]) -> RunRow:
    run_id, workflow, plan, key, status, due, head_seq, head_hash = columns
    return RunRow(run_id, workflow, plan, key=key, status=status, due=due, head_seq=head_seq, head_hash=head_hash)
