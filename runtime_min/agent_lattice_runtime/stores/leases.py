"""Leases on the runs that a process drives on a PostgreSQL store: a thread renews them until they are given back."""

from __future__ import annotations

from threading import Event, Lock, Thread

from ..errors import StoreFailure
from .postgres_sessions import Session

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from psycopg import Connection

LEASE = 15.0  # seconds after which a run whose driver is not heard of may be taken over

_RENEW = """
UPDATE agent_lattice.runs AS run SET lease = clock_timestamp() + %s * interval '1 second'
FROM unnest(%s::bigint[], %s::bigint[]) AS held (key, token)
WHERE run.key = held.key AND run.token = held.token AND run.owner IS NOT NULL
"""


class Leases:
    """Key and token of each run that is driven. The thread starts with the first one and has a connection of its own."""

    __slots__ = ("_dsn", "_held", "_lock", "_stopped", "_thread")

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._held: dict[int, int] = {}
        self._lock = Lock()
        self._stopped = Event()
        self._thread: Thread | None = None

    def add(self, key: int, token: int) -> None:
        """Renew this lease from here on."""
        with self._lock:
            self._held[key] = token
            if self._thread is None:
                self._thread = Thread(target=self._renew_until_stopped, daemon=True, name="leases")
                self._thread.start()

    def remove(self, key: int) -> None:
        with self._lock:
            self._held.pop(key, None)

    def held(self) -> tuple[list[int], list[int]]:
        """Keys and tokens."""
        with self._lock:
            return list(self._held), list(self._held.values())

    def close(self) -> None:
        """Renew nothing any more."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(1.0)

    def _renew_until_stopped(self) -> None:
        session: Session | None = None
        while not self._stopped.wait(LEASE / 3):
            try:
                if session is None:
                    session = Session(self._dsn, False)
                session.do(self._renew)
            except StoreFailure:  # the server is away: whoever appends says so, and the next turn tries again
                continue
        if session is not None:
            session.close()

    def _renew(self, connection: Connection[Any], again: bool) -> None:
        keys, tokens = self.held()
        if keys:
            connection.execute(_RENEW, (LEASE, keys, tokens))
