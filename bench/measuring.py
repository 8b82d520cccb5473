"""Measuring in turns: A B A B, so that whatever else the machine does falls on both, and medians of that."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

ROOT = Path(__file__).resolve().parent.parent
ROOTS = [str(ROOT / folder) for folder in ("compiler", "runtime_min", "targets")]


@dataclass(frozen=True)
class Figure:
    """A row of the table: what was measured, beside what, and what it should be. `met` is None for orientation only."""

    subject: str
    ours: str
    reference: str = ""
    ratio: float | None = None
    goal: str = ""
    met: bool | None = None


def at_most(subject: str, ours: float, reference: float, limit: float, beside: str) -> Figure:
    """Seconds beside the seconds of a reference, which may be exceeded `limit` times."""
    ratio = ours / reference
    goal = f"≤ {limit:g} ×"
    return Figure(subject, shown(ours), f"{shown(reference)}  {beside}", ratio, goal, ratio <= limit)


def shown(seconds: float) -> str:
    """Seconds with three digits in a unit that suits them."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def in_turns(
    subjects: Sequence[Callable[[], object]], rounds: int, clock: Callable[[], float] = perf_counter
) -> list[float]:
    """The median seconds of each, called in turns; the first round is a warm-up and does not count."""
    taken: list[list[float]] = [[] for _ in subjects]
    for round in range(rounds + 1):
        for subject, times in zip(subjects, taken, strict=True):
            start = clock()
            subject()
            if round:
                times.append(clock() - start)
    return [median(times) for times in taken]


def python(*words: str, folder: Path | None = None, check: bool = True) -> Callable[[], object]:
    """A process of this interpreter, from its start to its end, with byte code kept as usual."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment = kept | {"PYTHONPATH": os.pathsep.join(ROOTS)}
    command = [sys.executable, *words]

    def run() -> object:
        return subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=check)

    return run


def per_call(subject: Callable[[], object], calls: int) -> Callable[[], object]:
    """`subject`, so many times: for what is too short to be timed alone."""

    def run() -> object:
        for _ in range(calls):
            subject()
        return None

    return run
