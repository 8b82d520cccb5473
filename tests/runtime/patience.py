"""A clock that stands still until somebody sleeps, and workflows that wait on it."""

from __future__ import annotations

from typing import Any

from agent_lattice_runtime.cel_time import Duration, Timestamp
from agent_lattice_runtime.deliveries import decide
from agent_lattice_runtime.execute import find_run, resume, start
from agent_lattice_runtime.models import Workflow
from agent_lattice_runtime.run import Run, Setting
from agent_lattice_runtime.stores.memory import MemoryStore

HOUR = 3600.0


class Clock:
    """Nanoseconds since 1970."""

    def __init__(self, seconds: float = 1_000_000.0) -> None:
        self.now = int(seconds * 1e9)
        self.slept: list[float] = []

    def __call__(self) -> int:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += int(seconds * 1e9)

    def setting(self, **more: Any) -> Setting:
        return Setting(clock=self, sleep=self.sleep, **more)


def duration(seconds: float) -> Duration:
    return Duration(int(seconds * 1e9))


def timestamp(seconds: float) -> Timestamp:
    return Timestamp(int(seconds * 1e9))


def go(flow: Workflow, store: MemoryStore, clock: Clock, value: object = None, run_id: str = "r1", **more: Any) -> Run:
    """Start the run, or go on with it."""
    if store.find(run_id) is None:
        return start(flow, {} if value is None else value, store, run_id, clock.setting(**more))
    return resume(flow, run_id, store, clock.setting(**more))


def due(store: MemoryStore, run_id: str = "r1") -> int | None:
    return find_run(store, run_id).due


def approve(flow: Workflow, store: MemoryStore, clock: Clock, step: str | None = None, **more: Any) -> bool:
    return decide(flow, store, "r1", step, True, by="ann", clock=clock, **more)
