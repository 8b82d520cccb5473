"""Many simulated runs of a workflow, what they broke, and the smallest run that breaks each law."""

from __future__ import annotations

from collections import Counter

from agent_lattice_runtime.errors import Failure

from agent_lattice.records import field, record
from agent_lattice.simulating.choices import Choices, Decisions
from agent_lattice.simulating.laws import Problem, differences, problems
from agent_lattice.simulating.lives import Life, lived
from agent_lattice.simulating.scenarios import Subject
from agent_lattice.simulating.shrinking import shrunk
from agent_lattice.simulating.sources import Made, Mocked, Source


@record
class Trial:
    """A simulated run: its decisions, what became of it, and what it broke."""

    taken: Decisions
    life: Life
    problems: tuple[Problem, ...]


@record
class Broken:
    """A law that runs have broken: in how many, first in which, and the smallest run that breaks it."""

    law: str
    runs: int
    first: int
    smallest: Trial


@record(frozen=False)
class Summary:
    """What came out: runs by how they ended, crashes and faults in all, and every law that was broken."""

    runs: int = 0
    ended: Counter[str] = field(default_factory=Counter)
    crashes: int = 0
    faults: int = 0
    broken: list[Broken] = field(default_factory=list)


def simulated(subject: Subject, runs: int, seed: int) -> Summary:
    """Simulate so many runs. The first ones are the plainest of each scenario."""
    summary = Summary(runs=runs)
    first: dict[str, tuple[int, Trial]] = {}
    counts: Counter[str] = Counter()
    for number in range(runs):
        made = tried(subject, choices_of(subject, seed, number))
        summary.ended[_ended(made.life)] += 1
        summary.crashes += made.life.crashes
        summary.faults += made.life.world.faults
        for law in dict.fromkeys(problem.law for problem in made.problems):
            counts[law] += 1
            first.setdefault(law, (number, made))
    for law, (number, made) in first.items():
        summary.broken.append(Broken(law, counts[law], number, smallest(subject, made, law)))
    return summary


def choices_of(subject: Subject, seed: int, number: int) -> Choices:
    """The decisions of a run of a seed."""
    if number < len(subject.scenarios):
        return Choices(given={"scenario": number} if number else {})
    return Choices(seed, number)


def tried(subject: Subject, choices: Choices) -> Trial:
    """Simulate one run, and once more without its order and its crashes."""
    scenario = subject.scenarios[choices.take("scenario", len(subject.scenarios))]
    source: Source
    if scenario.test is None:
        made = Made(subject, choices)
        source, arguments = made, made.arguments()
    else:
        source, arguments = Mocked(scenario.replies), dict(scenario.arguments)
    plain = lived(subject, scenario, arguments, source, choices, Choices(given={}))
    found = list(problems(subject, plain))
    life = plain
    if not found:
        life = lived(subject, scenario, arguments, source, choices, choices)
        found = [*problems(subject, life), *differences(plain, life, subject.concurrent)]
    return Trial(dict(choices.taken), life, tuple(found))


def smallest(subject: Subject, made: Trial, law: str) -> Trial:
    """The smallest run that still breaks the law."""

    def fails(decisions: Decisions) -> bool:
        return any(problem.law == law for problem in tried(subject, Choices(given=decisions)).problems)

    return tried(subject, Choices(given=shrunk(made.taken, fails)))


def _ended(life: Life) -> str:
    """How a run ended, in a word or the class of its failure."""
    failure: Failure | None = life.failure
    if life.stuck:
        return "stuck"
    if life.run is None:
        return "not started"
    return "completed" if failure is None else failure.code
