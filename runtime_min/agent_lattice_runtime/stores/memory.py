"""Runs kept in memory: tests, previews, and measuring."""

from __future__ import annotations

from ..errors import Conflict
from ..journal import RunRow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..journal import EventRow
    from . import Batch


class MemoryStore:
    """A store that forgets everything with the process; the same rules as the durable one."""

    __slots__ = ("_events", "_rows")

    def __init__(self) -> None:
        self._rows: dict[str, RunRow] = {}
        self._events: dict[int, list[EventRow]] = {}

    def find(self, run_id: str) -> RunRow | None:
        row = self._rows.get(run_id)
        return None if row is None else _copy(row)

    def runs(self) -> list[RunRow]:
        return [_copy(row) for row in self._rows.values()]

    def events(self, row: RunRow) -> list[EventRow]:
        return list(self._events.get(row.key or 0, ()))

    def orphans(self) -> list[int]:
        return []

    def append(self, batch: Batch) -> None:
        for row, events in batch:
            kept = self._events.get(row.key or 0)
            if kept is None and row.run_id in self._rows:
                raise Conflict(f"run {row.run_id} exists already")
            if kept is not None and len(kept) != events[0][0] - 1:
                raise Conflict(f"run {row.run_id} is being continued by someone else")
        for row, events in batch:
            if row.key is None:
                row.key = len(self._rows) + 1
                self._rows[row.run_id] = _copy(row)
                self._events[row.key] = []
            elif row.status != "running":
                self._rows[row.run_id] = _copy(row)
            self._events[row.key] += events

    def close(self) -> None:
        pass


def _copy(row: RunRow) -> RunRow:
    return RunRow(
        row.run_id,
        row.workflow,
        row.plan,
        key=row.key,
        status=row.status,
        head_seq=row.head_seq,
        head_hash=row.head_hash,
    )
