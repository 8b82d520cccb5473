"""Lattice on the store at the place that it is given: an SQLite file, or the URL of a PostgreSQL database."""

from __future__ import annotations

import gc
import sys
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from agent_lattice_runtime.execute import resume, run_many, start
from agent_lattice_runtime.replay import replay
from contests import serve
from sums import CHAIN, FAN, opened, with_tools


def _sequence(size: int) -> float:
    begin = perf_counter()
    assert start(CHAIN, {"steps": size}, STORE, None, SETTING).result == size
    return perf_counter() - begin


def _runs(size: int) -> float:
    begin = perf_counter()
    done = run_many(CHAIN, [(None, {"steps": 10})] * size, STORE, SETTING)
    taken = perf_counter() - begin
    assert all(run.result == 10 for run in done)
    return taken


def _branches(size: int) -> float:
    begin = perf_counter()
    assert start(FAN, {"steps": size}, STORE, None, SETTING).result == size * (size + 1) // 2
    return perf_counter() - begin


class _DiedError(Exception):
    pass


def _interrupted(size: int, commits: int) -> str:
    """The id of a run whose process died at that commit."""
    name, left = f"died-{next(IDS)}", iter(range(commits))

    class Dying(type(STORE)):  # type: ignore[misc]
        __slots__ = ()

        def append(self, batch: object) -> None:
            if next(left, None) is None:
                raise _DiedError
            super().append(batch)

    store = opened(sys.argv[1])
    store.__class__ = Dying
    try:
        start(CHAIN, {"steps": size}, store, name, SETTING)
    except _DiedError:
        store.close()
        return name
    raise AssertionError("the run has come to its end")


def _resume(size: int) -> float:
    name = _interrupted(size, size * 9 // 10 + 1)
    begin = perf_counter()
    assert resume(CHAIN, name, STORE, SETTING).result == size
    return perf_counter() - begin


def _replay(size: int) -> float:
    name = f"replayed-{next(IDS)}"
    start(CHAIN, {"steps": size}, STORE, name, SETTING)
    begin = perf_counter()
    found = replay(CHAIN, name, STORE)
    taken = perf_counter() - begin
    assert found.divergence is None and found.result == size
    return taken


gc.set_threshold(10_000)  # as the commands of a package do
IDS = count()
STORE = opened(sys.argv[1])
with TemporaryDirectory() as folder:
    SETTING = with_tools(Path(folder))
    serve({"sequence": _sequence, "runs": _runs, "branches": _branches, "resume": _resume, "replay": _replay})
