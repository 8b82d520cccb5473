"""Goes on with the runs of a store that are due while a server stands, as a worker does, beside those that its client has called."""

from __future__ import annotations

import sys
from os import environ
from threading import Event, Thread
from time import time_ns

from .commands.inputs import is_there
from .deaths import Deaths
from .due_runs import EVERY
from .errors import Conflict, Failure, StoreFailure
from .journal import TERMINAL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .journal import RunRow
    from .mcp_server_runs import Going, Runs
    from .models import Workflow
    from .stores import Store

MOST = 16  # runs at a time that no call has asked for
_LONGEST = 30.0  # seconds between two looks at a store that is out of order


class DueWatch:
    """Looks every second, from a thread. Runs that the client of this server has called are always gone on with, others only where
    every secret and variable that the workflow needs is there: without them they would fail."""

    def __init__(self, workflow: Workflow, runs: Runs) -> None:
        self._workflow = workflow
        self._runs = runs
        self._missing = [
            name for name in (*_needed(workflow, "secrets"), *_needed(workflow, "env")) if name not in environ
        ]
        self._deaths = Deaths(workflow, time_ns)
        self._aside: set[str] = set()  # runs that cannot be driven: they are left to a person
        self._mine: dict[str, Going] = {}
        self._told = False
        self._stopped = Event()
        self._thread = Thread(target=self._watch, name="due-runs", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Take no more runs, and wait at most so long until that is certain."""
        self._stopped.set()
        self._thread.join(seconds)

    def _watch(self) -> None:
        seconds, troubles = EVERY, 0
        while not self._stopped.wait(seconds):
            if not is_there(self._runs.path):  # a server that nobody calls leaves no file behind
                continue
            try:
                with self._runs.store() as store:
                    seconds = EVERY
                    while not self._stopped.wait(seconds):
                        seconds = self._look(store)
                        troubles = 0
            except StoreFailure:
                troubles += 1
                seconds = min(_LONGEST, EVERY * 2.0 ** min(troubles, 10))

    def _look(self, store: Store) -> float:
        """Go on with what is due now; in how many seconds to look again."""
        self._leave()
        now = time_ns() // 1000
        following = now + int(EVERY * 1e6)
        room = MOST - len(self._mine)
        for row in store.due(following, room + len(self._aside), (self._workflow.name,)) if room > 0 else ():
            if row.run_id in self._aside or not self._concerns(row):
                continue
            if (row.due or 0) > now:
                following = min(following, row.due or following)
            elif len(self._mine) < MOST and self._may_live(store, row):
                self._go_on(row)
        return (following - now) / 1e6

    def _concerns(self, row: RunRow) -> bool:
        if not self._missing or row.run_id in self._runs.called:
            return True
        if not self._told:
            self._told = True
            names = ", ".join(self._missing)
            sys.stderr.write(f"due runs of others are left to them: {names} is not set\n")
        return False

    def _may_live(self, store: Store, row: RunRow) -> bool:
        """Whether the run is nobody else's, and may be driven."""
        if not store.claim(row):
            return False
        try:
            return row.status not in TERMINAL and self._deaths.may_live(store, row, alone=not self._runs.count())
        except Conflict:
            return False
        except StoreFailure:
            raise
        except Failure:
            self._aside.add(row.run_id)
            return False
        finally:
            store.release(row)

    def _go_on(self, row: RunRow) -> None:
        try:
            self._mine[row.run_id] = self._runs.resume(self._workflow, row.run_id)
        except StoreFailure:
            raise
        except Failure as failure:
            if not failure.retryable:
                self._aside.add(row.run_id)

    def _leave(self) -> None:
        """What has ended without a word in its log, as after a divergence, would be due again at once: it is set aside."""
        for run_id, going in [(run_id, going) for run_id, going in self._mine.items() if going.done.is_set()]:
            del self._mine[run_id]
            self._deaths.forget(run_id)
            if not _settled(going):
                self._aside.add(run_id)


def _settled(going: Going) -> bool:
    if going.run is None:
        return going.failure is not None and going.failure.retryable
    failure = going.run.failure
    return going.run.journal.row.status != "running" or isinstance(failure, Conflict) or failure is None


def _needed(workflow: Workflow, sort: str) -> list[str]:
    return [str(name) for name in workflow.manifest["permissions"]["total"].get(sort, ())]
