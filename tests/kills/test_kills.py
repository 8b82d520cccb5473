"""Built packages are killed for real, again and again: runs end as if nothing had happened, and everybody is paid once."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kills.counting_bank import CountingBank
from kills.harness import Ended, Killed, same_end
from kills.subjects import SUBJECTS, Package, Subject

KILLS = int(os.environ.get("LATTICE_KILLS", "40"))
"""How many processes are killed in all, about; `python3 dev.py faults` for a long look."""

MANY = 500  # kills that make a long look
LONGEST = 400  # commits of any run here, at most
POSITIONS = ("before", "during", "after")


@pytest.fixture
def bank() -> Iterator[CountingBank]:
    made = CountingBank()
    yield made
    made.close()


@pytest.mark.parametrize("subject", SUBJECTS, ids=[subject.name for subject in SUBJECTS])
def test_killed_runs_end_as_if_nothing_had_happened(
    subject: Subject, bank: CountingBank, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    if subject.slow:
        pytest.importorskip("mcp")
        if KILLS < MANY:
            pytest.skip("takes seconds to start: only for a long look")
    package = subject.build(tmp_path)
    ended = Killed(package, tmp_path / "undisturbed", bank).finished()
    assert set(bank.asked.values()) <= {1}
    wanted = share(subject)
    kills = at_every_commit(package, bank, ended, tmp_path, wanted * 2 // 3)
    kills += at_random_times(package, bank, ended, tmp_path, wanted - kills)
    record_property("kills", kills)
    assert kills >= wanted


def share(subject: Subject) -> int:
    """How many of all kills this subject has to bear."""
    weights = {one.name: 0.1 if one.slow else 1.0 for one in SUBJECTS}
    return max(2, round(KILLS * weights[subject.name] / sum(weights.values())))


def at_every_commit(package: Package, bank: CountingBank, undisturbed: Ended, folder: Path, wanted: int) -> int:
    """Before, during and after commits 1, 2, 3, …; a process that goes on after that is killed, too. With fewer kills than
    commits a few from everywhere. How many processes were killed."""
    kills, reached = 0, LONGEST
    for at, position in places(wanted):
        if kills >= wanted or at > reached:
            continue
        bank.forget()
        run = Killed(package, folder / f"{at}{position}", bank)
        if run.killed_at(at, position) is None:
            run.killed_at(1 + at % 5, POSITIONS[at % 3])
        else:
            reached = min(reached, at)
        same_end(run.finished(), undisturbed)
        kills += run.kills
    return kills


def places(wanted: int) -> list[tuple[int, str]]:
    """Where to kill, in order when there are many kills to come."""
    order = [(at, position) for at in range(1, LONGEST) for position in POSITIONS]
    if wanted < MANY // 10:
        order = [place for place in order if place[0] <= 40]
        random.Random(7).shuffle(order)
    return order


def at_random_times(package: Package, bank: CountingBank, undisturbed: Ended, folder: Path, wanted: int) -> int:
    """Each process has a time of its own to live, until the run has come to its end."""
    chance, kills, rounds = random.Random(7), 0, 0
    longest = 3.0 if package.subject.slow else 0.4
    while kills < wanted:
        bank.forget()
        run = Killed(package, folder / f"run{rounds}", bank)
        rounds += 1
        for _ in range(12):
            done = run.killed_after(chance.uniform(0.03, longest))
            if done is not None and run.is_over(done):
                break
        same_end(run.finished(), undisturbed)
        kills += run.kills
    return kills
