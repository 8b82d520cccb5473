"""Dying at every write: a run in memory whose process ends before or after any commit, and which is then gone on with.

The world outlives the process: a call that is made again is answered as it was the first time.
"""

from __future__ import annotations

from copy import copy

from .canonical import canonical
from .testing import Mocks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from .effects import Op
    from .models import Deps, Reply, Request, Workflow
    from .run import Run
    from .stores import Batch, Store
    from .stores.memory import MemoryStore

MOST = 200  # commits at which a run dies; of more as many, evenly spread
_RUN = "crashing"


class Crash(BaseException):
    """The process dies here."""


class CrashingStore:
    """A store whose process dies at commit `at`, from 1, before or `after` it is durable. `commits` counts them."""

    def __init__(self, store: Store, at: int = 0, after: bool = False) -> None:
        self._store = store
        self._at = at
        self._after = after
        self.commits = 0

    def append(self, batch: Batch) -> None:
        self.commits += 1
        dies = self.commits == self._at
        if dies and not self._after:
            raise Crash
        self._store.append(batch)
        if dies:
            raise Crash

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


class Lasting:
    """Answers that stay what they were the first time, failures too."""

    def __init__(self) -> None:
        self._answers: dict[tuple[str, str], tuple[Any, Exception | None]] = {}

    def lasting(self, sort: str, step: str, answer: Callable[[], Any]) -> Any:
        """What `answer` gives, or raises, the first time that it is asked for this."""
        place = (sort, step)
        if place not in self._answers:
            try:
                self._answers[place] = (answer(), None)
            except Exception as error:
                self._answers[place] = (None, error)
        value, failure = self._answers[place]
        if failure is not None:
            raise failure
        return value


class World(Mocks):
    """Mocks that answer each step and attempt once and for all; a call that is made again does not count. `writes` are all
    calls that change something, those that are made again too: operation, step and key."""

    def __init__(self, replies: Mapping[str, Sequence[object]]) -> None:
        super().__init__(replies)
        self.writes: list[tuple[str, str, str | None]] = []
        self.lasting = Lasting().lasting

    def stand_in(self, op: Op) -> Any:
        return _StandIn(op, super().stand_in(op), self)

    def agent(self, static: str, step: str = "") -> Callable[[], object] | None:
        answer = self.lasting("agent", step, lambda: super(World, self).agent(static, step))
        return None if answer is None else lambda: self.lasting("run", step, answer)

    def complete(self, request: Request, deps: Deps) -> Reply:
        reply: Reply = self.lasting("ask", request.step, lambda: super(World, self).complete(request, deps))
        return copy(reply)

    def signal(self, name: str, step: str = "") -> dict[str, Any] | None:
        sent: dict[str, Any] | None = self.lasting("signal", step, lambda: super(World, self).signal(name, step))
        return sent

    def approval(self, static: str, role: str, step: str = "") -> dict[str, Any] | None:
        said: dict[str, Any] | None
        said = self.lasting("approval", step, lambda: super(World, self).approval(static, role, step))
        return said


class _StandIn:
    """What is called in place of an operation."""

    __slots__ = ("_op", "_stand_in", "_world")

    def __init__(self, op: Op, stand_in: Any, world: World) -> None:
        self._op = op
        self._stand_in = stand_in
        self._world = world

    def call(self, arguments: Mapping[str, Any], deps: Deps) -> object:
        op, world = self._op, self._world
        if op.effect == "write":
            world.writes.append((op.name, deps.step, deps.idempotency_key))
        return world.lasting(op.name, deps.step, lambda: self._stand_in.call(arguments, deps))


class Life:
    """A run that died at commit `at` and was gone on with; 0 for one that did not die."""

    __slots__ = ("after", "at", "commits", "run", "store", "world")

    def __init__(self, at: int, after: bool, commits: int, run: Run, store: MemoryStore, world: World) -> None:
        self.at = at
        self.after = after
        self.commits = commits
        self.run = run
        self.store = store
        self.world = world

    @property
    def died(self) -> str:
        """Where, in words."""
        return f"the process dies {'after' if self.after else 'before'} commit {self.at}"

    def outcome(self) -> str:
        """What it ended in."""
        failure = self.run.failure
        if failure is not None:
            return f"{failure.code}: {failure.message}"
        return canonical(self.run.result)


def crash_problems(
    workflow: Workflow, arguments: Mapping[str, object], replies: Mapping[str, Sequence[object]], tools: str = ""
) -> list[str]:
    """Run a workflow with mocks, then once more for each place at which its process may die; a line for everything that
    is not as in the run that did not die. Raises Failure for arguments that the workflow does not take."""
    whole = lived(workflow, arguments, replies, tools)
    found = [f"without a crash, {line}" for line in unsound(workflow, whole)]
    for at in _places(whole.commits):
        for after in (False, True):
            life = lived(workflow, arguments, replies, tools, at, after)
            found += [f"{life.died}: {line}" for line in (*unsound(workflow, life), *differences(whole, life))]
    return found


def _places(commits: int) -> Sequence[int]:
    if commits <= MOST:
        return range(1, commits + 1)
    return [1 + (commits - 1) * place // (MOST - 1) for place in range(MOST)]


def lived(
    workflow: Workflow,
    arguments: Mapping[str, object],
    replies: Mapping[str, Sequence[object]],
    tools: str,
    at: int = 0,
    after: bool = False,
) -> Life:
    """A run in a world of its own, and a second process that goes on with it after the first has died."""
    from .execute import start
    from .run import Setting
    from .stores.memory import MemoryStore

    world, memory = World(replies), MemoryStore()
    setting = Setting(mocks=world, tools=tools)
    store = CrashingStore(memory, at, after)
    try:
        run = start(workflow, dict(arguments), store, _RUN, setting)
    except Crash:
        memory.close()  # what the process had claimed is free again
        run = start(workflow, dict(arguments), memory, _RUN, setting)
    return Life(at, after, store.commits, run, memory, world)


def differences(whole: Life, life: Life) -> Iterator[str]:
    """What a crash has changed. One between the intent and the outcome of a write that may not be repeated leaves it in
    doubt: then the outcome may be another."""
    if any(event[2] == "effect.in_doubt" for row in life.store.runs() for event in life.store.events(row)):
        return
    if life.outcome() != whole.outcome():
        yield f"it ends in {life.outcome()}, without a crash in {whole.outcome()}"
    before, counts = whole.world.counts, life.world.counts
    for name in sorted(before.keys() | counts.keys()):
        if before.get(name, 0) != counts.get(name, 0):
            yield f"{name} is called {counts.get(name, 0)}×, without a crash {before.get(name, 0)}×"


def unsound(workflow: Workflow, life: Life) -> Iterator[str]:
    """What no run may be: stuck, with a log that was changed or that its own code does not follow, with a write made twice."""
    from .replay import replay
    from .run import Setting
    from .verify import verify_store

    yield from (finding.message for finding in verify_store(life.store))
    if any(row.status == "running" for row in life.store.runs()):
        yield f"it neither ends nor waits for something: {life.outcome()}"
    divergence = replay(workflow, _RUN, life.store, Setting(mocks=life.world)).divergence
    if divergence is not None:
        yield f"its replay differs: {divergence.message}"
    yield from repeated(life.world.writes)


def repeated(writes: Sequence[tuple[str, str, str | None]]) -> Iterator[str]:
    """Writes that were made more than once: without a key, or with another one."""
    keys: dict[tuple[str, str], str | None] = {}
    for op, step, key in writes:
        if (op, step) in keys and (key is None or keys[op, step] != key):
            yield f"step {step} calls {op} twice, {'without a key' if key is None else 'with different keys'}"
        keys[op, step] = key
