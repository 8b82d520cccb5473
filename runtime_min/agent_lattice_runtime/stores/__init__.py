"""Where runs and their events are kept: one module per kind of store."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Protocol

    from ..journal import EventRow, RunRow

    Batch = Sequence[tuple[RunRow, Sequence[EventRow]]]

    class Store(Protocol):
        """Runs by id, and their events in order. Every error is a StoreFailure."""

        def find(self, run_id: str) -> RunRow | None:
            """The run of that id."""

        def runs(self) -> list[RunRow]:
            """All runs, in the order in which they were started."""

        def events(self, row: RunRow) -> Iterable[EventRow]:
            """The events of a run, by seq."""

        def orphans(self) -> list[int]:
            """Keys of runs that have events but no row."""

        def append(self, batch: Batch) -> None:
            """Store the events of several runs, all or nothing, durably; a run without a key is created. Raises
            Conflict when another process has already stored an event of one of the runs at the same seq."""

        def close(self) -> None:
            """Give the store back."""
