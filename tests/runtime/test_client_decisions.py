"""What a coding agent is answered that asks at a hook: roles call what is theirs, nobody else the workflow's; the rest is not ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from agent_lattice_runtime.cli import main
from agent_lattice_runtime.client_decisions import answer, checked, decision
from agent_lattice_runtime.errors import Failure
from hypothesis import given
from hypothesis import strategies as st

from .test_client_hooks import desk

CALLS = {
    "server": "mcp__desk__",
    "session": ["mcp__desk__shop_get", "mcp__desk__bank_pay"],
    "roles": {"desk-reader": ["mcp__desk__shop_get"], "desk-writer": []},
}
WHO = [None, "desk-reader", "desk-writer", "worker", ""]
TOOLS = ["mcp__desk__shop_get", "mcp__desk__bank_pay", "mcp__desk__other", "mcp__desk2__x", "apply_patch", ""]


def asked(event: str, who: str | None, tool: str) -> dict[str, Any]:
    by = {} if who is None else {"agent_id": "1", "agent_type": who}
    return {"hook_event_name": event, "session_id": "s", "tool_name": tool, "tool_input": {}, **by}


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("tool", TOOLS)
def test_the_answer_is_the_decision(who: str | None, tool: str) -> None:
    own = {None: CALLS["session"], "desk-reader": [TOOLS[0]]}.get(who, [])
    ours = tool.startswith("mcp__desk__") or (who or "").startswith("desk-")
    expected = "allow" if tool in own else "deny" if ours else ""
    assert decision(CALLS, who, tool) == expected
    before, permission = (answer(CALLS, asked(event, who, tool)) for event in ("PreToolUse", "PermissionRequest"))
    said = (before or {}).get("hookSpecificOutput", {})
    assert said.get("permissionDecision") == ("deny" if expected == "deny" else None)
    said = (permission or {}).get("hookSpecificOutput", {})
    assert said.get("decision", {}).get("behavior", "") == expected
    assert ("message" in said.get("decision", {})) == (expected == "deny")


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("tool", TOOLS)
def test_an_answer_in_words_of_its_own(who: str | None, tool: str) -> None:
    """As Copilot asks and is answered."""
    by = {} if who is None else {"agent_id": "1", "agent_type": who, "parent_agent_id": "s"}
    said = answer(CALLS, {"hookName": "permissionRequest", "sessionId": "s", "toolName": tool, "toolInput": {}, **by})
    expected = decision(CALLS, who, tool)
    assert (said or {}).get("behavior", "") == expected
    assert set(said or {}) == {"": set(), "allow": {"behavior"}, "deny": {"behavior", "message"}}[expected]


@pytest.mark.parametrize(
    "message", [{}, {"hook_event_name": "Stop"}, {"hook_event_name": "PreToolUse"}, {"hook_event_name": "PreToolUse", "tool_name": 1}]
)  # fmt: skip
def test_what_is_no_question_is_not_answered(message: dict[str, Any]) -> None:
    with pytest.raises(Failure, match="does not ask about a call"):
        answer(CALLS, message)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(list(CALLS)), inner),
)


@given(JSON, st.sampled_from(WHO), st.sampled_from(TOOLS))
def test_any_file_either_answers_or_is_refused(value: Any, who: str | None, tool: str) -> None:
    try:
        calls = checked(value)
    except Failure:
        return
    assert decision(calls, who, tool) in ("allow", "deny", "")


def _told(raw: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    import io
    import sys

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))


def test_the_command_prints_what_the_client_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "calls.json"
    file.write_text(json.dumps(CALLS))
    _told(json.dumps(asked("PreToolUse", "desk-writer", "apply_patch")).encode(), monkeypatch)
    assert main(desk(), ["decide", str(file)]) == 0
    said = json.loads(capsys.readouterr().out)["hookSpecificOutput"]
    assert said["hookEventName"] == "PreToolUse" and said["permissionDecision"] == "deny"
    _told(json.dumps(asked("PreToolUse", None, "apply_patch")).encode(), monkeypatch)
    assert main(desk(), ["decide", str(file)]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("raw", [b"", b"\xff", b"[]", b"{", b'{"hook_event_name": 1}', b"[" * 100_000])
def test_what_cannot_be_read_is_refused_with_2(
    raw: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "calls.json"
    file.write_text(json.dumps(CALLS))
    _told(raw, monkeypatch)
    assert main(desk(), ["decide", str(file)]) == 2
    assert capsys.readouterr().out == ""
    file.write_bytes(raw)
    _told(json.dumps(asked("PreToolUse", None, "x")).encode(), monkeypatch)
    assert main(desk(), ["decide", str(file)]) == 2
    assert main(desk(), ["decide", str(tmp_path / "none.json")]) == 2
