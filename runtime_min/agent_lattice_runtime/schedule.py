"""Whose turn it is: the coroutines of all runs that one loop drives, the branches they open, what they wait for."""

from __future__ import annotations

from collections import deque

from .branches import Cancelled, Group, Task
from .errors import Divergence, Failure
from .yielded import Call, Join, Pause

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from .branches import Body
    from .pauses import Pauses
    from .run import Run


class Schedule:
    """`ready` are the tasks that can go on, with what they are sent or what is raised in them; `still` the runs in which
    perhaps everybody waits. `give_up` takes the effects of a run that nobody would miss from those who wait for them."""

    __slots__ = ("_give_up", "_pauses", "ready", "still")

    def __init__(self, give_up: Callable[[Run], Iterable[Task]]) -> None:
        self.ready: deque[tuple[Task, Any, BaseException | None]] = deque()
        self.still: list[Run] = []
        self._pauses: Pauses | None = None
        self._give_up = give_up

    def add(self, run: Run, body: Body) -> None:
        """A run begins, or goes on where its log ends."""
        run.root = task = Task(run, body)
        run.active = 1
        task.cancelled = run.received.cancelling is not None
        self.ready.append((task, None, None))

    def advanced(self, task: Task, value: Any, error: BaseException | None) -> Call | None:
        """The call that a coroutine makes next; None when it branches, waits, has come to its end, or its run is over."""
        run = task.run
        if run.over:
            task.body.close()
            return None
        try:
            command: Call | Join | Pause = task.body.send(value) if error is None else task.body.throw(error)
        except StopIteration as end:
            self._end(task, end.value, None)
        except KeyboardInterrupt:
            raise
        except (Exception, Cancelled) as failure:
            self._end(task, None, failure)
        else:
            if isinstance(command, Call):
                return command
            run.active -= 1
            if isinstance(command, Pause):
                self._pause(task, command)
            else:
                task.children = Group(task, command)
                self._open(task.children)
        return None

    def _pause(self, task: Task, pause: Pause) -> None:
        run = task.run
        if task.cancelled and not run.compensating and not (pause.settles and run.performs):
            self.wake([task], Cancelled())
            return
        if self._pauses is None:
            from .pauses import Pauses

            self._pauses = Pauses()
        self._pauses.add(task, pause)
        if run.performs:
            self.still.append(run)

    def wake(self, tasks: Iterable[Task], error: BaseException | None = None) -> None:
        """Let those who have waited go on, or raise something in them."""
        for task in tasks:
            task.run.active += 1
            self.ready.append((task, None, error))

    def _open(self, group: Group) -> None:
        """Start branches up to the group's width, in a cancelled group too: there they stop by themselves at their
        first effect, so that a replay, where nothing takes time, ends as the recorded run did."""
        run = group.parent.run
        while group.open < group.width and (make := next(group.bodies, None)) is not None:
            task = Task(run, make(), group, len(group.tasks))
            group.tasks.append(task)
            group.results.append(None)
            group.open += 1
            run.active += 1
            self.ready.append((task, None, None))
        if group.open == 0:
            parent = group.parent
            parent.children = None
            run.active += 1
            self.ready.append((parent, *group.outcome()))

    def _end(self, task: Task, value: Any, error: BaseException | None) -> None:
        run, group = task.run, task.group
        run.active -= 1
        if isinstance(error, Divergence):  # it is no failure of a branch, which others might make up for
            run.abort(error)
            return
        if group is None:
            self._finish(run, value, error)
            return
        try:
            stop = group.ended(task.index, value, error)
        except Failure as failure:
            run.abort(failure)
            return
        if stop:
            group.cancel()
            self._let_go(run, reads=group.contest is not None)
        self._open(group)
        if run.paused:
            self.still.append(run)

    def _finish(self, run: Run, value: Any, error: BaseException | None) -> None:
        """A run has come to its end, or before that to taking back what it did."""
        body = run.finish(value, error)
        if body is not None:
            run.root = Task(run, body)
            run.active += 1
            self.ready.append((run.root, None, None))

    def end_of_log(self, task: Task, step: str, call: Call | None = None) -> None:
        """A replay comes to something that is not recorded. One of a cancelled run goes on where it was cancelled."""
        run = task.run
        if run.received.cancelling is not None and not run.compensating and not task.cancelled:
            self.cancel(run)
            self.ready.append((task, None, Cancelled()))
        else:
            run.end_of_log(step, call)
            task.body.close()

    def end_of_pause(self, run: Run) -> None:
        """In a replay no time passes: when only pauses are left, the first of them is where the log ends."""
        task, pause = next(iter(run.paused.items()))
        del run.paused[task]
        run.active += 1
        self.end_of_log(task, pause.step)

    def cancel(self, run: Run) -> None:
        """Somebody has cancelled a run: it starts no other effect, except those that take back what it did."""
        if run.root is not None and not run.compensating:
            run.root.cancel()
            self._let_go(run, reads=True)

    def listen(self, runs: Iterable[Run]) -> None:
        """Something has come to runs from outside: those who wait look whether it is for them."""
        from .pauses import woken

        for run in runs:
            if run.received.cancelling is not None:
                self.cancel(run)
            self.wake(woken(run))

    def _let_go(self, run: Run, *, reads: bool) -> None:
        """Tell those who wait, and with `reads` those whose effects can be given up, that they are cancelled."""
        from .pauses import woken

        self.wake(woken(run, only_cancelled=True), Cancelled())
        if reads:
            for task in self._give_up(run):
                self.ready.append((task, None, Cancelled()))

    def next_due(self) -> int | None:
        """When the first pause is over, in µs since 1970; None when nobody waits."""
        return None if self._pauses is None else self._pauses.next()

    def wake_due(self, now: int) -> None:
        """Those whose time has come go on."""
        if self._pauses is not None:
            self.wake(self._pauses.due(now))
