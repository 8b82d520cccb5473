"""One simulated run from its start to its end: processes that die, processes that go on, waits, and time that passes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from agent_lattice_runtime.crashing import Crash
from agent_lattice_runtime.errors import Divergence, Failure, StoreFailure
from agent_lattice_runtime.execute import drive, prepared
from agent_lattice_runtime.run import Setting
from agent_lattice_runtime.stores.memory import MemoryStore

from agent_lattice.records import field, record
from agent_lattice.simulating.choices import Choices
from agent_lattice.simulating.clock import Clock
from agent_lattice.simulating.loop import ScheduledLoop
from agent_lattice.simulating.people import RUN, People
from agent_lattice.simulating.scenarios import Scenario, Subject
from agent_lattice.simulating.sources import Source
from agent_lattice.simulating.store import MortalStore
from agent_lattice.simulating.world import PERCENT, World

if TYPE_CHECKING:
    from agent_lattice_runtime.journal import EventRow
    from agent_lattice_runtime.run import Run

CRASHES = (0, 3, 12)
"""Of a hundred commits at so many the process dies, by the decision `crashes` of a run."""
_MOST_PROCESSES = 400
_MOST_CONFLICTS = 20


@record(frozen=False)
class Life:
    """What became of a run: `stuck` says why it has neither ended nor waits properly, `run` is its last process."""

    scenario: Scenario
    arguments: Mapping[str, Any]
    world: World
    memory: MemoryStore
    crashes: int = 0
    run: Run | None = None
    refused: Failure | None = None
    """Why it was never started."""
    stuck: str = ""
    events: list[EventRow] = field(default_factory=list)

    @property
    def failure(self) -> Failure | None:
        return self.refused if self.run is None else self.run.failure


class _Living:
    """Drives one life."""

    def __init__(self, subject: Subject, life: Life, choices: Choices, order: Choices) -> None:
        self._subject = subject
        self._life = life
        self._order = order
        self._clock = Clock()
        tell = life.world.tell
        self._store = MortalStore(life.memory, order, CRASHES[order.take("crashes", len(CRASHES))], tell)
        self._people = People(subject, life.memory, choices, self._clock, tell)
        if not life.world.instant:
            self._store.meanwhile = self._people.meanwhile
        patience = (1.0, 0.0)[order.take("patience", 2)]
        self._setting = Setting(
            mocks=life.world, tools=subject.tools, clock=self._clock, sleep=self._clock.sleep, patience=patience
        )

    def live(self) -> None:
        """Processes one after the other until the run is over."""
        life, conflicts = self._life, 0
        for _ in range(_MOST_PROCESSES):
            try:
                run = self._process()
            except Crash:
                life.memory.close()  # what the process had claimed is free again
                continue
            except Failure as failure:
                if not isinstance(failure, StoreFailure):
                    life.refused = failure
                    return
                life.stuck = f"the store cannot be used: {failure.message}"
                return
            life.run = run
            if isinstance(run.failure, Divergence):
                life.stuck = f"it cannot go on: {run.failure.message}"
            elif isinstance(run.failure, StoreFailure):
                life.memory.close()
                conflicts += 1
                if conflicts <= _MOST_CONFLICTS:
                    continue
                life.stuck = f"its log cannot be continued: {run.failure.message}"
            if life.stuck or not run.suspended or not self._outlive(run):
                return
        life.stuck = f"it has not come to its end in {_MOST_PROCESSES} processes"

    def _process(self) -> Run:
        """A process that starts the run or goes on with it."""
        workflow, store = self._subject.workflow, self._store
        run, value = prepared(workflow, dict(self._life.arguments), store, RUN, self._setting)
        loop = ScheduledLoop(store, self._order, self._clock, self._life.world.late)
        try:
            drive(workflow, [(run, value)], loop)
        except Crash:
            loop.die()
            raise
        return run

    def _outlive(self, run: Run) -> bool:
        """Let time pass until the run that waits goes on; False when that never happens."""
        self._people.tend(run.waits)
        due = self._life.memory.find(RUN)
        if due is None or due.due is None:
            self._life.stuck = "it waits without a deadline"
            return False
        while (
            (row := self._life.memory.find(RUN)) is not None
            and row.due is not None
            and row.due * 1000 > self._clock.now
        ):
            moments = [row.due, *(moment for moment, _ in self._people.waiting[:1])]
            self._clock.advance(min(moments) * 1000)
            self._people.deliver_due()
        return True


def lived(
    subject: Subject, scenario: Scenario, arguments: Mapping[str, Any], source: Source, choices: Choices, order: Choices
) -> Life:
    """A run in a world that `choices` decide, in the order, and with the crashes, that `order` decides."""
    percent = PERCENT[choices.take("faults", len(PERCENT))]
    memory = MemoryStore()
    life = Life(scenario, arguments, World(subject, source, choices, percent), memory)
    living = _Living(subject, life, choices, order)
    living.live()
    life.crashes = living._store.crashes
    row = memory.find(RUN)
    life.events = [] if row is None else list(memory.events(row))
    return life
