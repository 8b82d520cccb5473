"""Agents on the command line: drawn, reviewed, run with scripted turns, shown, replayed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli.running import lattice

SOURCE = """
model fast = anthropic("claude-haiku-4-5")
tool docs = python("docs_tools") {
  op search(query: string) -> list<string> { effect: read }
  op keep(text: string) -> bool { effect: write, idempotent_by: text }
  op drop(text: string) -> bool { effect: write, on_doubt: fail }
}
agent reader(question: string) -> string {
  model fast
  tools docs.search, docs.keep
  prompt "{{ question }}"
  max_turns 3
}
workflow answer(question: string) -> string {
  found = run reader(question: question)
  return found
}
"""
REPLIES = [
    {
        "step": "found.turn[0]",
        "calls": [
            {"tool": "docs_search", "arguments": {"query": "a"}},
            {"tool": "docs_keep", "arguments": {"text": "b"}},
            {"tool": "docs_drop", "arguments": {"text": "c"}},
        ],
        "usage": {"input_tokens": 10, "output_tokens": 2},
    },
    {"step": "found.turn[1]", "text": "It is so."},
]


@pytest.fixture
def reader(here: Path) -> Path:
    (here / "answer.lat").write_text(SOURCE)
    (here / "docs_tools.py").write_text(
        "def search(query):\n    return [query]\n\n\ndef keep(text):\n    return True\n\n\n"
        "def drop(text):\n    raise AssertionError\n"
    )
    (here / "replies.json").write_text(json.dumps({"replies": REPLIES}))
    return here


def test_it_is_drawn_as_one_node(reader: Path) -> None:
    for form, shape in (("mermaid", "run reader"), ("dot", "doubleoctagon"), ("json", '"sort": "run"')):
        ran = lattice("graph", "answer.lat", "--format", form)
        assert ran.exit_code == 0, ran.output
        assert shape in ran.stdout


def test_what_each_of_its_steps_may_touch(reader: Path) -> None:
    steps = json.loads(lattice("permissions", "answer.lat", "--json").stdout)["steps"]
    assert list(steps) == ["found.turn", "found.turn.docs_keep", "found.turn.docs_search"]
    assert steps["found.turn"]["hosts"] == ["api.anthropic.com"]
    assert steps["found.turn.docs_keep"]["operations"] == ["docs.keep"]
    assert steps["found.turn.docs_keep"]["hosts"] == []


def test_it_runs_and_its_log_is_shown_and_followed(reader: Path) -> None:
    given = ("--input", '{"question": "why"}', "--scripted", "replies.json", "--run-id", "r1")
    ran = lattice("run", "answer.lat", *given)
    assert (ran.exit_code, ran.stdout) == (0, '"It is so."\n'), ran.output
    assert "found.turn[0].call[2]  docs_drop is not called: there is no tool of this name" in ran.stderr
    events = [json.loads(line) for line in lattice("events", "r1", "--json").stdout.splitlines()]
    assert {event["step"] for event in events if event["type"].startswith("effect.")} == {"found.turn[0].docs_keep[1]"}
    assert "found.turn[0].docs_search[0]" in lattice("events", "r1").stdout
    assert lattice("replay", "answer.lat", "r1").exit_code == 0
    assert lattice("verify", "r1").exit_code == 0
    (reader / "answer.lat").write_text(SOURCE.replace("docs.search, docs.keep", "docs.search"))
    ran = lattice("replay", "answer.lat", "r1")
    assert ran.exit_code == 1
    assert "found.turn[0]#1" in ran.output
