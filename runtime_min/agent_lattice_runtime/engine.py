"""The driver: runs the coroutines of workflows in one plain loop, commits their events, performs their effects.

A coroutine yields a `Call` (something blocking, to be done after its events are durable), a `Join` (coroutines that run side
by side) or a `Pause` and is sent the outcome. When nobody can go on without an effect, the events of all runs are committed
in one transaction; only then effects start. A single effect is done right here, several in threads. A run in which
everybody waits is suspended: its log says for what, and nothing of it is left in the process.
"""

from __future__ import annotations

from contextlib import suppress

from .branches import Cancelled
from .commits import Commits
from .errors import Conflict, StoreFailure
from .schedule import Schedule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from .branches import Body, Task
    from .flights import Flights
    from .run import Run, Setting
    from .stores import Store
    from .yielded import Call


class Loop:
    """Drives runs that share a store. `interrupt` may be called from a signal handler. A loop that stands `apart` leaves
    every effect to threads of its own and no signal concerns it: it can be stopped at any time, from any thread."""

    def __init__(self, store: Store, *, apart: bool = False) -> None:
        self._store = store
        self._apart = apart
        self._farewell: str | None = None
        self._schedule = Schedule(lambda run: self._flights.give_up(run) if self._flights else ())
        self._waiting: list[tuple[Task, Call]] = []
        self._commits = Commits(store)
        self._flights: Flights | None = None  # made when first needed: threads cost start-up time
        self._interruptible = False
        self._runs: dict[Run, None] = {}
        self._looks = False
        self.stopping = False
        if apart:
            self._threads()  # before anybody can stop it: who wakes it must find what it sleeps in

    def drive(self, runs: Iterable[tuple[Run, Body]]) -> None:
        """Bring every run to its end. Raises StoreFailure when the store fails (a Conflict ends one run only) and
        KeyboardInterrupt after a clean stop: effects that were going on are recorded, all runs can be resumed."""
        global _driving
        for run, body in runs:
            self._admit(run, body)
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
            if self._flights is not None:
                self._flights.close()
            self._close()

    def _admit(self, run: Run, body: Body) -> None:
        row = run.journal.row
        if run.performs and row.key is not None and not self._store.claim(row):
            run.abort(Conflict(f"run {row.run_id} is being driven by another process"))
            body.close()
            return
        self._runs[run] = None
        self._schedule.add(run, body)

    def _close(self) -> None:
        for task, _ in self._waiting:
            task.body.close()
        for task, _, _ in self._schedule.ready:
            task.body.close()
        for run in self._runs:
            for task in run.paused:
                task.body.close()
            with suppress(StoreFailure):  # then the claim ends with its lease, or with the process
                self._store.release(run.journal.row)

    def interrupt(self) -> None:
        """Stop soon: at once while an effect goes on here whose outcome nobody would miss, elsewhere as soon as what
        has happened is in the log; the second time at once."""
        if self.stopping or self._interruptible:
            raise KeyboardInterrupt
        self.stop()

    def stop(self) -> None:
        """Stop as soon as what has happened is in the log: the runs can be resumed. May be called from another thread when the
        loop stands apart."""
        self.stopping = True
        if self._flights is not None:
            self._flights.wake()

    def cancel(self, message: str) -> None:
        """Cancel all runs: they start nothing more, take back what they did, and end. May be called as `stop` is."""
        self._farewell = message
        if self._flights is not None:
            self._flights.wake()

    def look(self) -> None:
        """Something may have come to the runs: have it noticed at once. May be called as `stop` is."""
        self._looks = True
        if self._flights is not None:
            self._flights.wake()

    def _look(self) -> None:
        self._looks = False
        for run in self._runs:
            if not run.over:
                self._commits.take_in(run)
        self._listen()

    def _listen(self) -> None:
        self._schedule.listen(self._commits.heard)
        self._commits.heard.clear()

    def _go_on(self) -> None:
        ready = self._schedule.ready
        while True:
            while ready:
                self._step(*ready.popleft())
            if self._farewell is not None:
                self._bid_farewell(self._farewell)
                continue
            if self._looks:
                self._look()
                continue
            if self._schedule.still:
                self._rest()
            if self.stopping:
                raise KeyboardInterrupt
            if len(self._waiting) == 1 and self._is_alone(self._waiting[0][1]):
                self._alone(*self._waiting.pop())
                continue
            calls = self._announce() if self._waiting else []
            if self._commits:
                self._commits.all()
            if self._commits.heard:
                self._listen()
            if calls:
                self._start(calls)
            if not ready and not self._wait():
                return

    def _wait(self) -> bool:
        """Wait for the next thing to happen; False when there is nothing to wait for."""
        if self._flights:
            self._collect()
            return True
        if (until := self._schedule.next_due()) is None:
            return False
        replayed = next((run for run in self._runs if not run.performs and run.paused), None)
        if replayed is None:
            self._sleep(until)
        else:
            self._schedule.end_of_pause(replayed)
        return True

    def _step(self, task: Task, value: Any, error: BaseException | None) -> None:
        """Let a coroutine go on until its next command or its end, and put that where it is waited for."""
        call = self._schedule.advanced(task, value, error)
        if call is not None:
            self._waiting.append((task, call))
        self._commits.mark(task.run)

    def _bid_farewell(self, message: str) -> None:
        self._farewell = None
        for run in self._runs:
            if not run.over and run.cancelling(message):
                self._schedule.cancel(run)
                self._commits.mark(run)

    def _rest(self) -> None:
        """Suspend the runs in which everybody waits, and for long."""
        from .pauses import suspendable

        still, self._schedule.still = self._schedule.still, []
        for run in still:
            waits = run.active == 0 and bool(run.paused) and not run.over and not run.suspended
            if waits and (self.stopping or suspendable(run)):
                run.suspend()
                self._commits.mark(run)

    def _sleep(self, until: int) -> None:
        """Sleep until then, in µs since 1970, at most; and wake whose time has come."""
        setting = next(iter(self._runs)).setting
        seconds = _seconds(until, setting)
        if seconds > 0 and self._apart:
            self._collect(seconds)
        elif seconds > 0:
            self._interruptible = True
            try:
                setting.sleep(seconds)
            finally:
                self._interruptible = False
        self._schedule.wake_due(setting.clock() // 1000)

    def _alone(self, task: Task, call: Call) -> None:
        """One effect after another while it is the only thing to do: no threads, nobody else to commit with."""
        run = task.run
        journal = run.journal
        following: Call | None = call
        while following is not None and self._accepts(task, following):
            if self._commits:  # at the beginning, perhaps of other runs too
                self._commits.mark(run)
                self._commits.all()
            elif journal.pending:
                self._commits.one(run)
            if self._commits.heard:
                self._listen()
            if run.over:
                task.body.close()
                return
            if not following.write:  # an announced write would be in doubt if it were not made
                if self.stopping:
                    self._waiting.append((task, following))
                    return
                if self._unwanted(task, following) and following.function is not None:  # as the commit has shown
                    self._schedule.ready.append((task, None, Cancelled()))
                    return
            following = self._schedule.advanced(task, self._performed(following), None)
            if following is not None and (following.timeout or self.stopping):
                self._waiting.append((task, following))
                break
        self._commits.mark(run)

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
        elif self._unwanted(task, call):
            self._schedule.ready.append((task, None, Cancelled()))
        elif not run.performs:
            self._schedule.end_of_log(task, call.step, call)
        else:
            if call.intent is not None or run.announces:
                run.announce(call)
                if run.over:  # the code has left the log
                    task.body.close()
                    return False
            return True
        return False

    def _unwanted(self, task: Task, call: Call) -> bool:
        run = task.run
        settles = call.settles and run.performs
        return task.cancelled and not settles and not run.compensating and not run.over

    def _announce(self) -> list[tuple[Task, Call]]:
        """Put the intents of the waiting calls into their logs. Calls of cancelled branches come back at once, and before the
        others are looked at: what follows may end those branches, too."""
        calls = self._waiting.copy()
        self._waiting.clear()
        if unwanted := [task for task, call in calls if self._unwanted(task, call)]:
            self._waiting += [(task, call) for task, call in calls if task not in unwanted]
            self._schedule.ready.extend((task, None, Cancelled()) for task in unwanted)
            return []
        accepted = [(task, call) for task, call in calls if self._accepts(task, call)]
        for task, _ in accepted:
            self._commits.mark(task.run)
        return accepted

    def _start(self, calls: list[tuple[Task, Call]]) -> None:
        """Do a single call, and quick ones, here and now, others in threads."""
        slow = []
        for task, call in calls:
            if task.run.over:
                task.body.close()
            elif self.stopping and not call.write:
                self._waiting.append((task, call))
            elif self._unwanted(task, call) and not call.write and call.function is not None:
                self._schedule.ready.append((task, None, Cancelled()))
            elif call.function is None or call.quick or (len(calls) == 1 and self._is_alone(call)):
                self._schedule.ready.append((task, self._performed(call), None))
            else:
                slow.append((task, call))
        for task, call in slow:
            self._threads().start(task, call)

    def _is_alone(self, call: Call) -> bool:
        """Whether nothing else can happen while a call is made, so that it may be made here: no time is over meanwhile."""
        timed = call.timeout or self._schedule.next_due() is not None
        return not self._flights and not self._apart and not timed

    def _threads(self) -> Flights:
        if self._flights is None:
            from .flights import Flights

            self._flights = Flights(lambda: self.stopping)
        return self._flights

    def _collect(self, seconds: float | None = None) -> None:
        """Wait, at most so many seconds, for one effect that is going on in a thread, and take all that have come to an end; wake
        whose time has come."""
        if (until := self._schedule.next_due()) is None:
            self._schedule.ready.extend(self._threads().landed(seconds))
            return
        setting = next(iter(self._runs)).setting
        left = _seconds(until, setting)
        self._schedule.ready.extend(self._threads().landed(left if seconds is None else min(left, seconds)))
        self._schedule.wake_due(setting.clock() // 1000)

    def _stop(self) -> None:
        """After an interruption: let what is going on come to its end and record it, start nothing else."""
        self.stopping = True
        while self._flights:
            self._collect()
            while self._schedule.ready:
                self._step(*self._schedule.ready.popleft())
        self._schedule.still = list(self._runs)
        self._rest()
        for run in self._runs:
            run.journal.settle()
            if run.journal.pending:
                self._commits.last(run)


def _seconds(until: int, setting: Setting) -> float:
    """From now until then, in µs since 1970; rounded up, so that who has slept so long need not sleep again."""
    nanos = until * 1000 - setting.clock()
    return (nanos + 1000) / 1e9 if nanos > 0 else 0.0


_driving: Loop | None = None


def interrupt() -> None:
    """For signal handlers: interrupt the loop that is driving runs, or else whatever is going on."""
    if _driving is None:
        raise KeyboardInterrupt
    _driving.interrupt()
