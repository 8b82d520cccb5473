"""Graphs as blocks: the package that is built from a graph visits what the token game visits, and sees what it has seen."""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

from agent_lattice import driver, plan
from agent_lattice.nets.joins import Joins
from agent_lattice.nets.net import END, START, Arc, Net, Way
from agent_lattice.nets.order import Order
from agent_lattice_runtime.errors import Failure
from agent_lattice_runtime.execute import start
from agent_lattice_runtime.replay import replay
from agent_lattice_runtime.run import Setting
from agent_lattice_runtime.stores.memory import MemoryStore
from agent_lattice_runtime.testing import Computed, Mocks
from agent_lattice_targets.python.memory import load_all
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from nets.token_game import grown_nets, nets

MANY = settings(
    max_examples=int(os.environ.get("LATTICE_GRAPHS", "300")), deadline=None, suppress_health_check=list(HealthCheck)
)
MOST = 2
"""How often a bounded edge is taken."""

TOOL = """\
tool desk = python("desk") { op visit(name: string, sure: list<int>, unsure: list<int>) -> int { effect: read } }
"""


class Sample:
    """A sound net whose cycles are bounded, as a graph in the language; None of it is random any more."""

    def __init__(self, net: Net, seed: int) -> None:
        self.seed = seed
        self.names = net.names[: len(net.names) - len(net.origins)]
        forks = {origin: net.ways[place][0].targets for place, origin in net.origins.items()}
        self.ways = [
            [Way(forks.get((place, at), way.targets)) for at, way in enumerate(net.ways[place])]
            for place in range(len(self.names))
        ]
        self._bound()
        self.net = Net(self.names, self.ways).with_forks_apart()
        self.joins = Joins(self.net)
        self.order = Order(self.joins, {place: int(self.fails_first(place)) for place in range(len(self.names))})

    def _bound(self) -> None:
        """Bounds on all ways but the last one of each place, which leads forward if one of them does."""
        loops = Joins(Net(self.names, self.ways).with_forks_apart()).loops
        for place, ways in enumerate(self.ways):
            ways.sort(key=lambda way: not any(loops.goes_back(Arc(place, 0, target)) for target in way.targets))
            ways[:-1] = [
                Way(way.targets, any(loops.goes_back(Arc(place, 0, target)) for target in way.targets))
                for way in ways[:-1]
            ]

    def fails_first(self, place: int) -> bool:
        """Whether the first way of a place is the one of its failure."""
        return (
            place > END
            and len(self.ways[place]) > 1
            and (self.seed >> place) % 3 == 0
            and not self.ways[place][0].bounded
        )

    def value(self, place: int, visit: int) -> int:
        """What the tool answers."""
        return (self.seed * 31 + place * 17 + visit * 7 + (self.seed >> place)) % 6

    def read(self, place: int) -> tuple[list[int], list[int]]:
        """The places that a place reads: those that are there for certain, and those that may be."""
        others = [other for other in range(2, len(self.names)) if other != place and other in self.net.reachable]
        sure = [other for other in others if self.order.before(other, place)]
        unsure = [
            other
            for other in others
            if other not in sure and not self.joins.concurrent(other, place) and self.order.may_be_before(other, place)
        ]
        return sure, unsure

    def source(self) -> str:
        lines = []
        for place in range(2, len(self.names)):
            if place in self.net.reachable:
                sure, unsure = self.read(place)
                known = ", ".join(self.names[at] for at in sure)
                maybe = ", ".join(f"{self.names[at]} == null ? -1 : {self.names[at]}" for at in unsure)
                name = self.names[place]
                lines.append(f'{name} = desk.visit(name: "{name}", sure: [{known}], unsure: [{maybe}])')
        for place in sorted(self.net.reachable):
            if place < len(self.names):
                lines += self._edges(place)
        return TOOL + "graph g(seed: int) -> null {\n" + "".join(f"  {line}\n" for line in lines) + "}\n"

    def _edges(self, place: int) -> list[str]:
        ways, lines = self.ways[place], []
        for at, way in enumerate(ways):
            to = ", ".join(self.names[target] for target in way.targets) or 'fail "over"'
            subject = "seed" if place == START else self.names[place]
            clause = f" when {subject} % {len(ways)} == {at}" if at + 1 < len(ways) else " otherwise"
            clause = "" if len(ways) == 1 else " on timeout" if at == 0 and self.fails_first(place) else clause
            clause = " otherwise" if len(ways) == 2 and at == 1 and self.fails_first(place) else clause
            lines.append(f"{self.names[place]} -> {to}{clause}{f' at most {MOST}' if way.bounded else ''}")
        return lines


class Walk:
    """The token game with the answers of the tool, one place after another."""

    def __init__(self, sample: Sample) -> None:
        self.sample = sample
        self.visits: Counter[int] = Counter()
        self.seen: dict[tuple[int, int], tuple[list[int], list[int]]] = {}
        self.values: dict[int, int] = {}
        self.taken: Counter[tuple[int, int]] = Counter()

    def run(self) -> bool:
        """Whether the run comes to its end without an error."""
        net, tokens = self.sample.net, {Arc(-1, 0, START)}
        while tokens:
            place = next(place for place in sorted(net.reachable) if self._ready(place, tokens))
            tokens -= {arc for arc in tokens if arc.target == place}
            if place == END:
                return True
            number = self._way(place)
            way = net.ways[place][number]
            if not way.targets:
                return False
            tokens |= {Arc(place, number, target) for target in way.targets}
        raise AssertionError("no token is left")

    def _ready(self, place: int, tokens: set[Arc]) -> bool:
        there = [arc for arc in tokens if arc.target == place]
        wanted = len(self.sample.net.arcs_in[place]) if place in self.sample.joins.waits else 1
        return bool(there) and len(there) >= wanted

    def _way(self, place: int) -> int:
        sample = self.sample
        if place >= len(sample.names):
            return 0
        value = self._visit(place) if place != START else sample.seed
        ways = sample.ways[place]
        if len(ways) == 1:
            return 0
        if value is None:
            return 0
        for at, way in enumerate(ways[:-1]):
            if at == 0 and sample.fails_first(place):
                continue
            if value % len(ways) == at and not (way.bounded and self.taken[place, at] >= MOST):
                self.taken[place, at] += way.bounded
                return at
        return len(ways) - 1

    def _visit(self, place: int) -> int | None:
        sure, unsure = self.sample.read(place)
        self.seen[place, self.visits[place]] = (
            [self.values[at] for at in sure],
            [self.values.get(at, -1) for at in unsure],
        )
        value = self.sample.value(place, self.visits[place])
        self.visits[place] += 1
        if value == 0 and self.sample.fails_first(place):
            return None
        self.values[place] = value
        return value


def compiled(text: str) -> plan.Plan:
    files = {"desk.py": b"def visit(name, sure, unsure):\n    return 0\n"}
    compilation = driver.compile_source("g.lat", text.encode(), files.get)
    errors = [f"{found.code.name}: {found.message}" for found in compilation.report.sorted()]
    assert not compilation.report.failed, (errors, text)
    made = driver.plan_of(compilation, "g")
    assert made is not None
    return made


@MANY
@given(st.one_of(nets(9), grown_nets()), st.integers(0, 10**6))
def test_a_package_visits_what_the_token_game_visits(net: Net, seed: int) -> None:
    sample = Sample(net, seed)
    assume(not sample.joins.findings and not sample.net.stranded and not sample.joins.loops.unbounded)
    assume(END in sample.net.reachable)
    text = sample.source()
    workflow = load_all(compiled(text))["g"]
    seen: dict[tuple[int, int], Any] = {}

    def visit(name: str, sure: list[int], unsure: list[int]) -> int:
        place = sample.names.index(name)
        count = sum(1 for other, _ in seen if other == place)
        seen[place, count] = (sure, unsure)
        value = sample.value(place, count)
        if value == 0 and sample.fails_first(place):
            raise Failure("timeout", "too slow")
        return value

    store = MemoryStore()
    done = start(workflow, {"seed": seed}, store, "run", Setting(mocks=Mocks({"desk.visit": [Computed(visit)]})))
    walk = Walk(sample)
    completed = walk.run()
    assert (done.failure is None) == completed, (text, done.failure)
    if completed:
        assert seen == walk.seen, text
    assert replay(workflow, "run", store).divergence is None
