"""A call that waits for a run: over all the times that somebody goes on with it, until it is over or waits for long."""

from __future__ import annotations

from contextlib import suppress
from threading import Event
from time import monotonic, time_ns

from .deliveries import cancel
from .errors import Conflict, Failure
from .execute import find_run
from .journal import TERMINAL
from .pauses import TIMED
from .standing import Standing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .journal import RunRow
    from .mcp_server_methods import Request
    from .mcp_server_runs import Going, Runs
    from .models import Workflow
    from .stores import Store

_AGAIN = 0.2  # seconds between two looks at what others do


class Following:
    """Follows runs of `workflow` for `seconds` at most, also while the person at the client `is_asked` something for them. When the
    client gives the `request` up, the run is cancelled. `undriven` says whether a run could not even be begun."""

    def __init__(
        self,
        workflow: Workflow,
        runs: Runs,
        is_asked: Callable[[str], bool],
        seconds: float,
        request: Request | None = None,
    ) -> None:
        self._workflow = workflow
        self._runs = runs
        self._is_asked = is_asked
        self._request = request
        self._end = monotonic() + seconds
        self._given_up = Event()
        self.undriven = False

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return max(0.0, self._end - monotonic())

    def follow(self, run_id: str, going: Going | None = None) -> Failure | None:
        """Go on with a run whenever it is due; it is `going` already. The failure of one that has failed, or cannot be driven."""
        going = going or self._next(run_id)
        while going is not None:
            if self._request is not None:
                self._request.stopped_by(going.stop)
            going.look()
            going.done.wait(self.left)
            run = going.run
            failure = going.failure if run is None else run.failure
            if failure is not None and not isinstance(failure, Conflict):
                self.undriven = run is None
                return failure
            if failure is None and (
                run is None or not run.suspended
            ):  # it goes on, is over, or was stopped with the server
                return None
            going = self._next(run_id)
        return None

    def _next(self, run_id: str) -> Going | None:
        """The run as soon as it is gone on with; None when it is over, time is over, or it waits for something else than time."""
        if self._request is not None:
            self._request.stopped_by(lambda reason: self._given_up.set())
        while self.left and not self._runs.closed:
            if self._given_up.is_set() and self._request is not None and self._request.cancelled is not None:
                self._cancel(run_id, self._request.cancelled)
            with self._runs.store() as store:
                row = find_run(store, run_id)
                pause = self._pause(store, row)
            if pause is None:
                return None
            if (going := self._runs.going(run_id) or (None if pause else self._resumed(run_id))) is not None:
                return going
            self._given_up.wait(min(self.left, pause or _AGAIN))
        return None

    def _pause(self, store: Store, row: RunRow) -> float | None:
        """Seconds until the run may be gone on with, 0.0 for now; None when there is nothing to wait for."""
        due = 0.0
        if row.status == "waiting":
            due = float("inf") if row.due is None else max(0.0, row.due / 1e6 - time_ns() / 1e9)
        if row.status in TERMINAL:
            return None
        if due and self._is_asked(row.run_id):
            return min(due, _AGAIN)
        if due:
            return due if self._is_awaited(store, row, due) else None
        free = store.claim(row)
        store.release(row)
        return 0.0 if free else _AGAIN

    def _is_awaited(self, store: Store, row: RunRow, due: float) -> bool:
        """Whether a run waits for nothing but time, and not longer than the call does."""
        return due < self.left and all(wait["kind"] in TIMED for wait in Standing(store.events(row)).waits)

    def _resumed(self, run_id: str) -> Going | None:
        try:
            return self._runs.resume(self._workflow, run_id, self.left)
        except Failure as failure:
            if not failure.retryable:
                raise
            return None

    def _cancel(self, run_id: str, reason: str) -> None:
        self._given_up.clear()
        with suppress(Failure), self._runs.store() as store:
            cancel(self._workflow, store, run_id, reason)
