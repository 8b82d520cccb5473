"""Where runs and their events are kept: one module per kind of store."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Protocol

    from ..checkpoints import Checkpoint
    from ..journal import EventRow, RunRow

    Batch = Sequence[tuple[RunRow, Sequence[EventRow]]]

    class Store(Protocol):
        """Runs by id, and their events in order. Every error is a StoreFailure.

        A run is driven by at most one at a time, who has claimed it: `row.token` is set. The claim ends when the run
        no longer runs, when it is released, when the store is closed, and when its process dies.
        """

        def find(self, run_id: str) -> RunRow | None:
            """The run of that id."""

        def runs(self, statuses: Sequence[str] = ()) -> list[RunRow]:
            """All runs, or those in one of the statuses, in the order in which they were started."""

        def events(self, row: RunRow, after: int = 0) -> Iterable[EventRow]:
            """The events of a run behind the seq `after`, by seq."""

        def damages(self) -> list[str]:
            """What the store itself finds wrong with how it keeps its tables."""

        def orphans(self) -> list[int]:
            """Keys of runs that have events but no row."""

        def append(self, batch: Batch) -> None:
            """Store the events of several runs, and their rows as far as they have changed, all or nothing, durably.

            A run without a key is created, and claimed if it runs. Raises Conflict when somebody else has already
            stored an event of one of the runs at the same seq, or has a run of that id, or the run is gone.
            """

        def due(self, now: int, limit: int, workflows: Sequence[str] = ()) -> list[RunRow]:
            """At most `limit` runs (of those workflows, or of any) that want a driver and have none: running ones that
            somebody left, then those queued or waiting that are due at `now` (µs since 1970), the longest due first."""

        def claim(self, row: RunRow) -> bool:
            """Drive this run from here on; False when somebody does already. The row is brought up to date: the run may
            be over by now."""

        def release(self, row: RunRow) -> None:
            """Leave the run to others; nothing happens to one that is not claimed."""

        def checkpoints(self, run_id: str = "") -> list[Checkpoint]:
            """What is left of pruned runs, or of that one, by number."""

        def prune(self, row: RunRow, checkpoint: Checkpoint) -> None:
            """Put the checkpoint in the place of a finished run, all or nothing. Its id is never used again. Raises Conflict when
            the run is not there any more as it is in `row`."""

        def close(self) -> None:
            """Give back the claims and the store."""
