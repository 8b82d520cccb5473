"""Runs of which processes may have died: who drives them, and when they are left to a person."""

from __future__ import annotations

from .canonical import canonical
from .errors import Failure
from .execute import redactor_of
from .journal import Journal
from .standing import Standing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .journal import EventRow, RunRow
    from .models import Workflow
    from .stores import Store

DEATHS = 10  # processes in a row that may die of a run before it is left to a person
_MINUTE = 60_000_000  # µs


class Deaths:
    """Looks at the due runs of `workflow`; `clock` gives nanoseconds since 1970."""

    def __init__(self, workflow: Workflow, clock: Callable[[], int], most: int = DEATHS) -> None:
        self._workflow = workflow
        self._clock = clock
        self._most = most
        self._suspects: dict[str, int] = {}  # since when, in µs since 1970, they are held back

    def may_live(self, store: Store, row: RunRow, *, alone: bool) -> bool:
        """Whether to drive a run that others may have died of; the caller has claimed it. When that is likely, it is driven when it is
        `alone`, so that nobody else can die with it, or has to wait a minute for that. Raises Failure conflict when it is left to a
        person, as its log says then."""
        if row.status != "running":
            return True
        events = list(store.events(row))
        deaths = Standing(events).deaths
        if deaths >= self._most:
            self._park(store, row, events[-1])
            raise Failure("conflict", f"{deaths} processes in a row have died of it; go on with: resume {row.run_id}")
        now = self._clock() // 1000
        held = now - self._suspects.setdefault(row.run_id, now) if deaths >= max(1, self._most // 2) else _MINUTE
        return alone or held >= _MINUTE

    def forget(self, run_id: str) -> None:
        """A run has come to an end, or waits, and nobody has died of it."""
        self._suspects.pop(run_id, None)

    def _park(self, store: Store, row: RunRow, last: EventRow) -> None:
        journal = Journal(row, redactor_of(self._workflow), last, self._clock)
        journal.append("run.waiting", "", canonical({"on": [{"kind": "parked", "step": "", "until": None}]}))
        store.append(((row, journal.pending),))
