"""`lattice launch` with real clients: what the doctor finds is so, and the workflow is run by the session that starts."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from agent_lattice_clients.exporting import DRIVEN
from cli.running import surroundings as packages
from clients.harness.choosing import DRIVERS, need
from clients.harness.dialogues import CASE, USE, Dialogue
from clients.harness.homes import surroundings
from clients.harness.installing import program
from clients.harness.namespaces import run_alone
from clients.harness.projects import MODELS, REFUND, project
from clients.harness.runs import Run
from clients.harness.scripts import Rule

pytestmark = pytest.mark.clients


@pytest.mark.parametrize("client", ["claude", "opencode", "copilot"])
def test_a_launch_in_a_project_that_is_trusted(client: str, tmp_path: Path) -> None:
    """Those clients that can be pointed at a model server by their environment alone, as whoever launches them does."""
    found = launched(client, tmp_path, trusted=True)
    assert found.code == 0, found.told
    assert REFUND.result in found.result(USE)
    assert not [line for line in found.err.splitlines() if line.startswith("error")], found.err


def test_a_launch_in_a_project_that_is_not(tmp_path: Path) -> None:
    found = launched("claude", tmp_path, trusted=False)
    assert found.code == 1 and not found.exchanges, found.told
    assert "error    trust" in found.err


def launched(client: str, folder: Path, *, trusted: bool) -> Run:
    """A headless launch by the command line."""
    driver = DRIVERS[client]
    need(driver)
    made = project(REFUND, driver.target, DRIVEN, folder)
    home = folder / "home"
    variables = surroundings(home) | driver.settings(home) | MODELS
    path = os.pathsep.join([str(program(driver.target).parent), variables["PATH"]])
    if trusted:
        driver.trust(home, made.folder)
    command = ["-m", "agent_lattice", "launch", client, "--headless", "--project", str(made.folder), "--", CASE]
    used = Rule(USE, calls=(Dialogue(driver, made).used,), armed=True, having=(CASE,))
    env = {**packages(), **variables, "PATH": path}
    rules = (*REFUND.rules, used)
    return Run(**run_alone([sys.executable, *command], folder, env, rules, driver.seconds))
