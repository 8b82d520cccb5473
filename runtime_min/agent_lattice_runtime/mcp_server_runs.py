"""The runs that a server drives, each in a thread of its own with its own connection to the store."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from threading import Event, Lock, Thread
from time import monotonic

from .canonical import canonical
from .commands.inputs import open_store
from .engine import Loop
from .errors import Failure
from .execute import drive, find_run, prepared, redactor_of
from .history import History
from .journal import check_run_id
from .models import decode
from .run import Setting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from .journal import EventRow, RunRow
    from .models import Workflow
    from .run import Run
    from .stores import Store

    Listener = Callable[[RunRow, EventRow], None]

MOST = 32  # runs at a time


class Going:
    """A run that is driven here. When it is `done`, `run` is how it ended, or `failure` why it could not be driven."""

    def __init__(self, run_id: str, workflow: Workflow, given: str, tell: Listener) -> None:
        self.run_id = run_id
        self.workflow = workflow
        self.given = given  # the canonical text of its input
        self.stored = Event()
        self.done = Event()
        self.run: Run | None = None
        self.failure: Failure | None = None
        self._listener = tell
        self.cancelled: str | None = None
        self._stopped = False
        self._loop: Loop | None = None
        self._lock = Lock()

    def stop(self, farewell: str | None = None) -> None:
        """Stop at the next commit; with a farewell cancel the run. Returns at once, and may be called at any time."""
        with self._lock:
            self._stopped = self._stopped or farewell is None
            self.cancelled = self.cancelled or farewell
            if self._loop is not None:
                self._tell(self._loop)

    def _tell(self, loop: Loop) -> None:
        if self.cancelled is not None:
            loop.cancel(self.cancelled)
        if self._stopped:
            loop.stop()

    def driven_by(self, loop: Loop) -> None:
        """From here on this loop is the one to stop."""
        with self._lock:
            self._loop = loop
            self._tell(loop)

    def look(self) -> None:
        """Something may have come to the run: have it noticed at once."""
        with self._lock:
            if self._loop is not None:
                self._loop.look()

    def event(self, row: RunRow, event: EventRow) -> None:
        """An event is durable: tell who listens."""
        self.stored.set()
        self._listener(row, event)


class Runs:
    """Starts runs on the store at `path` and knows those that go on. `scripted`, `folder`, `tools` as in Setting; the
    `listeners` hear of all events of runs that are driven here."""

    def __init__(self, path: str, *, scripted: object = None, folder: str = ".", tools: str = "") -> None:
        self.path = path
        self._place = {"scripted": scripted, "folder": folder, "tools": tools}
        self.listeners: list[Listener] = []
        self.called: set[str] = set()  # runs that a client has called by their ids, or begun
        self._heard: dict[str, list[Listener]] = {}
        self._going: dict[str, Going] = {}
        self._lock = Lock()
        self.closed = False

    def begin(
        self, workflow: Workflow, value: object, run_id: str, linger: float = 0.0, *, called: bool = False
    ) -> Going:
        """Drive a run in a thread to its end, or until it waits, but for no point in time within `linger` seconds. The id of a
        known run stands for that one: it is continued, or waited for. From here on it is one that the client has `called`.

        Raises Failure validation for an input of the wrong type, conflict for another input than the run was started
        with, unavailable when too many runs go on.
        """
        check_run_id(run_id)
        given = canonical(decode(workflow.input, redactor_of(workflow).value(value), "the input"))
        with self._lock:
            if called:
                self.called.add(run_id)
            going = self._going.get(run_id)
            if going is not None:
                if (going.workflow.name, going.given) != (workflow.name, given):
                    raise Failure("conflict", f"run {run_id} was started with another input")
                return going
            if self.closed or len(self._going) >= MOST:
                why = "the server is being stopped" if self.closed else f"{MOST} runs are going on already"
                raise Failure("unavailable", why)
            going = self._going[run_id] = Going(run_id, workflow, given, self._tell)
        # a daemon: an effect that hangs must not keep the process alive
        Thread(target=self._drive, args=(going, value, linger), name=f"run-{run_id}", daemon=True).start()
        return going

    def resume(self, workflow: Workflow, run_id: str, linger: float = 0.0) -> Going:
        """Go on with a known run, as `begin` does. Raises Failure not_found."""
        with self.store(readonly=True) as store:
            history = History(store.events(find_run(store, run_id)))
        return self.begin(workflow, history.started.get("input"), run_id, linger)

    @contextmanager
    def heard(self, run_id: str, listener: Listener) -> Iterator[None]:
        """While the block runs, the listener hears of the events of that run, as often as somebody here goes on with it."""
        with self._lock:
            self._heard.setdefault(run_id, []).append(listener)
        try:
            yield
        finally:
            with self._lock:
                self._heard[run_id].remove(listener)
                if not self._heard[run_id]:
                    del self._heard[run_id]

    def _tell(self, row: RunRow, event: EventRow) -> None:
        for listener in (*self.listeners, *self._heard.get(row.run_id, ())):
            listener(row, event)

    def count(self) -> int:
        """How many go on."""
        return len(self._going)

    def going(self, run_id: str) -> Going | None:
        """The run of that id, while it is driven here."""
        return self._going.get(run_id)

    @contextmanager
    def store(self, readonly: bool = False) -> Iterator[Store]:
        """A connection of the calling thread; raises StoreFailure."""
        kept = open_store(self.path, readonly)
        try:
            yield kept
        finally:
            kept.close()

    def close(self, patience: float) -> None:
        """Stop all runs, which can then be resumed, and wait at most `patience` seconds for the effects that go on."""
        with self._lock:
            self.closed = True
            all_going = list(self._going.values())
        for going in all_going:
            going.stop()
        end = monotonic() + patience
        for going in all_going:
            going.done.wait(max(0.0, end - monotonic()))

    def _drive(self, going: Going, value: object, linger: float) -> None:
        try:
            self._driven(going, value, linger)
        except Failure as failure:
            going.failure = failure
        except BaseException as error:
            going.failure = defect(going.workflow, error)
        finally:
            with self._lock:
                del self._going[going.run_id]
            going.stored.set()
            going.done.set()

    def _driven(self, going: Going, value: Any, linger: float) -> None:
        with self.store() as store:
            loop = Loop(store, apart=True)
            setting = Setting(**self._place, on_event=going.event, linger=linger)  # type: ignore[arg-type]
            run, decoded = prepared(going.workflow, value, store, going.run_id, setting)
            going.driven_by(loop)
            if run.history is not None:
                going.stored.set()
            with suppress(KeyboardInterrupt):  # it was stopped
                drive(going.workflow, [(run, decoded)], loop)
            going.run = run


def defect(workflow: Workflow, error: BaseException) -> Failure:
    """The failure that stands for an exception nobody expected; what is known of it goes into a report."""
    from .reports import write_report

    return Failure("internal", f"internal error: {type(error).__name__}; {write_report(workflow)}")
