"""Every event that runs produce is in the catalogue and valid against the schema in schemas/events."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import pytest
import rfc8785
from agent_lattice_runtime.client_hooks import record
from agent_lattice_runtime.context import Context
from agent_lattice_runtime.errors import Failure
from agent_lattice_runtime.events import EVENTS, event_schema
from agent_lattice_runtime.execute import cancel, start
from agent_lattice_runtime.journal import check_run_id
from agent_lattice_runtime.run import Setting
from agent_lattice_runtime.stores.memory import MemoryStore
from agent_lattice_runtime.verify import exported
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from .agent_samples import GOOD, desk
from .durable_runs import durable_runs
from .samples import (
    JUDGE,
    REFUND_REPLIES,
    SHAKY,
    VERDICT,
    Crash,
    CrashingStore,
    World,
    asks,
    manifest,
    ops,
    refund,
    run,
    workflow,
)  # fmt: skip


@pytest.mark.parametrize("kind", sorted(EVENTS))
def test_every_schema_is_a_schema(kind: str) -> None:
    Draft202012Validator.check_schema(event_schema(kind))


def failing_run() -> MemoryStore:
    """Fallback, escalation, a refused model, failing effects, something in doubt: in several runs of one store."""
    world, store = World(), MemoryStore()

    def fail() -> None:
        raise ConnectionError("down")

    def refuse() -> None:
        raise ValueError("no")

    read, write = world.op("t.read", "read", fail), world.op("t.write", "write", refuse)
    done = world.op("t.done", "write", lambda: None)

    async def flow(ctx: Context, way: str) -> Any:
        if way == "ask":
            return await ctx.ask("q", SHAKY, output=VERDICT, prompt="?", repair=1, escalate=JUDGE)
        return await ctx.tool(way, {"read": read, "write": write, "done": done, "denied": done}[way], {})

    grants = manifest(read=ops("t.read"), write=ops("t.write"), done=ops("t.done"), q=asks("shaky", "judge"))
    flow_ = workflow(flow, grants)
    script = [{"step": "q", "error": {"code": "timeout"}}, *[{"step": "q", "text": "no"}] * 3]
    setting = Setting(scripted={"replies": script})
    for way in ("ask", "read", "write", "denied"):
        start(flow_, {"way": way}, store, way, setting)
    try:
        start(flow_, {"way": "done"}, CrashingStore(store, 2, False), "done", setting)  # type: ignore[arg-type]
    except Crash:
        start(flow_, {"way": "done"}, store, "done", setting)
    try:
        start(flow_, {"way": "read"}, CrashingStore(store, 2, False), "left", setting)  # type: ignore[arg-type]
    except Crash:
        cancel(flow_, "left", store, "nobody needs it")
    return store


def hooked() -> MemoryStore:
    """A session of a coding agent."""
    store, call = (
        MemoryStore(),
        {"session_id": "s", "tool_name": "Agent", "tool_input": {"subagent_type": "desk-triage"}},
    )
    desk_ = workflow(lambda ctx: None, {**manifest(), "name": "desk"})
    for event in ("PostToolUse", "PostToolUseFailure", "PermissionDenied"):
        assert record(desk_, "claude", json.dumps(call | {"hook_event_name": event}).encode(), store)
    return store


def test_all_types_occur_and_all_events_are_valid() -> None:
    _, good = run(refund(World()), {"order_id": "A1"}, scripted=REFUND_REPLIES)
    seen = set()
    turns = [{"step": "found.turn[0]", "calls": [{"tool": "nothing"}]}, {"step": "found.turn[1]", "text": GOOD}]
    _, agent = run(desk(World()), scripted=turns)
    for store in (good, failing_run(), agent, hooked(), *durable_runs()):
        for row in store.runs():
            for event in store.events(row):
                kind = "custom.*" if event[2].startswith("custom.") else event[2]
                seen.add(kind)
                Draft202012Validator(event_schema(kind)).validate(json.loads(exported(row, event)))
    assert seen == set(EVENTS)


def test_the_hash_is_what_the_documentation_says() -> None:
    """sha256 of the hash before and the RFC 8785 text of the event, computed here with other means."""
    _, store = run(refund(World()), {"order_id": "A1"}, scripted=REFUND_REPLIES)
    previous = b""
    for row in store.runs():
        for event in store.events(row):
            line = json.loads(exported(row, event))
            digest = line.pop("hash")
            previous = sha256(previous + rfc8785.dumps(line)).digest()
            assert previous.hex() == digest


@given(st.text(max_size=120))
def test_run_ids(text: str) -> None:
    try:
        assert check_run_id(text) == text
    except Failure as failure:
        assert failure.code == "validation"
    else:
        assert text.isascii()
        assert 0 < len(text) <= 100
        assert not set(text) & set("\"\\/ \n'")
