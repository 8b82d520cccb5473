"""The coroutines that wait for a point in time or for something from outside, of all runs that one loop drives."""

from __future__ import annotations

from heapq import heappop, heappush

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .branches import Task
    from .run import Run
    from .yielded import Pause

TIMED = ("timer", "retry")  # kinds of pauses that nothing from outside ends


class Pauses:
    """Paused tasks by when they are due; which ones a run has is in `run.paused`."""

    __slots__ = ("_count", "_heap")

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Task, Pause]] = []
        self._count = 0

    def add(self, task: Task, pause: Pause) -> None:
        self._count += 1
        task.run.paused[task] = pause
        heappush(self._heap, (pause.until, self._count, task, pause))

    def next(self) -> int | None:
        """When the first one is due, in µs since 1970; None when nobody waits."""
        heap = self._heap
        while heap and heap[0][2].run.paused.get(heap[0][2]) is not heap[0][3]:
            heappop(heap)  # it was woken before
        return heap[0][0] if heap else None

    def due(self, now: int) -> Iterator[Task]:
        """Those whose time has come; they are not paused any more."""
        while (until := self.next()) is not None and until <= now:
            task = heappop(self._heap)[2]
            del task.run.paused[task]
            yield task


def woken(run: Run, *, only_cancelled: bool = False) -> list[Task]:
    """The paused tasks of a run, which are not paused any more."""
    tasks = [task for task, pause in run.paused.items() if not only_cancelled or (task.cancelled and not pause.settles)]
    for task in tasks:
        del run.paused[task]
    return tasks


def waits(run: Run) -> list[dict[str, object]]:
    """What a run waits for, as the event run.waiting says it, by step."""
    found = [{"step": pause.step, "until": pause.until, **pause.about} for pause in run.paused.values()]
    return sorted(found, key=lambda entry: str(entry["step"]))


def suspendable(run: Run) -> bool:
    """Whether the next thing that happens in a run in which nobody goes on is too far away to keep a process for it."""
    pauses = run.paused.values()
    soonest = min(pauses, key=lambda pause: pause.until)
    only_time = all(pause.about["kind"] in TIMED for pause in pauses)
    hold = max(soonest.hold, run.setting.linger) if only_time else soonest.hold
    return soonest.until - run.journal.now() > hold * 1_000_000
