"""Durable steps in a row, in many runs, side by side, resumed and replayed: beside peers and the raw log, in one run."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import peers
import postgres
from contests import Contestant, medians
from measuring import Figure

ROUNDS = 3


class Scenario(NamedTuple):
    """What is timed: `size` units of work; `raw` is how many times as long as the raw log we may take, `ahead` how many
    times as fast as the fastest peer we want to be."""

    title: str
    name: str
    size: int
    unit: str
    raw: float | None
    ahead: float


SCENARIOS = (
    Scenario("durable steps in a row", "sequence", 1000, "steps", 1.3, 1.0),
    Scenario("1,000 runs of 10 steps", "runs", 1000, "runs", None, 10.0),
    Scenario("1,000 steps side by side", "branches", 1000, "steps", None, 10.0),
    Scenario("10,000 steps side by side", "branches", 10_000, "steps", None, 10.0),
    Scenario("resume at step 900 of 1,000", "resume", 1000, "steps", None, 1.0),
    Scenario("replay of 1,000 steps", "replay", 1000, "events", None, 1.0),
)


def figures() -> Iterator[Figure]:
    """Rows for SQLite, then for PostgreSQL where its server and its driver are installed."""
    python = peers.interpreter()
    with TemporaryDirectory() as name:
        folder = Path(name)
        ours = [["lattice", str(folder / "ours.db")], ["raw", str(folder / "raw.db")]]
        others = [["langgraph", str(folder / "langgraph.db")], ["dbos", f"sqlite:///{folder / 'dbos.db'}"]]
        if python is not None and (server := peers.restate_server()) is not None:
            others.append(["restate", str(server), str(folder / "restate")])
        yield from _compared("SQLite", ours, others, python)
    with postgres.server() as url:
        if url is None or find_spec("psycopg") is None:
            yield Figure("durable steps on PostgreSQL", "", "no server, or no psycopg, is installed")
            return
        ours = [[name, postgres.make_database(url, name)] for name in ("lattice", "raw")]
        others = [["dbos", postgres.make_database(url, "dbos").replace("postgresql:", "postgresql+psycopg:")]]
        yield from _compared("PostgreSQL", ours, others, python)


Entries = Sequence[Sequence[str]]
"""Names of contestants, each with the words that it is started with."""


def _compared(store: str, ours: Entries, others: Entries, python: Path | None) -> Iterator[Figure]:
    with ExitStack() as stack:
        contestants = [Contestant(*entry) for entry in ours]
        for entry in others if python is not None else ():
            try:
                contestants.append(Contestant(*entry, interpreter=str(python)))
            except RuntimeError as error:  # a server that does not start here
                print(error, file=sys.stderr)
        for one in contestants:
            stack.callback(one.close)
        for scenario in SCENARIOS:
            seconds = medians(contestants, scenario.name, scenario.size, ROUNDS)
            yield from _rows(f"{scenario.title}, {store}", scenario, seconds)


def _rows(title: str, scenario: Scenario, seconds: dict[str, float]) -> Iterator[Figure]:
    """Beside the raw log, as a ratio of times; beside each peer, as how many times as many we do in a second."""
    rates = {name: scenario.size / taken for name, taken in seconds.items()}
    own, raw = rates.pop("lattice"), rates.pop("raw")
    limit = scenario.raw
    goal = "" if limit is None else f"≤ {limit:g} ×"
    met = None if limit is None else raw / own <= limit
    yield Figure(title, _rate(own, scenario), f"{_rate(raw, scenario)}  the raw log", raw / own, goal, met)
    for name, rate in rates.items():
        ratio = own / rate
        yield Figure(
            "", "", f"{_rate(rate, scenario)}  {name}", ratio, f"≥ {scenario.ahead:g} × it", ratio >= scenario.ahead
        )


def _rate(rate: float, scenario: Scenario) -> str:
    return f"{rate:,.0f} {scenario.unit}/s"
