"""LangGraph with a SqliteSaver and durability="sync": every superstep is on the disk before the next one starts."""

from __future__ import annotations

import operator
import sqlite3
import sys
from itertools import count
from time import perf_counter
from typing import Annotated, Any, TypedDict

sys.path.pop(0)  # this folder, whose files are named for the libraries that they use

from contests import serve
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Send

LAST = 1000  # the length of the run that is resumed at step 900


class Chain(TypedDict):
    number: int
    steps: int
    fails_at: int


class Fan(TypedDict):
    width: int
    sums: Annotated[list[int], operator.add]


_healthy = False


def _add(state: Chain) -> dict[str, int]:
    if state["number"] == state["fails_at"] and not _healthy:
        raise RuntimeError("as if the process had died here")
    return {"number": state["number"] + 1}


def _saver() -> SqliteSaver:
    connection = sqlite3.connect(sys.argv[1], check_same_thread=False)
    connection.execute("PRAGMA synchronous=FULL")
    saver = SqliteSaver(connection)
    saver.setup()
    return saver


def _chain() -> Any:
    graph = StateGraph(Chain)
    graph.add_node("add", _add)
    graph.add_edge(START, "add")
    graph.add_conditional_edges("add", lambda state: "add" if state["number"] < state["steps"] else END)
    return graph.compile(checkpointer=SAVER)


def _fan() -> Any:
    graph = StateGraph(Fan)
    graph.add_node("add", lambda state: {"sums": [state["number"] + 1]})
    graph.add_conditional_edges(
        START, lambda state: [Send("add", {"number": n}) for n in range(state["width"])], ["add"]
    )
    graph.add_edge("add", END)
    return graph.compile(checkpointer=SAVER)


def _config(steps: int) -> dict[str, Any]:
    return {"configurable": {"thread_id": str(next(IDS))}, "recursion_limit": steps + 10, "max_concurrency": 32}


def _sequence(size: int) -> float:
    start = perf_counter()
    CHAIN.invoke({"number": 0, "steps": size, "fails_at": -1}, _config(size), durability="sync")
    return perf_counter() - start


def _runs(size: int) -> float:
    start = perf_counter()
    inputs = [{"number": 0, "steps": 10, "fails_at": -1}] * size
    CHAIN.batch(inputs, [_config(10) for _ in inputs], durability="sync")
    return perf_counter() - start


def _branches(size: int) -> float:
    start = perf_counter()
    FAN.invoke({"width": size, "sums": []}, _config(size), durability="sync")
    return perf_counter() - start


def _resume(size: int) -> float:
    global _healthy
    config = _config(size)
    try:
        CHAIN.invoke({"number": 0, "steps": size, "fails_at": size * 9 // 10}, config, durability="sync")
    except RuntimeError:
        _healthy = True
    start = perf_counter()
    assert CHAIN.invoke(None, config, durability="sync")["number"] == size
    _healthy = False
    return perf_counter() - start


IDS = count()
SAVER = _saver()
CHAIN, FAN = _chain(), _fan()
serve({"sequence": _sequence, "runs": _runs, "branches": _branches, "resume": _resume})
