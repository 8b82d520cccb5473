"""A run with many writes that are made once each, and what is asked of it in bad times."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from agent_lattice_runtime.errors import StoreFailure
from agent_lattice_runtime.execute import start
from agent_lattice_runtime.models import Workflow
from agent_lattice_runtime.stores.sqlite import SqliteStore
from agent_lattice_runtime.verify import verify_store
from runtime.samples import World, manifest, ops, workflow

STEPS = 20
RESULT = sum(range(STEPS))
_NOTE = "x" * 3000


def payments(
    stop_at: int = -1, pause: float = 0.0, at: int = -1, fault: Callable[[], object] = lambda: None
) -> tuple[World, Workflow]:
    """A workflow that makes STEPS writes with keys; `fault` is called by the write number `at`, and the process is
    interrupted before number `stop_at`."""
    world = World()

    def write(n: int, note: str) -> Any:
        if n == at:
            fault()
        time.sleep(pause)
        return {"n": n, "note": note}

    pay = world.op("t.pay", "write", write, key="n")

    async def flow(ctx: Any) -> int:
        total = 0
        for number in range(STEPS):
            if number == stop_at:
                raise KeyboardInterrupt
            total += (await ctx.at("loop", number).tool("pay", pay, {"n": number, "note": _NOTE}))["n"]
        return total

    return world, workflow(flow, manifest(loop__pay=ops("t.pay")))


def stopped(path: str, at: int = -1, fault: Callable[[], object] | None = None) -> StoreFailure | None:
    """The failure of the store that ends run r1, None when the run ends by itself or, without a `fault`, stops before `at`."""
    stop_at = at if fault is None else -1
    flow = payments(stop_at=stop_at, at=at, fault=fault or (lambda: None))[1]
    store = None
    try:
        store = SqliteStore(path)
        assert start(flow, {}, store, "r1").result == RESULT
    except KeyboardInterrupt:
        assert stop_at >= 0
    except StoreFailure as failure:
        return failure
    finally:
        if store is not None:
            store.close()
    return None


def finished(path: str) -> None:
    """Run r1 goes on to its end, and each of its writes is in the log once."""
    store = SqliteStore(path)
    assert verify_store(store) == []
    run = start(payments()[1], {}, store, "r1")
    assert run.result == RESULT, run.failure
    made = [event[3] for event in store.events(run.journal.row) if event[2] == "effect.committed"]
    assert made == [f"loop[{number}].pay" for number in range(STEPS)]
    assert verify_store(store) == []
    store.close()
