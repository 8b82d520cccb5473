"""Runs kept in memory: tests, previews, and measuring."""

from __future__ import annotations

from ..errors import Conflict
from ..journal import RunRow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..checkpoints import Checkpoint
    from ..journal import EventRow
    from . import Batch


class MemoryStore:
    """A store that forgets everything with the process; the same rules as the durable one."""

    __slots__ = ("_checkpoints", "_claimed", "_events", "_keys", "_rows")

    def __init__(self) -> None:
        self._rows: dict[str, RunRow] = {}
        self._events: dict[int, list[EventRow]] = {}
        self._claimed: set[int | None] = set()
        self._checkpoints: dict[str, Checkpoint] = {}
        self._keys = 0

    def find(self, run_id: str) -> RunRow | None:
        row = self._rows.get(run_id)
        return None if row is None else _copy(row)

    def runs(self, statuses: Sequence[str] = ()) -> list[RunRow]:
        return [_copy(row) for row in self._rows.values() if not statuses or row.status in statuses]

    def events(self, row: RunRow, after: int = 0) -> list[EventRow]:
        return self._events.get(row.key or 0, [])[after:]

    def damages(self) -> list[str]:
        return []

    def orphans(self) -> list[int]:
        return []

    def append(self, batch: Batch) -> None:
        for row, events in batch:
            kept = self._events.get(row.key or 0)
            if kept is None and row.run_id in self._rows:
                raise Conflict(f"run {row.run_id} exists already")
            if kept is None and row.run_id in self._checkpoints:
                raise Conflict(f"run {row.run_id} is over, and was pruned")
            if kept is None and row.key is not None:
                raise Conflict(f"run {row.run_id} is no longer there")
            if kept is not None and len(kept) != events[0][0] - 1:
                raise Conflict(f"run {row.run_id} is being continued by someone else")
        for row, events in batch:
            if row.key is None:
                self._keys += 1
                row.key = self._keys
                self._events[row.key] = []
                self._keep(row)
                if row.status == "running":
                    self._claimed.add(row.key)
                    row.token = 0
            elif row.changed:
                self._keep(row)
                if row.status != "running":
                    self.release(row)
            self._events[row.key] += events

    def _keep(self, row: RunRow) -> None:
        row.kept = (row.status, row.due)
        self._rows[row.run_id] = _copy(row)

    def due(self, now: int, limit: int, workflows: Sequence[str] = ()) -> list[RunRow]:
        found = [
            row
            for row in self._rows.values()
            if row.key not in self._claimed and (not workflows or row.workflow in workflows) and _wanted(row, now)
        ]
        found.sort(key=lambda row: (row.due or 0, row.key))
        return [_copy(row) for row in found[:limit]]

    def claim(self, row: RunRow) -> bool:
        if row.token is None:
            if row.key in self._claimed:
                return False
            self._claimed.add(row.key)
            row.token = 0
            now = self._rows[row.run_id]
            row.refresh(now.status, now.due, now.head_seq, now.head_hash)
        return True

    def release(self, row: RunRow) -> None:
        if row.token is not None:
            row.token = None
            self._claimed.discard(row.key)

    def checkpoints(self, run_id: str = "") -> list[Checkpoint]:
        return [kept for kept in self._checkpoints.values() if not run_id or kept.run_id == run_id]

    def prune(self, row: RunRow, checkpoint: Checkpoint) -> None:
        now = self._rows.get(row.run_id)
        if now is None or now.head_hash is None or now.head_hash != row.head_hash:
            raise Conflict(f"run {row.run_id} is no longer there")
        last = next(reversed(self._checkpoints.values()), None)
        checkpoint.follow((last.number, last.hash) if last else None)
        self._checkpoints[row.run_id] = checkpoint
        del self._rows[row.run_id], self._events[now.key or 0]

    def close(self) -> None:
        self._claimed.clear()


def _wanted(row: RunRow, now: int) -> bool:
    if row.status in ("queued", "waiting"):
        return row.due is not None and row.due <= now
    return row.status == "running"


def _copy(row: RunRow) -> RunRow:
    return RunRow(
        row.run_id,
        row.workflow,
        row.plan,
        key=row.key,
        status=row.status,
        due=row.due,
        head_seq=row.head_seq,
        head_hash=row.head_hash,
    )
