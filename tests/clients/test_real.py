"""The real clients in a namespace without a network, against a model that says what a script says: what is built works, and what is not
granted does not."""

from __future__ import annotations

from pathlib import Path

import pytest
from clients.harness.choosing import DRIVERS, need, ways
from clients.harness.dialogues import Dialogue
from clients.harness.projects import Example, project
from clients.harness.proofs import prove_beside, prove_launched

pytestmark = pytest.mark.clients
WAYS = pytest.mark.parametrize(("client", "mode", "example"), ways(), ids=str)


@pytest.fixture
def dialogue(client: str, mode: str, example: Example, tmp_path: Path) -> Dialogue:
    driver = DRIVERS[client]
    need(driver)
    return Dialogue(driver, project(example, driver.target, mode, tmp_path))


@WAYS
def test_a_session_that_is_launched_in_the_workflow(dialogue: Dialogue, subtests: pytest.Subtests) -> None:
    prove_launched(subtests, dialogue, dialogue.launched())


@WAYS
def test_any_other_session_in_the_project(dialogue: Dialogue, subtests: pytest.Subtests) -> None:
    prove_beside(subtests, dialogue, dialogue.beside())
