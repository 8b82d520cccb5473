"""Every way a small program can go, tried one after the other on the real runtime: what models answer, what tools and people say, which
of the things that go on side by side ends first, and which takes too long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from agent_lattice import driver, plan
from agent_lattice.records import field, record
from agent_lattice.simulating.clock import Clock
from agent_lattice_runtime.engine import Loop
from agent_lattice_runtime.errors import Failure
from agent_lattice_runtime.execute import drive, prepared
from agent_lattice_runtime.flights import Flights
from agent_lattice_runtime.models import Deps, Reply, Request, ToolCall, Workflow
from agent_lattice_runtime.run import Setting
from agent_lattice_runtime.stores.memory import MemoryStore
from agent_lattice_runtime.testing import Computed, Mocks
from agent_lattice_targets.python.memory import load_all

if TYPE_CHECKING:
    from agent_lattice_runtime.branches import Task
    from agent_lattice_runtime.flights import Landed
    from agent_lattice_runtime.yielded import Call

DECLARED = """
model a = scripted("r.json") { max_tokens: 10, retries: 0, input_price: 1.0, output_price: 3.0, fallback: b }
model b = scripted("r.json") { max_tokens: 300, retries: 2, input_price: 0.1, output_price: 0.5 }
model c = scripted("r.json") { max_tokens: 70, retries: 1, input_price: 0.0, output_price: 2.0 }
tool t = python("tools") {
  op flip() -> bool { effect: read }
  op list(most: int) -> list<int> { effect: read }
  op book(key: string) -> string { effect: write, idempotent_by: key }
  op free(key: string) -> string { effect: write, idempotent_by: key }
}
agent worker() -> int { model a  tools t.flip  prompt "p"  max_turns 2  repair 1 }
"""
FILES = {
    "tools.py": b"def flip():\n    return True\n\n\ndef list(most):\n    return []\n"
    b"\n\ndef book(key):\n    return key\n\n\nfree = book\n",
    "r.json": b'{"replies": []}',
}


def planned(source: str, main: str = "main") -> plan.Plan:
    """The plan of a program of these declarations."""
    compilation = driver.compile_source("main.lat", (DECLARED + source).encode(), FILES.get)
    made = driver.plan_of(compilation, main)
    assert made is not None, [found.message for found in compilation.report.sorted()]
    return made


class Choices:
    """A way through all decisions: `taken` so far, then the first possibility each time."""

    def __init__(self, taken: list[int]) -> None:
        self.taken = taken
        self.sizes: list[int] = []

    def among(self, count: int) -> int:
        """A number below `count`."""
        place = len(self.sizes)
        self.sizes.append(count)
        if place == len(self.taken):
            self.taken.append(0)
        return self.taken[place]

    def following(self) -> list[int] | None:
        """The way after this one; None when all were tried."""
        taken = self.taken[: len(self.sizes)]
        while taken and taken[-1] + 1 == self.sizes[len(taken) - 1]:
            taken.pop()
        return [*taken[:-1], taken[-1] + 1] if taken else None


@record(frozen=False)
class Spent:
    """How often each model is asked, and the tokens that it answers with."""

    asked: Counter[str] = field(default_factory=Counter)
    tokens: Counter[str] = field(default_factory=Counter)


class Adversary(Mocks):
    """Models that answer well or badly, at length or (when they may be `brief`) with one token, fail or call tools, and tools and people
    that say anything, as the choices are."""

    instant = False

    def __init__(self, choices: Choices, brief: bool) -> None:
        flip, some = Computed(lambda: choices.among(2) == 1), Computed(lambda most: [1] * choices.among(most + 1))
        super().__init__({"t.flip": [flip], "t.list": [some], "t.free": ["f"], "t.book": [Computed(self.booked)]})
        self.choices = choices
        self.brief = brief
        self.spent = Spent()

    def booked(self, key: str) -> str:
        if self.choices.among(2):
            raise Failure("conflict", "no")
        return key

    def complete(self, request: Request, deps: Deps) -> Reply:
        model = request.model
        self.spent.asked[model.name] += 1
        self.spent.tokens[model.name] += (used := 1 if self.brief and self.choices.among(2) else model.max_tokens)
        choice = self.choices.among(4 if request.offers is not None and request.may_call else 3)
        if choice == 1:
            raise Failure("malformed_output", "no")
        calls = [ToolCall("1", "t_flip", "{}")] if choice == 3 else []
        return Reply(text="x" if choice == 2 else "1", calls=calls, output_tokens=used)

    def signal(self, name: str, step: str) -> dict[str, Any] | None:
        return {"payload": 1, "delivery": f"{name} {step}"} if self.choices.among(2) else None

    def approval(self, static: str, role: str, step: str = "") -> dict[str, Any] | None:
        choice = self.choices.among(3)
        return {"approved": choice == 1, "by": role, "values": {}} if choice else None


class ChosenLoop(Loop):
    """Of the effects that go on side by side the choices say which ends next, and whether time passes before."""

    def __init__(self, store: MemoryStore, choices: Choices, clock: Clock) -> None:
        super().__init__(store, apart=True)
        self._flights = _ChosenFlights(choices, clock)

    def _start(self, calls: list[tuple[Task, Call]]) -> None:
        for _, call in calls:
            call.quick = False
        super()._start(calls)


class _ChosenFlights(Flights):
    """What is done is done at once: it costs what it costs, also when nobody waits for it any more."""

    __slots__ = ("_choices", "_clock", "_outcomes")

    def __init__(self, choices: Choices, clock: Clock) -> None:
        super().__init__(lambda: False)
        self._choices = choices
        self._clock = clock
        self._outcomes: dict[Call, Any] = {}

    def start(self, task: Task, call: Call) -> None:
        assert call.function is not None
        self._calls[call] = task
        self._outcomes[call] = call.function(*call.arguments)

    def landed(self, seconds: float | None) -> list[Landed]:
        ends = [(call, False) for call in self._calls] + [(call, True) for call in self._calls if call.timeout]
        choice = self._choices.among(len(ends) + (seconds is not None))
        if choice == len(ends):
            self._clock.sleep(seconds or 0.0)
            return []
        call, late = ends[choice]
        return [(self._calls.pop(call), call.late() if late and call.late else self._outcomes[call], None)]


def ways(made: plan.Plan, brief: bool) -> Iterator[Spent]:
    """What is spent in each way through the main workflow."""
    workflow: Workflow = load_all(made)[made.main]
    taken: list[int] | None = []
    while taken is not None:
        choices, clock, store = Choices(taken), Clock(), MemoryStore()
        adversary = Adversary(choices, brief)
        setting = Setting(mocks=adversary, clock=clock, sleep=clock.sleep, patience=1e9)
        prepared_run = prepared(workflow, {}, store, "run", setting)
        drive(workflow, [prepared_run], ChosenLoop(store, choices, clock))
        failure = prepared_run[0].failure
        assert prepared_run[0].over and (failure is None or failure.code != "internal"), failure
        yield adversary.spent
        taken = choices.following()


def some_ways(made: plan.Plan, limit: int, brief: bool = False) -> tuple[list[Spent], bool]:
    """So many of them at most, and whether they are all."""
    found = list(islice(ways(made, brief), limit + 1))
    return found[:limit], len(found) <= limit
