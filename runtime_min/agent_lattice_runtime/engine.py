"""The driver: runs the coroutines of workflows in one plain loop, commits their events, performs their effects.

A coroutine yields a `Call` (something blocking, to be done after its events are durable) or a `Join` (coroutines that
run side by side) and is sent the outcome. When nobody can go on without an effect, the events of all runs are
committed in one transaction; only then effects start. A single effect is done right here, several in threads.
"""

from __future__ import annotations

from collections import deque
from contextlib import suppress

from .branches import Cancelled, Group, Task, was_stopped
from .errors import Conflict, StoreFailure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator, Iterable
    from typing import Any

    from .models import Deps
    from .run import Run
    from .stores import Store
    from .workers import Workers

    Body = Coroutine[Any, Any, Any]


class Call:
    """Command: make `intent` (type, step, payload, secrets) durable, then do `function(*arguments)`, which must not raise
    Exception; the last argument is a Deps. `write` shields it from interruption, `quick` says that a thread is not
    worth it."""

    __slots__ = ("arguments", "function", "intent", "quick", "step", "what", "write")

    def __init__(
        self,
        step: str,
        what: str,
        function: Callable[..., Any] | None = None,
        arguments: tuple[Any, ...] = (),
        intent: tuple[str, str, str, Iterable[str]] | None = None,
        write: bool = False,
        quick: bool = False,
    ) -> None:
        self.step = step
        self.what = what
        self.function = function
        self.arguments = arguments
        self.intent = intent
        self.write = write
        self.quick = quick

    def __await__(self) -> Generator[Call, Any, Any]:
        return (yield self)


class Join:
    """Command: run the coroutines that `bodies` makes, at most `width` at a time; the outcome is their results in
    order, or the failure of the first one, in that order, that failed on its own."""

    __slots__ = ("bodies", "width")

    def __init__(self, bodies: Iterable[Callable[[], Body]], width: int) -> None:
        self.bodies = bodies
        self.width = width

    def __await__(self) -> Generator[Join, Any, list[Any]]:
        return (yield self)  # type: ignore[no-any-return]


class Loop:
    """Drives runs that share a store. `interrupt` may be called from a signal handler. A loop that stands `apart` leaves
    every effect to threads of its own and no signal concerns it: it can be stopped at any time, from any thread."""

    def __init__(self, store: Store, *, apart: bool = False) -> None:
        self._store = store
        self._apart = apart
        self._farewell: str | None = None
        self._ready: deque[tuple[Task, Any, BaseException | None]] = deque()
        self._waiting: list[tuple[Task, Call]] = []
        self._dirty: list[Run] = []
        self._workers: Workers | None = None
        self._in_flight = 0
        self._interruptible = False
        self._runs: list[Run] = []
        self.stopping = False

    def drive(self, runs: Iterable[tuple[Run, Body]]) -> None:
        """Bring every run to its end. Raises StoreFailure when the store fails (a Conflict ends one run only) and
        KeyboardInterrupt after a clean stop: effects that were going on are recorded, all runs can be resumed."""
        global _driving
        for run, body in runs:
            self._runs.append(run)
            self._ready.append((Task(run, body), None, None))
        before = _driving
        if not self._apart:
            _driving = self
        try:
            self._go_on()
        except KeyboardInterrupt:
            self._stop()
            raise
        finally:
            if not self._apart:
                _driving = before
            if self._workers is not None:
                self._workers.close()
            self._close()

    def _close(self) -> None:
        for task, _ in self._waiting:
            task.body.close()
        for task, _, _ in self._ready:
            task.body.close()

    def interrupt(self) -> None:
        """Stop soon: at once while an effect goes on here whose outcome nobody would miss, elsewhere as soon as what
        has happened is in the log; the second time at once."""
        if self.stopping or self._interruptible:
            raise KeyboardInterrupt
        self.stop()

    def stop(self, farewell: str | None = None) -> None:
        """Stop as soon as what has happened is in the log: the runs can be resumed, unless there is a `farewell`, the
        reason why they are cancelled for good. May be called from another thread when the loop stands apart."""
        self._farewell = self._farewell or farewell
        self.stopping = True
        if self._workers is not None:
            self._workers.wake()

    def _go_on(self) -> None:
        ready = self._ready
        while True:
            while ready:
                self._step(*ready.popleft())
            if self.stopping:
                raise KeyboardInterrupt
            if len(self._waiting) == 1 and not self._in_flight and not self._apart:
                self._alone(*self._waiting.pop())
                continue
            calls = self._announce() if self._waiting else []
            if self._dirty:
                self._commit()
            if calls:
                self._start(calls)
            elif not ready and not self._in_flight:
                return
            if self._in_flight and not ready:
                self._collect()

    def _step(self, task: Task, value: Any, error: BaseException | None) -> None:
        """Let a coroutine go on until its next command or its end, and put that where it is waited for."""
        call = self._advanced(task, value, error)
        if call is not None:
            self._waiting.append((task, call))
        self._mark(task.run)

    def _mark(self, run: Run) -> None:
        if run.journal.pending and not run.dirty:
            run.dirty = True
            self._dirty.append(run)

    def _advanced(self, task: Task, value: Any, error: BaseException | None) -> Call | None:
        """The call that a coroutine makes next; None when it branches, has come to its end, or its run is over."""
        if task.run.over:
            task.body.close()
            return None
        try:
            command: Call | Join = task.body.send(value) if error is None else task.body.throw(error)
        except StopIteration as end:
            self._end(task, end.value, None)
        except KeyboardInterrupt:
            raise
        except (Exception, Cancelled) as failure:
            self._end(task, None, failure)
        else:
            if isinstance(command, Call):
                return command
            task.children = Group(task, command)
            self._open(task.children)
        return None

    def _open(self, group: Group) -> None:
        """Start branches up to the group's width, in a cancelled group too: there they stop by themselves at their
        first effect, so that a replay, where nothing takes time, ends as the recorded run did."""
        run = group.parent.run
        while group.open < group.width and (make := next(group.bodies, None)) is not None:
            task = Task(run, make(), group, len(group.tasks))
            group.tasks.append(task)
            group.results.append(None)
            group.open += 1
            self._ready.append((task, None, None))
        if group.open == 0:
            parent = group.parent
            parent.children = None
            self._ready.append((parent, group.results, group.outcome()))

    def _end(self, task: Task, value: Any, error: BaseException | None) -> None:
        group = task.group
        if group is None:
            task.run.finish(value, error)
            return
        group.open -= 1
        if error is None:
            group.results[task.index] = value
        else:
            group.errors[task.index] = error
            if not group.cancelled:
                group.cancel()
        self._open(group)

    def _alone(self, task: Task, call: Call) -> None:
        """One effect after another while it is the only thing to do: no threads, nobody else to commit with."""
        run = task.run
        journal = run.journal
        following: Call | None = call
        while following is not None and self._accepts(task, following):
            if self._dirty:  # at the beginning, perhaps of other runs too
                self._mark(run)
                self._commit()
            elif journal.pending:
                self._commit_one(run)
            if run.over:
                task.body.close()
                return
            if self.stopping and not following.write:  # an announced write would be in doubt if it were not made
                self._waiting.append((task, following))
                return
            following = self._advanced(task, self._performed(following), None)
        self._mark(run)

    def _performed(self, call: Call) -> Any:
        if call.function is None:
            return None
        self._interruptible = not call.write
        try:
            return call.function(*call.arguments)
        finally:
            self._interruptible = False

    def _accepts(self, task: Task, call: Call) -> bool:
        """Put the intent of a call into its run's log, unless nobody wants the call any more."""
        run = task.run
        if run.over:
            task.body.close()
        elif task.cancelled:
            self._ready.append((task, None, Cancelled()))
        elif not run.performs:
            run.end_of_log(call.step)
            task.body.close()
        else:
            if call.intent is not None or run.announces:
                run.announce(call)
            return True
        return False

    def _announce(self) -> list[tuple[Task, Call]]:
        """Put the intents of the waiting calls into their logs; calls of cancelled branches come back at once."""
        calls = self._waiting.copy()
        self._waiting.clear()
        accepted = [(task, call) for task, call in calls if self._accepts(task, call)]
        for task, _ in accepted:
            self._mark(task.run)
        return accepted

    def _commit(self) -> None:
        """One transaction for the new events of all runs, then tell who listens."""
        runs = self._dirty
        if len(runs) == 1:
            self._commit_one(runs.pop())
            return
        self._dirty = []
        if not self._commit_together(runs):
            for run in runs:
                self._commit_one(run)

    def _commit_together(self, runs: list[Run]) -> bool:
        """False, and nothing is stored, when one of the runs is being continued by someone else."""
        batch = [(run.journal.row, run.journal.pending) for run in runs]
        try:
            self._store.append(batch)
        except Conflict:
            return False
        except StoreFailure as failure:
            for run in runs:
                run.journal.pending = []
                run.abort(failure)
            raise
        for run, (_, events) in zip(runs, batch, strict=True):
            run.journal.pending = []
            run.dirty = False
            if run.setting.on_event is not None:
                run.committed(events)
        return True

    def _commit_one(self, run: Run) -> None:
        journal = run.journal
        events = journal.pending
        run.dirty = False
        try:
            self._store.append(((journal.row, events),))
        except StoreFailure as failure:
            journal.pending = []
            run.abort(failure)
            if not isinstance(failure, Conflict):
                raise
        else:
            journal.pending = []
            if run.setting.on_event is not None:
                run.committed(events)

    def _start(self, calls: list[tuple[Task, Call]]) -> None:
        """Do a single call, and quick ones, here and now, others in threads."""
        slow = []
        for task, call in calls:
            if task.run.over:
                task.body.close()
            elif self.stopping and not call.write:
                self._waiting.append((task, call))
            elif call.function is None or call.quick or (len(calls) == 1 and not self._in_flight and not self._apart):
                self._ready.append((task, self._performed(call), None))
            else:
                slow.append((task, call))
        for task, call in slow:
            self._submit(task, call)

    def _submit(self, task: Task, call: Call) -> None:
        if self._workers is None:
            from .workers import Workers

            self._workers = Workers()
        deps: Deps = call.arguments[-1]
        deps.cancelled = lambda: task.cancelled or self.stopping
        self._in_flight += 1
        self._workers.submit(task, call)

    def _collect(self) -> None:
        """Wait for one effect that is going on in a thread, and take all that have come to an end."""
        workers = self._workers
        assert workers is not None
        wait = True
        while self._in_flight and (outcome := workers.outcome(wait)) is not None:
            self._in_flight -= 1
            if not (self.stopping and was_stopped(outcome[1])):
                self._ready.append((outcome[0], outcome[1], outcome[2]))
            wait = False

    def _stop(self) -> None:
        """After an interruption: let what is going on come to its end and record it, start nothing else."""
        self.stopping = True
        while self._in_flight:
            self._collect()
            while self._ready:
                self._step(*self._ready.popleft())
        for run in self._runs:
            run.journal.settle()
            if self._farewell is not None and not run.over:
                run.cancel(self._farewell)
            if run.journal.pending:
                self._commit_last(run)

    def _commit_last(self, run: Run) -> None:
        """The interruption may have come just after these events were stored: then they conflict with themselves."""
        with suppress(Conflict):
            self._store.append(((run.journal.row, run.journal.pending),))


_driving: Loop | None = None


def interrupt() -> None:
    """For signal handlers: interrupt the loop that is driving runs, or else whatever is going on."""
    if _driving is None:
        raise KeyboardInterrupt
    _driving.interrupt()
