"""New events on their way from the logs of runs to the store: in one transaction, and then to those who listen."""

from __future__ import annotations

from contextlib import suppress

from .errors import Conflict, StoreFailure
from .journal import OUTSIDE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .run import Run
    from .stores import Store


class Commits:
    """The runs of a loop that have events which are not stored yet. Where somebody has put something into the log of a run from
    outside, the run takes it in and goes on behind it: `heard` are the runs to which that has happened."""

    __slots__ = ("_runs", "_store", "heard")

    def __init__(self, store: Store) -> None:
        self._store = store
        self._runs: list[Run] = []
        self.heard: list[Run] = []

    def __len__(self) -> int:
        return len(self._runs)

    def mark(self, run: Run) -> None:
        """The run may have new events."""
        if run.journal.pending and not run.dirty:
            run.dirty = True
            self._runs.append(run)

    def all(self) -> None:
        """Store the new events of all runs. Raises StoreFailure; a Conflict ends one run only."""
        runs, self._runs = self._runs, []
        for run in runs:
            run.dirty = bool(run.journal.pending)
        runs = [run for run in runs if run.dirty]
        if not runs:
            return
        if len(runs) == 1 or not self._together(runs):
            for run in runs:
                self.one(run)

    def _together(self, runs: list[Run]) -> bool:
        """False, and nothing is stored, when somebody else has stored events of one of the runs."""
        try:
            self._store.append([(run.journal.row, run.journal.pending) for run in runs])
        except Conflict:
            return False
        except StoreFailure as failure:
            for run in runs:
                run.journal.pending = []
                run.abort(failure)
            raise
        for run in runs:
            _done(run)
        return True

    def one(self, run: Run) -> None:
        """Store the new events of a run."""
        try:
            self._store.append(((run.journal.row, run.journal.pending),))
        except StoreFailure as failure:
            run.dirty = False
            if isinstance(failure, Conflict) and self.take_in(run):
                if run.journal.pending:
                    self.one(run)
                return
            run.journal.pending = []
            run.abort(failure)
            if not isinstance(failure, Conflict):
                raise
        else:
            _done(run)

    def take_in(self, run: Run) -> bool:
        """Whether somebody else has stored something, and all of it came from outside. Another driver of the run is something
        else."""
        journal = run.journal
        if journal.row.key is None:
            return False
        tail = list(self._store.events(journal.row, journal.seq - len(journal.pending)))
        if not tail or any(event[2] not in OUTSIDE for event in tail):
            return False
        run.take_in(tail)
        self.heard.append(run)
        return True

    def last(self, run: Run) -> None:
        """Store the new events of a run after an interruption. It may have come just after they were stored: then they conflict with
        themselves."""
        with suppress(Conflict):
            self._store.append(((run.journal.row, run.journal.pending),))
            if run.suspended:
                run.let_go()


def _done(run: Run) -> None:
    events = run.journal.pending
    run.journal.pending = []
    run.dirty = False
    if run.suspended:
        run.let_go()
    if run.setting.on_event is not None:
        run.committed(events)
