"""The tests of all example programs hold for their scripts, and give what they give in Python."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from agent_lattice import testing
from agent_lattice.driver import compile_source, plan_of
from agent_lattice.loading import load_all, workspace
from agent_lattice.plan import Mock, Plan
from agent_lattice_clients.capabilities import features
from agent_lattice_clients.javascript.losses import losses
from agent_lattice_runtime.testing import run_test
from javascript.scripts import Client, script_test

ROOT = Path(__file__).resolve().parents[2]
_WAITING = {"wait", "signal", "approve"}
"""What a script fails at."""
FOLDERS = ("tests/workflows/*", "examples/*", "tests/targets/python")
FILES = sorted(path for folder in FOLDERS for path in ROOT.glob(f"{folder}/*.lat"))


def compiled(path: Path) -> Plan | None:
    def read(name: str) -> bytes | None:
        file = path.parent / name
        return file.read_bytes() if file.is_file() else None

    return plan_of(compile_source(path.name, path.read_bytes(), read))


def is_played(mock: Mock) -> bool:
    """Whether a sub-agent can do what a mock says: it has no turns to see, and fails in one way only."""
    sort, _, step = mock.target.partition(" ")
    return sort != "turn" and not (step and mock.failure and mock.failure[0] != "unavailable")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_tests_of_a_program(client: Client, monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    made = compiled(path)
    if made is None or not made.tests or losses(made) or _WAITING & features(made).keys():
        pytest.skip("a library, or more than a script carries")
    workflows = load_all(made)
    with workspace(made, path.parent) as folder:
        for test in made.tests:
            if not all(map(is_played, test.mocks)):
                continue
            in_script = script_test(client, made, test.workflow, folder)

            def both(workflow: Any, arguments: Any, mocks: Any, tools: str, in_script: Any = in_script) -> Any:
                tested, expected = in_script(workflow, arguments, mocks), run_test(workflow, arguments, mocks, tools)
                assert (tested.result, tested.error) == (expected.result, expected.error)
                return tested

            monkeypatch.setattr(testing, "run_test", both)
            assert testing.problems(test, workflows[test.workflow], folder) == [], test.name
