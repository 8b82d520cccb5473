"""Runs kept in a PostgreSQL database: several processes drive them, and one takes over what another one left.

Whoever claims a run gets a lease and a token that is larger than all before. The lease is renewed while the process
lives; when it has run out, others may claim the run, and what comes with an older token is refused as Fenced.
"""

from __future__ import annotations

from contextlib import suppress

from ..errors import Conflict, Fenced, StoreFailure
from ..journal import RunRow
from . import leases
from .leases import Leases
from .postgres_schema import FENCED, PRUNED, prepare
from .postgres_sessions import Session, require_psycopg

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from psycopg import Connection

    from ..checkpoints import Checkpoint
    from ..journal import EventRow
    from . import Batch

_RUNS = "SELECT run_id, workflow, plan, key, status, due, head_seq, head_hash FROM agent_lattice.runs"
_ADD_EVENT = """
INSERT INTO agent_lattice.events
SELECT key, %s::bigint, %s::bigint, %s::text, %s::text, %s::text, %s::text, %b::bytea
FROM agent_lattice.runs WHERE key = %s::bigint AND token = %s::bigint FOR SHARE
"""
_APPEND = """
SELECT agent_lattice.append(
    %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::bytea[],
    %s::boolean[], %s::text, %s::interval,
    %s::integer[], %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bytea[]
)
"""
_EVENTS = """
SELECT seq, ts, type, step, payload, redaction, hash FROM agent_lattice.events WHERE run = %s AND seq > %s ORDER BY seq LIMIT %s
"""
_CHECKPOINT = "run_id, workflow, plan, status, head_seq, head_hash, started, ended, number, hash"
_CHECKPOINTS = f"SELECT {_CHECKPOINT} FROM agent_lattice.checkpoints"
_LAST_CHECKPOINT = "SELECT number, hash FROM agent_lattice.checkpoints ORDER BY number DESC LIMIT 1"
_ADD_CHECKPOINT = f"INSERT INTO agent_lattice.checkpoints (key, {_CHECKPOINT}) VALUES (%s{', %s' * 10})"
_REMOVE_RUN = "DELETE FROM agent_lattice.runs WHERE key = %s AND head_hash = %s"  # only finished runs have one
_PAGE = 5_000  # events that are read at a time
_FREE = "(owner IS NULL OR lease < clock_timestamp())"
_WANTED = f"status IN ('queued', 'running', 'waiting') AND (status = 'running' OR due <= %s) AND {_FREE}"
_CLAIM = f"""
UPDATE agent_lattice.runs SET token = token + 1, owner = %s, lease = clock_timestamp() + %s * interval '1 second'
WHERE key = %s AND {_FREE} RETURNING token, status, due, head_seq, head_hash
"""
_CLAIMED = "SELECT token, status, due, head_seq, head_hash FROM agent_lattice.runs WHERE key = %s AND owner = %s"
_RELEASE = """
UPDATE agent_lattice.runs AS run SET owner = NULL FROM unnest(%s::bigint[], %s::bigint[]) AS held (key, token)
WHERE run.key = held.key AND run.token = held.token
"""


class PostgresStore:
    """A store in the database of a DSN, `postgresql://…`; its tables are made when they are missing, unless `readonly`."""

    __slots__ = ("_leases", "_session", "path")

    def __init__(self, dsn: str, *, readonly: bool = False) -> None:
        require_psycopg()
        self._session = Session(dsn, readonly)
        self.path = self._session.where
        self._leases = Leases(dsn)
        try:
            self._session.do(lambda connection, _: prepare(connection, self.path, readonly))
        except StoreFailure:
            self._session.close()
            raise

    def find(self, run_id: str) -> RunRow | None:
        rows = self._select(f"{_RUNS} WHERE run_id = %s", run_id)
        return _row(rows[0]) if rows else None

    def runs(self, statuses: Sequence[str] = ()) -> list[RunRow]:
        only = " WHERE status = ANY(%s)" if statuses else ""
        return [
            _row(row) for row in self._select(f"{_RUNS}{only} ORDER BY key", *([list(statuses)] if statuses else []))
        ]

    def damages(self) -> list[str]:
        return []  # the server's own tools look for them

    def orphans(self) -> list[int]:
        missing = "NOT EXISTS (SELECT FROM agent_lattice.runs WHERE key = run)"
        return [
            row[0]
            for row in self._select(f"SELECT DISTINCT run FROM agent_lattice.events WHERE {missing} ORDER BY run")
        ]

    def events(self, row: RunRow, after: int = 0) -> Iterator[EventRow]:
        while page := self._select(_EVENTS, row.key, after, _PAGE):
            yield from page
            if len(page) < _PAGE:
                return
            after = page[-1][0]

    def append(self, batch: Batch) -> None:
        row, events = batch[0]
        if len(batch) == 1 and len(events) == 1 and row.token is not None and not row.changed:
            self._session.do(lambda connection, again: _append_one(connection, again, row, events[0]))
            return
        owner = _nonce()
        keys = self._session.do(lambda connection, again: _append_all(connection, again, batch, owner))
        for (row, _), key in zip(batch, keys, strict=True):
            created, row.key = row.key is None, key
            freed, row.kept = row.changed and row.status != "running", (row.status, row.due)
            if freed:
                self._forget(row)
            elif created:
                self._hold(row, 1)

    def due(self, now: int, limit: int, workflows: Sequence[str] = ()) -> list[RunRow]:
        only = " AND workflow = ANY(%s)" if workflows else ""
        values = [now, *([list(workflows)] if workflows else []), limit]
        return [
            _row(row)
            for row in self._select(f"{_RUNS} WHERE {_WANTED}{only} ORDER BY due NULLS FIRST, key LIMIT %s", *values)
        ]

    def claim(self, row: RunRow) -> bool:
        if row.token is not None:
            return True
        owner = _nonce()

        def work(connection: Connection[Any], again: bool) -> Any:
            if again and (mine := connection.execute(_CLAIMED, (row.key, owner)).fetchone()):
                return mine
            return connection.execute(_CLAIM, (owner, leases.LEASE, row.key)).fetchone()

        claimed = self._session.do(work)
        if claimed is None:
            if not self._select("SELECT 1 FROM agent_lattice.runs WHERE key = %s", row.key):
                raise Conflict(f"run {row.run_id} is no longer there")
            return False
        row.refresh(*claimed[1:])
        self._hold(row, claimed[0])
        return True

    def release(self, row: RunRow) -> None:
        token = row.token
        if token is not None:
            self._forget(row)
            self._give_back([row.key], [token])

    def checkpoints(self, run_id: str = "") -> list[Checkpoint]:
        from ..checkpoints import Checkpoint

        only, values = (" WHERE run_id = %s", (run_id,)) if run_id else ("", ())
        return [Checkpoint(*row) for row in self._select(f"{_CHECKPOINTS}{only} ORDER BY number", *values)]

    def prune(self, row: RunRow, checkpoint: Checkpoint) -> None:
        def work(connection: Connection[Any], again: bool) -> None:
            if again and self.checkpoints(row.run_id):
                return
            with connection.transaction():
                connection.execute("LOCK TABLE agent_lattice.checkpoints IN SHARE ROW EXCLUSIVE MODE")  # one at a time
                if connection.execute(_REMOVE_RUN, (row.key, row.head_hash)).rowcount != 1:
                    raise Conflict(f"run {row.run_id} is no longer there")
                connection.execute("DELETE FROM agent_lattice.events WHERE run = %s", (row.key,))
                checkpoint.follow(connection.execute(_LAST_CHECKPOINT).fetchone())
                values = [getattr(checkpoint, name) for name in _CHECKPOINT.split(", ")]
                connection.execute(_ADD_CHECKPOINT.encode(), (row.key, *values))

        self._session.do(work)

    def close(self) -> None:
        self._leases.close()
        with suppress(StoreFailure):  # the leases run out by themselves
            self._give_back(*self._leases.held())
        self._session.close()

    def _give_back(self, keys: Sequence[int | None], tokens: Sequence[int]) -> None:
        if keys:
            self._session.do(lambda connection, _: connection.execute(_RELEASE, (keys, tokens)))

    def _hold(self, row: RunRow, token: int) -> None:
        assert row.key is not None
        row.token = token
        self._leases.add(row.key, token)

    def _forget(self, row: RunRow) -> None:
        if row.token is not None:
            row.token = None
            self._leases.remove(row.key or 0)

    def _select(self, statement: str, *values: object) -> list[Any]:
        def work(connection: Connection[Any], again: bool) -> list[Any]:
            return connection.execute(statement.encode(), values).fetchall()

        return self._session.do(work)


def _append_one(connection: Connection[Any], again: bool, row: RunRow, event: EventRow) -> None:
    from psycopg.errors import UniqueViolation

    try:
        if connection.execute(_ADD_EVENT, (*event, row.key, row.token), prepare=True).rowcount == 1:
            return
        conflict: Conflict = _fenced((row,))
    except UniqueViolation:
        conflict = _continued((row,))
    if not (again and _stored(connection, ((row, (event,)),))):
        raise conflict


def _append_all(connection: Connection[Any], again: bool, batch: Batch, owner: str) -> Sequence[int]:
    """The keys of the runs, once everything is stored."""
    from psycopg import Error

    rows = [row for row, _ in batch]
    try:
        answer = connection.execute(_APPEND, _columns(batch, owner), prepare=True).fetchone()
    except Error as error:
        meaning = _CONFLICTS.get(error.sqlstate or "")
        if meaning is None:
            raise
        if again and (kept := _stored(connection, batch)):
            return kept
        raise meaning(rows) from None
    assert answer is not None
    keys: list[int] = answer[0]
    return keys


def _columns(batch: Batch, owner: str) -> tuple[Any, ...]:
    rows = [row for row, _ in batch]
    events = [(place, *event) for place, (_, events) in enumerate(batch, 1) for event in events]
    return (
        [row.key for row in rows],
        [row.token for row in rows],
        [row.run_id for row in rows],
        [row.workflow for row in rows],
        [row.plan for row in rows],
        [row.status for row in rows],
        [row.due for row in rows],
        [row.head_seq for row in rows],
        [row.head_hash for row in rows],
        [row.changed for row in rows],
        owner,
        f"{leases.LEASE} seconds",
        *(list(column) for column in zip(*events, strict=True)),
    )


def _stored(connection: Connection[Any], batch: Batch) -> list[int]:
    """The keys of the runs when the last event of each is in the store just like this, else nothing: an append whose
    answer was lost did happen."""
    keys = []
    for row, events in batch:
        seq, digest = events[-1][0], events[-1][6]
        found = connection.execute(
            "SELECT key FROM agent_lattice.runs JOIN agent_lattice.events ON run = key WHERE run_id = %s AND seq = %s AND hash = %s",
            (row.run_id, seq, digest),
        ).fetchone()
        if found is None:
            return []
        keys.append(found[0])
    return keys


def _continued(rows: Sequence[RunRow]) -> Conflict:
    return Conflict(f"run {_names(rows)} is being continued by another process")


def _fenced(rows: Sequence[RunRow]) -> Conflict:
    if all(row.token is None for row in rows):
        return Conflict(f"run {_names(rows)} is no longer there")
    return Fenced(f"run {_names(rows)} was taken over by another process, or is no longer there")


def _pruned(rows: Sequence[RunRow]) -> Conflict:
    return Conflict(f"run {_names(rows)} is over, and was pruned")


_CONFLICTS = {"23505": _continued, FENCED: _fenced, PRUNED: _pruned}


def _names(rows: Sequence[RunRow]) -> str:
    return ", ".join(row.run_id for row in rows[:3])


def _nonce() -> str:
    from os import urandom

    return urandom(8).hex()


def _row(columns: tuple[Any, ...]) -> RunRow:
    run_id, workflow, plan, key, status, due, head_seq, head_hash = columns
    return RunRow(run_id, workflow, plan, key=key, status=status, due=due, head_seq=head_seq, head_hash=head_hash)
