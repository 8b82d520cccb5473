"""Copilot CLI beside the proofs of every client: its own agents are no way out of the workflow, and a session is written down once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from agent_lattice_clients.exporting import INSTRUCTED
from agent_lattice_targets.claude import TARGET as CLAUDE
from clients.harness.choosing import DRIVERS, need
from clients.harness.dialogues import CASE, DONE, USE
from clients.harness.projects import CI, REFUND, Example, Project, project
from clients.harness.runs import Run, run
from clients.harness.scripts import Call, Rule

pytestmark = pytest.mark.clients
COPILOT = DRIVERS["copilot"]
OWN = "general-purpose"
"""An agent of the client's own, which has all of its tools."""


@pytest.mark.parametrize("example", CI, ids=str)
def test_agents_of_the_clients_own_are_no_way_out(example: Example, tmp_path: Path, subtests: pytest.Subtests) -> None:
    need(COPILOT)
    made = project(example, COPILOT.target, INSTRUCTED, tmp_path)
    found = launched(made, (*delegation(OWN), *attempts(made)))
    with subtests.test("such an agent has no tools but the session's"):
        own = {COPILOT.offered(COPILOT.call(made.export.server, tool.name)) for tool in made.export.tools}
        assert own <= set(found.answered(USE)[0]["tools"]) <= own | COPILOT.unavoidable
    with subtests.test("the hook refuses it the operations, even those that change nothing"):
        assert "Permission denied by a PermissionRequest hook" in found.result(USE)
    for name in ("read", "change", "shell"):
        with subtests.test(f"{name}: there is no such tool"):
            assert "does not exist" in found.result(name)
    assert DONE in found.result("delegate") and not made.touched


def test_a_session_is_written_down_once(tmp_path: Path, subtests: pytest.Subtests) -> None:
    """In a project that has the files of Claude Code as well, whose hooks this client runs, too."""
    need(COPILOT)
    made = project(REFUND, COPILOT.target, INSTRUCTED, tmp_path)
    for path, text in CLAUDE.emit(made.plan, INSTRUCTED).items():
        (made.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (made.folder / path).write_text(text, "utf-8")
    role = next(iter(made.export.roles)).id
    call = Rule(
        USE, calls=(COPILOT.call(made.export.server, "shop_get_order", id="A1001"),), having=(CASE,), armed=True
    )
    found = launched(made, (call, *delegation(role), Rule("answers", DONE, having=("a part",), lacking=(CASE,))))
    with subtests.test("operations and roles work as without them"):
        assert REFUND.brought in found.result(USE) and DONE in found.result("delegate")
    with subtests.test("one run, from its beginning to its end"):
        (row,) = asked(made, "runs")
        assert row["workflow"] == "refund@copilot" and row["status"] == "completed"
        events = [(event["type"], event["step"]) for event in asked(made, "events", row["run_id"])]
        assert events == [
            ("run.started", ""),
            ("client.called", "shop.get_order"),
            ("client.called", role),
            ("run.completed", ""),
        ]


def launched(made: Project, rules: tuple[Rule, ...]) -> Run:
    command = COPILOT.target.launch(made.export.slug, (CASE,), mode=INSTRUCTED, headless=True)
    return run(COPILOT, made.folder, COPILOT.words(command.words[1:]), rules)


def delegation(agent: str) -> Iterator[Rule]:
    ((call, _),) = COPILOT.delegate(agent, "a part")
    yield Rule("delegate", calls=(call,), having=(CASE,), armed=True)


def attempts(made: Project) -> Iterator[Rule]:
    """What the agent tries: an operation, and the client's own means to read, to change and to run something."""
    example, file = made.example, made.folder / ".mcp.json"
    operation = COPILOT.call(made.export.server, example.operation.replace(".", "_"), **example.given)
    patch = f"*** Begin Patch\n*** Delete File: {file}\n*** End Patch\n"
    tries = {USE: operation, "read": Call("view", {"path": str(file)}), "shell": COPILOT.shell}
    tries["change"] = Call("apply_patch", {"input": patch})
    for name, call in tries.items():
        yield Rule(name, calls=(call,), having=("a part",), lacking=(CASE,))
    yield Rule("answers", DONE, having=("a part",), lacking=(CASE,))


def asked(made: Project, *words: str) -> list[dict[str, Any]]:
    """What the package in the project says of its log, line by line."""
    command = [sys.executable, f".lattice/{made.plan.name}", *words, "--json"]
    env = {"PATH": os.environ["PATH"]}
    done = subprocess.run(command, cwd=made.folder, env=env, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]
