"""A trivial step in other tools, for orientation: only those that happen to be installed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

from measuring import Figure, in_turns, shown


def figures(steps: int, rounds: int) -> Iterator[Figure]:
    """A row for each tool that can be imported."""
    for name, make in (("LangGraph", _langgraph), ("Burr", _burr)):
        try:
            run = make(steps)
        except ImportError:
            continue
        yield Figure(f"step in memory, {name}", shown(in_turns([run], rounds)[0] / steps))


def _langgraph(steps: int) -> Callable[[], object]:
    graphs: Any = import_module("langgraph.graph")
    graph = graphs.StateGraph(dict)
    graph.add_node("add", lambda state: {"number": state["number"] + 1})
    graph.add_edge(graphs.START, "add")
    graph.add_conditional_edges("add", lambda state: graphs.END if state["number"] >= steps else "add")
    made = graph.compile()
    return lambda: made.invoke({"number": 0}, {"recursion_limit": steps + 10})


def _burr(steps: int) -> Callable[[], object]:
    core: Any = import_module("burr.core")

    @core.action(reads=["number"], writes=["number"])  # type: ignore[untyped-decorator]
    def add(state: Any) -> Any:
        return state.update(number=state["number"] + 1)

    def run() -> object:
        builder = core.ApplicationBuilder().with_actions(add).with_transitions(("add", "add", core.expr("number >= 0")))
        application = builder.with_state(number=0).with_entrypoint("add").build()
        for _ in range(steps):
            application.step()
        return application

    return run
