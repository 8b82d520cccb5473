"""Retention: finished runs are replaced by checkpoints once their logs have been verified."""

from __future__ import annotations

from .checkpoints import checkpoint_of
from .errors import Conflict
from .journal import TERMINAL
from .verify import verify_events

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .checkpoints import Checkpoint
    from .stores import Store
    from .verify import Finding


def prune(store: Store, before: int, *, dry: bool = False) -> Iterator[Checkpoint | Finding]:
    """Prune each finished run whose last event is older than `before` (µs since 1970), and give what is left of it; a run
    whose log was altered stays as it is, and what is wrong with it is given. `dry` changes nothing."""
    for row in store.runs(TERMINAL):
        last = list(store.events(row, after=(row.head_seq or 1) - 1))
        if last and isinstance(last[-1][1], int) and last[-1][1] >= before:
            continue
        events = list(store.events(row))
        finding = verify_events(row, events)
        if finding is not None:
            if store.find(row.run_id) is not None:  # else somebody else was faster
                yield finding
            continue
        checkpoint = checkpoint_of(row, events[0][1], events[-1][1])
        if not dry:
            try:
                store.prune(row, checkpoint)
            except Conflict:  # somebody else was faster
                continue
        yield checkpoint
