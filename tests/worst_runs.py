"""Every way a small program can go, tried one after the other on the real runtime: what models answer, what tools say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any

from agent_lattice import driver, plan
from agent_lattice_runtime.errors import Failure
from agent_lattice_runtime.execute import start
from agent_lattice_runtime.models import Deps, Reply, Request, ToolCall, Workflow
from agent_lattice_runtime.run import Setting
from agent_lattice_runtime.stores.memory import MemoryStore
from agent_lattice_runtime.testing import Computed, Mocks
from agent_lattice_targets.python.memory import load_all

DECLARED = """
model a = scripted("r.json") { max_tokens: 10, retries: 0, input_price: 1.0, output_price: 3.0, fallback: b }
model b = scripted("r.json") { max_tokens: 300, retries: 2, input_price: 0.1, output_price: 0.5 }
model c = scripted("r.json") { max_tokens: 70, retries: 1, input_price: 0.0, output_price: 2.0 }
tool t = python("tools") {
  op flip() -> bool { effect: read }
  op list(most: int) -> list<int> { effect: read }
}
agent worker() -> int { model a  tools t.flip  prompt "p"  max_turns 2  repair 1 }
"""
FILES = {
    "tools.py": b"def flip():\n    return True\n\n\ndef list(most):\n    return []\n",
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


class Adversary(Mocks):
    """Models that answer well or badly, fail or call tools, and tools that say anything, as the choices are."""

    def __init__(self, choices: Choices) -> None:
        flip, some = Computed(lambda: choices.among(2) == 1), Computed(lambda most: [1] * choices.among(most + 1))
        super().__init__({"t.flip": [flip], "t.list": [some]})
        self.choices = choices
        self.asked: Counter[str] = Counter()

    def complete(self, request: Request, deps: Deps) -> Reply:
        self.asked[request.model.name] += 1
        choice = self.choices.among(4 if request.offers is not None and request.may_call else 3)
        if choice == 1:
            raise Failure("unavailable", "no")
        calls = [ToolCall("1", "t_flip", "{}")] if choice == 3 else []
        return Reply(text="x" if choice == 2 else "1", calls=calls)


def ways(made: plan.Plan) -> Iterator[Counter[str]]:
    """How often each model is asked, in each way through the main workflow."""
    workflow: Workflow = load_all(made)[made.main]
    taken: list[int] | None = []
    while taken is not None:
        choices = Choices(taken)
        adversary = Adversary(choices)
        run: Any = start(workflow, {}, MemoryStore(), "run", Setting(mocks=adversary))
        assert run.failure is None or run.failure.code != "internal", run.failure
        yield adversary.asked
        taken = choices.following()


def some_ways(made: plan.Plan, limit: int) -> tuple[list[Counter[str]], bool]:
    """So many of them at most, and whether they are all."""
    found = list(islice(ways(made), limit + 1))
    return found[:limit], len(found) <= limit
