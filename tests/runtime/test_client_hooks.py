"""What coding agents tell at their hooks, in the words of each, in one log for each session."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from agent_lattice_runtime.canonical import recorded
from agent_lattice_runtime.client_hooks import record
from agent_lattice_runtime.errors import Failure
from agent_lattice_runtime.events import event_schema
from agent_lattice_runtime.execute import find_run, resume
from agent_lattice_runtime.models import Workflow
from agent_lattice_runtime.stores.memory import MemoryStore
from agent_lattice_runtime.stores.sqlite import SqliteStore
from agent_lattice_runtime.verify import exported, verify
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from .samples import manifest, workflow

CLAUDE = {
    "session_id": "s1", "hook_event_name": "PostToolUse", "tool_name": "mcp__refunddesk__shop_get_order",
    "tool_input": {"id": "A1"}, "tool_response": [{"type": "text", "text": "{}"}],
}  # fmt: skip
WAYS: dict[str, dict[str, Any]] = {
    "claude": CLAUDE,
    "codex": CLAUDE | {"turn_id": "t"},
    "opencode": CLAUDE | {"tool_name": "refunddesk_shop_get_order"},
    "copilot": {
        "sessionId": "s1", "timestamp": 1, "toolName": "refunddesk-shop_get_order", "toolArgs": '{"id":"A1"}',
        "toolResult": {"textResultForLlm": "{}"},
    },
}  # fmt: skip


def desk() -> Workflow:
    async def body(ctx: Any) -> None:
        raise AssertionError("nothing runs here")

    total = {"operations": ["shop.get_order", "bank.refund"], "secrets": ["BANK_KEY"]}
    return workflow(body, {**manifest(), "name": "refund_desk", "permissions": {"total": total}})


def told(store: MemoryStore | SqliteStore, run_id: str) -> list[tuple[str, str, Any]]:
    return [
        (kind, step, recorded(payload)) for _, _, kind, step, payload, _, _ in store.events(find_run(store, run_id))
    ]


def tell(store: MemoryStore | SqliteStore, client: str, message: Any, event: str = "") -> bool:
    return record(desk(), client, json.dumps(message).encode(), store, event)


@pytest.mark.parametrize("client", WAYS)
def test_a_call_of_each_client_is_an_event(client: str) -> None:
    store = MemoryStore()
    assert tell(store, client, WAYS[client], "postToolUse")
    (first, second) = told(store, f"{client}-s1")
    assert first[0] == "run.started" and first[2]["workflow"] == f"{desk().name}@{client}"
    assert second[:2] == ("client.called", "shop.get_order")
    assert second[2]["args"] == {"id": "A1"} and second[2]["client"] == client
    row = find_run(store, f"{client}-s1")
    for event in store.events(row):
        Draft202012Validator(event_schema(event[2])).validate(json.loads(exported(row, event)))


def test_a_client_that_runs_the_hooks_of_another_is_written_down_once() -> None:
    """Copilot also runs what `.claude/settings.json` has, with its own names."""
    store, spawned = MemoryStore(), {"tool_name": "Agent", "tool_input": {"agent_type": "refund-desk-triage"}}
    for client in ("claude", "codex", "opencode", "somebody"):
        assert not tell(store, client, WAYS["copilot"], "postToolUse")
    assert not tell(store, "claude", CLAUDE | spawned) and not tell(store, "somebody", CLAUDE | {"tool_name": ""})
    assert store.runs() == []


def test_calls_of_a_sub_agent_with_a_session_of_its_own_are_of_its_parents_run() -> None:
    store, message = MemoryStore(), WAYS["copilot"] | {"hook_event_name": "PostToolUse"}
    own = {"session_id": "s2", "agent_id": "s2", "agent_type": "refund-desk-triage", "parent_agent_id": "s1"}
    assert tell(store, "copilot", message) and tell(store, "copilot", message | own)
    assert [row.run_id for row in store.runs()] == ["copilot-s1"]
    assert len(told(store, "copilot-s1")) == 3


def test_roles_failures_and_refusals_are_events() -> None:
    store = MemoryStore()
    spawned = {"tool_name": "Agent", "tool_input": {"subagent_type": "refund-desk-triage"}, "tool_response": "ok"}
    assert tell(store, "claude", CLAUDE | spawned)
    assert tell(store, "claude", CLAUDE | {"hook_event_name": "PostToolUseFailure", "error": "no"})
    assert tell(store, "claude", CLAUDE | {"hook_event_name": "PermissionDenied"})
    kinds = [(kind, step) for kind, step, _ in told(store, "claude-s1")[1:]]
    assert kinds == [
        ("client.called", "refund-desk-triage"),
        ("client.failed", "shop.get_order"),
        ("client.denied", "shop.get_order"),
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"tool_name": "Bash", "tool_input": {"command": "cat secrets"}},
        {"tool_name": "mcp__other__shop_get_order"},
        {"tool_name": "mcp__refunddesk__shop_delete"},
        {"tool_name": "Agent", "tool_input": {"subagent_type": "general"}},
        {"hook_event_name": "Notification"},
        {"session_id": ""},
    ],
)
def test_what_is_not_the_workflows_is_nobodys_business(change: dict[str, Any]) -> None:
    store = MemoryStore()
    assert not tell(store, "claude", CLAUDE | change)
    assert store.runs() == []


def test_a_session_ends_and_may_go_on_as_another_run() -> None:
    store, end = MemoryStore(), {"session_id": "s1", "hook_event_name": "SessionEnd"}
    assert not tell(store, "claude", end) and store.runs() == []
    tell(store, "claude", CLAUDE)
    assert tell(store, "claude", end)
    tell(store, "claude", CLAUDE)
    assert [(row.run_id, row.status) for row in store.runs()] == [
        ("claude-s1", "completed"),
        ("claude-s1-2", "running"),
    ]


def test_a_session_is_no_run_of_the_package() -> None:
    store = MemoryStore()
    tell(store, "claude", CLAUDE)
    with pytest.raises(Failure, match=r"is a run of .*@claude, not of"):
        resume(desk(), "claude-s1", store)


def test_secrets_do_not_reach_the_log(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BANK_KEY", "hunter2-hunter2")
    store = SqliteStore(str(tmp_path / "runs.db"))
    tell(store, "claude", CLAUDE | {"tool_input": {"id": "hunter2-hunter2"}, "tool_response": "key=hunter2-hunter2"})
    store.close()
    assert b"hunter2" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())


def test_large_values_are_named_by_their_digest() -> None:
    store = MemoryStore()
    tell(store, "claude", CLAUDE | {"tool_response": "x" * 5000})
    assert set(told(store, "claude-s1")[1][2]["result"]) == {"sha256"}


def test_hooks_of_parallel_calls_are_all_written(tmp_path: Path) -> None:
    path = str(tmp_path / "runs.db")

    def call(number: int) -> None:
        store = SqliteStore(path)
        tell(store, "claude", CLAUDE | {"tool_input": {"id": str(number)}})
        store.close()

    threads = [threading.Thread(target=call, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store = SqliteStore(path)
    events = told(store, "claude-s1")
    assert sorted(event[2]["args"]["id"] for event in events[1:]) == [str(number) for number in range(8)]
    assert verify(store, find_run(store, "claude-s1")) is None
    store.close()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*CLAUDE, *WAYS["copilot"], "x"]), inner)
    ),
    max_leaves=8,
)


@given(st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_message_is_written_or_refused(raw: bytes) -> None:
    store = MemoryStore()
    try:
        record(desk(), "claude", raw, store, "PostToolUse")
    except Failure as failure:
        assert failure.code == "validation"
    for row in store.runs():
        assert verify(store, row) is None


@given(JSON, JSON)
def test_any_arguments_and_results_are_written(arguments: Any, result: Any) -> None:
    store = MemoryStore()
    assert tell(store, "claude", CLAUDE | {"tool_input": arguments, "tool_response": result, "session_id": "ü/ " * 50})
    (row,) = store.runs()
    assert verify(store, row) is None and row.run_id.startswith("claude-")
