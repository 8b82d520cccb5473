"""DBOS on the database at the URL that it is given, SQLite or PostgreSQL: its own durable steps and workflows."""

from __future__ import annotations

import asyncio
import sys
from time import perf_counter

sys.path.pop(0)  # this folder, whose files are named for the libraries that they use

from contests import serve
from dbos import DBOS, SetWorkflowID

DBOS(
    config={
        "name": "bench",
        "system_database_url": sys.argv[1],
        "run_admin_server": False,
        "log_level": "CRITICAL",
        "enable_otlp": False,
    }
)
AT_ONCE = 32  # steps; each waits for the database in a thread
_began = _ended = 0.0


@DBOS.step()
def add(number: int) -> int:
    return number + 1


@DBOS.step()
async def add_soon(number: int) -> int:
    return number + 1


@DBOS.workflow()
def chain(steps: int) -> int:
    global _began, _ended
    _began = perf_counter()
    total = 0
    for _ in range(steps):
        total = add(total)
    _ended = perf_counter()
    return total


@DBOS.workflow()
async def fan(width: int) -> int:
    at_once = asyncio.Semaphore(AT_ONCE)

    async def added(number: int) -> int:
        async with at_once:
            return await add_soon(number)

    return sum(await asyncio.gather(*(added(number) for number in range(width))))


def _sequence(size: int) -> float:
    start = perf_counter()
    chain(size)
    return perf_counter() - start


def _runs(size: int) -> float:
    start = perf_counter()
    for handle in [DBOS.start_workflow(chain, 10) for _ in range(size)]:
        handle.get_result()
    return perf_counter() - start


def _branches(size: int) -> float:
    start = perf_counter()
    asyncio.run(fan(size))
    return perf_counter() - start


def _forked(size: int, first: int) -> float:
    """A run whose steps before `first` are recorded goes on; from its first line to its last, without waiting in a queue."""
    name = f"forked-{perf_counter()}"
    with SetWorkflowID(name):
        chain(size)
    assert DBOS.fork_workflow(name, first).get_result() == size
    return _ended - _began


serve_these = {
    "sequence": _sequence,
    "runs": _runs,
    "branches": _branches,
    "resume": lambda size: _forked(size, size * 9 // 10 + 1),
    "replay": lambda size: _forked(size, size + 1),
}
DBOS.launch()
serve(serve_these)
DBOS.destroy()
