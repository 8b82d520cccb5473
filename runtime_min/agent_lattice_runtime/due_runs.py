"""A worker: drives the runs of a store that are due, many at a time in one loop, and takes new ones while others go on."""

from __future__ import annotations

from queue import Empty, SimpleQueue

from .deaths import DEATHS, Deaths
from .engine import Loop
from .errors import Conflict, Failure, StoreFailure
from .execute import body_of, continued, input_of, make_ready
from .journal import TERMINAL
from .pauses import woken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .branches import Body
    from .journal import RunRow
    from .models import Workflow
    from .run import Run, Setting
    from .stores import Store

    Tell = Callable[[Store, RunRow, Run | None, Failure | None], None]

LIMIT = 100  # runs at a time
EVERY = 1.0  # seconds between two looks for runs that have become due
TRIES = 8  # how often a store that is out of order is tried again, at longer and longer intervals
_LONGEST = 30.0  # seconds between two such tries


class DueRuns(Loop):
    """The due runs of `workflow` in a store, at most `limit` at a time; with `once` each at most once, until none is left.

    Whenever nothing else is to be done it takes leave of runs that have ended or wait and looks for more. `tell` hears of each
    that it leaves, with the failure if there is one, and without a Run when it could not be begun. `aside` are the ids of
    runs that are left alone.
    """

    def __init__(
        self,
        store: Store,
        workflow: Workflow,
        setting: Setting,
        *,
        tell: Tell,
        aside: set[str],
        once: bool = False,
        limit: int = LIMIT,
        every: float = EVERY,
        deaths: int = DEATHS,
    ) -> None:
        super().__init__(store, apart=True)
        self._workflow = workflow
        self._setting = setting
        self._tell = tell
        self._aside = aside
        self._once = once
        self._limit = limit
        self._every = int(every * 1_000_000)
        self._deaths = Deaths(workflow, setting.clock, deaths)
        self._next = 0  # when to look for more, in µs since 1970
        self._heed = 0  # when to look what has come to those that go on
        self.looked = False  # whether the store could be asked

    def _wait(self) -> bool:
        for run in [run for run in self._runs if run.over and not run.dirty]:
            self._leave(run)
        now = self._setting.clock() // 1000
        if now >= self._heed:
            self._heed = now + self._every
            for run in self._runs:
                self._commits.take_in(run)
            self._listen()
        if now >= self._next and len(self._runs) < self._limit:
            for run, body in self._due(now):
                self._admit(run, body)
        if self._once and not self._runs:
            return False
        if not self._schedule.ready:
            soonest = min(self._heed, self._next) if len(self._runs) < self._limit else self._heed
            self._collect(max(0.0, (soonest - now) / 1e6))
        return True

    def _due(self, now: int) -> Iterator[tuple[Run, Body]]:
        """The runs that are due, as many as there is room for; and when to look again."""
        room = self._limit - len(self._runs) + len(self._aside)
        rows = self._store.due(now + self._every, room, (self._workflow.name,))
        self.looked = True
        free = [row for row in rows if row.run_id not in self._aside]
        self._next = min([now + self._every, *(row.due for row in free if row.due is not None and row.due > now)])
        for row in free:
            if (row.due or 0) <= now and (begun := self._begun(row)) is not None:
                yield begun

    def _begun(self, row: RunRow) -> tuple[Run, Body] | None:
        """A run of which this is the driver now; None when it is somebody else's, is over, or is left to a person."""
        if not self._store.claim(row):
            return None
        try:
            if row.status not in TERMINAL and self._deaths.may_live(self._store, row, alone=not self._runs):
                run = continued(self._workflow, row, self._store, self._setting)
                return run, body_of(self._workflow, run, input_of(run))
        except StoreFailure as failure:
            if not isinstance(failure, Conflict):
                raise
        except Failure as failure:
            self._aside.add(row.run_id)
            self._tell(self._store, row, None, failure)
        self._store.release(row)
        return None

    def _leave(self, run: Run) -> None:
        """A run is over, or waits, and all of it is stored."""
        row = run.journal.row
        del self._runs[run]
        self._deaths.forget(row.run_id)
        for task in woken(run):
            task.body.close()
        run.leave()
        settled = row.status in TERMINAL or run.suspended or isinstance(run.failure, Conflict)
        if self._once or not settled:  # what ends without a word in its log, as after a divergence, would be due again
            self._aside.add(row.run_id)
        self._store.release(row)
        self._next = 0
        self._tell(self._store, row, run, run.failure)

    def leave(self) -> None:
        """Close what the runs that are left have opened."""
        for run in self._runs:
            run.leave()


class Worker:
    """Drives due runs on the store that `open_store` opens, and opens it again when it was out of order for a while; other
    parameters as those of DueRuns."""

    def __init__(
        self,
        workflow: Workflow,
        open_store: Callable[[], Store],
        setting: Setting,
        *,
        tell: Tell,
        once: bool = False,
        limit: int = LIMIT,
        every: float = EVERY,
        deaths: int = DEATHS,
    ) -> None:
        self._make_ready: Callable[[], None] = lambda: make_ready(workflow, setting)
        self._open = open_store
        self._once = once
        self._aside: set[str] = set()
        self._make: Callable[[Store], DueRuns] = lambda store: DueRuns(
            store, workflow, setting, tell=tell, aside=self._aside, once=once, limit=limit, every=every, deaths=deaths
        )
        self._stopped = False
        self._runs: DueRuns | None = None
        self._woken: SimpleQueue[None] = SimpleQueue()

    def work(self) -> None:
        """Drive what is due until `stop` is called, or once.

        Raises Failure when what the workflow needs is not installed, StoreFailure when the store cannot be used and that
        does not pass.
        """
        self._make_ready()
        troubles = 0
        while not self._stopped:
            self._runs = None
            try:
                self._drive()
            except StoreFailure as failure:
                troubles = 1 if self._runs is not None and self._runs.looked else troubles + 1
                if self._once or not failure.retryable or troubles > TRIES:
                    raise
                self._sleep(min(_LONGEST, 0.25 * 2.0**troubles))
            else:
                return

    def stop(self) -> None:
        """Take no more runs, let the effects that go on come to their ends, and leave all runs ready to be resumed. May be
        called from a signal handler."""
        self._stopped = True
        self._woken.put(None)
        if self._runs is not None:
            self._runs.stop()

    def _sleep(self, seconds: float) -> None:
        try:
            self._woken.get(timeout=seconds)
        except Empty:
            return

    def _drive(self) -> None:
        store = self._open()
        try:
            self._runs = runs = self._make(store)
            if not self._stopped:
                runs.drive(())
        except KeyboardInterrupt:
            if not self._stopped:
                raise
        finally:
            if self._runs is not None:
                self._runs.leave()
            store.close()
