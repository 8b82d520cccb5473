"""Traces: the events of a step put together, in time and inside each other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from agent_lattice_runtime.arguments import Arguments
from agent_lattice_runtime.canonical import canonical
from agent_lattice_runtime.commands import Request, carry_out
from agent_lattice_runtime.errors import Failure
from agent_lattice_runtime.execute import start
from agent_lattice_runtime.run import Setting
from agent_lattice_runtime.stores.sqlite import SqliteStore
from agent_lattice_runtime.traces import OPEN, note, spans, totals
from hypothesis import given
from hypothesis import strategies as st

from .durable_runs import durable_runs
from .samples import REFUND_REPLIES, World, refund, run
from .test_events import failing_run, hooked


def event(seq: int, ts: int, kind: str, step: str, /, **payload: Any) -> Any:
    return (seq, ts, kind, step, canonical(payload), None, b"")


def test_a_run_is_its_steps_in_time() -> None:
    _, store = run(refund(World()), {"order_id": "A1"}, scripted=REFUND_REPLIES)
    (row,) = store.runs()
    found = spans(store.events(row))
    steps = {step for _, _, kind, step, _, _, _ in store.events(row) if kind[:4] != "run."}
    assert {span.step for span in found} == steps
    assert all(span.status in ("ok", "invalid", "event") for span in found)
    assert totals(found)["calls"] == sum(kind == "llm.completed" for _, _, kind, *_ in store.events(row))


def test_every_way_to_fail_is_told() -> None:
    store = failing_run()
    told = {row.run_id: {span.status for span in spans(store.events(row))} for row in store.runs()}
    assert told["read"] == told["write"] == {"failed"} and told["denied"] == {"denied"}
    assert "in doubt" in told["done"] and {"failed", "invalid"} <= told["ask"]
    assert all(note(span) for row in store.runs() for span in spans(store.events(row)) if span.status == "failed")


def test_calls_of_a_coding_agent_stand_one_by_one() -> None:
    store = hooked()
    (row,) = store.runs()
    assert [span.status for span in spans(store.events(row))] == ["ok", "failed", "denied"]


def test_times_and_what_goes_on() -> None:
    events = [
        event(1, 1_000_000, "step.completed", "order", ms=100, op="shop.get"),
        event(2, 1_200_000, "llm.requested", "a.ask#1", args={}),
        event(3, 1_500_000, "llm.completed", "a.ask#1", ms=200),
        event(4, 1_500_000, "step.completed", "a.ask", result=1),
        event(5, 1_600_000, "effect.intended", "paid", op="bank.pay"),
    ]
    found = {span.step: span for span in spans(events)}
    assert [span.step for span in spans(events)] == ["order", "a.ask", "a.ask#1", "paid"]
    assert (found["order"].start, found["order"].end) == (900_000, 1_000_000)
    assert (found["a.ask"].start, found["a.ask"].end, found["a.ask#1"].depth) == (1_200_000, 1_500_000, 2)
    assert found["paid"].status == OPEN


def test_what_waits_and_what_was_stopped() -> None:
    events = [
        event(1, 1_000_000, "approval.requested", "sign", role="r", question="q", values={}, shown="s", until=9),
        event(2, 1_000_000, "timer.set", "pause", kind="wait", until=2_000_000),
        event(3, 1_000_000, "timer.set", "parcel", kind="signal", until=9),
        event(4, 1_000_000, "effect.intended", "paid", op="bank.pay"),
        event(5, 2_000_000, "timer.fired", "pause"),
    ]
    assert [span.status for span in spans(events)] == ["going on", "waits", "ok", "waits"]
    events.append(event(6, 3_000_000, "run.cancelled", "", error="cancelled", message=""))
    assert [span.status for span in spans(events)] == ["stopped", "stopped", "ok", "stopped"]


KINDS = [
    "step.completed",
    "llm.requested",
    "llm.completed",
    "llm.invalid",
    "effect.intended",
    "effect.committed",
    "custom.x",
]
EVENTS = st.lists(
    st.tuples(st.sampled_from(KINDS), st.sampled_from(["a", "a#1", "a.b", "a[0].b#2", "c"]), st.integers(0, 10**7)),
    max_size=12,
)


@given(EVENTS)
def test_what_is_inside_lies_within(items: list[tuple[str, str, int]]) -> None:
    events = [event(n, 10**6 * n, kind, step, ms=ms) for n, (kind, step, ms) in enumerate(items, 1)]
    found = spans(events)
    by_step = {span.step: span for span in found if span.status != "event"}
    for span in found:
        assert span.start <= span.end
        outer = by_step.get(span.step.rpartition("#")[0])
        assert outer is None or outer.start <= span.start
    assert [span.start for span in found] == sorted(span.start for span in found)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(tmp_path / "runs.db")
    store = SqliteStore(path)
    start(refund(World()), {"order_id": "A1"}, store, "r", Setting(scripted=REFUND_REPLIES))
    store.close()
    assert _traced("r", path) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("run r of refund: completed, ")
    assert _traced("r", path, "json") == 0
    assert all(json.loads(line)["status"] for line in capsys.readouterr().out.splitlines())
    with pytest.raises(Failure, match="no run x"):
        _traced("x", path)


def _traced(run_id: str, store: str, *flags: str) -> int:
    return carry_out(Request(None, Arguments("trace", {"RUN": run_id, "store": store}, frozenset(flags))))


def test_steps_that_wait_are_in_doubt_or_taken_back_are_told_as_they_ended() -> None:
    told: dict[str, set[str]] = {}
    for store in durable_runs():
        for row in store.runs():
            for span in spans(store.events(row)):
                told.setdefault(span.step, set()).add(span.status)
    assert told["paid"] == {"ok"} and told["late"] == {"late"} and told["ok"] == {"ok"} and told["first"] == {"ok"}
    assert told["pay"] == {"ok", "not done", "tried again"} and told["pay#2"] == {"ok"}
    assert told["order[0].pay.compensate"] == {"ok", "failed"} and told["budget"] == {"warned"}
    assert "" not in told, "what comes from outside is no step"
