"""The proofs themselves: a project with a fault in it does not pass them. Each fault is one that clients accept without a word."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from clients.harness.choosing import DRIVERS, need, wanted
from clients.harness.dialogues import Dialogue
from clients.harness.projects import REFUND, project
from clients.harness.proofs import prove_beside, prove_launched

pytestmark = [pytest.mark.clients, pytest.mark.skipif(not wanted(), reason="only where all examples are tried")]
CLAUDE = DRIVERS["claude"]


class Failed:
    """Takes the place of pytest's subtests: remembers which proofs fail."""

    def __init__(self) -> None:
        self.names: list[str] = []

    @contextmanager
    def test(self, msg: str) -> Iterator[None]:
        try:
            yield
        except AssertionError:
            self.names.append(msg)


def edit(path: str, change: Callable[[str], str]) -> Callable[[Path], None]:
    def done(folder: Path) -> None:
        file = folder / path
        text = file.read_text("utf-8")
        assert change(text) != text
        file.write_text(change(text), "utf-8")

    return done


FAULTS = {
    "a server that cannot start": (
        edit(".mcp.json", lambda text: text.replace("python3 .lattice", "python3 .lettuce")),
        "exactly the tools of the workflow are offered",
    ),
    "instructions in a place of which no client knows": (
        lambda folder: (folder / "AGENTS.md").rename(folder / "AGENTS.txt"),
        "the section of AGENTS.md is sent to the model",
    ),
    "a role that may do as much as the session": (
        edit(".claude/agents/refund-triage.md", lambda text: re.sub(r"\ntools: .*", "", text)),
        "refund-triage: use: it may not do more than its own",
    ),
    "a role without a name": (
        edit(".claude/agents/refund-letter.md", lambda text: re.sub(r"\nname: .*", "", text)),
        "refund-letter: a sub-agent with its own instructions and model",
    ),
    "a session that has every tool": (
        edit(".claude/agents/refund.md", lambda text: re.sub(r"\ntools: .*", "", text)),
        "exactly the tools of the workflow are offered",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found(fault: str, tmp_path: Path) -> None:
    need(CLAUDE)
    plant, proof = FAULTS[fault]
    dialogue = Dialogue(CLAUDE, project(REFUND, CLAUDE.target, "instructed", tmp_path))
    plant(dialogue.project.folder)
    failed = Failed()
    prove_launched(failed, dialogue, dialogue.launched())
    assert proof in failed.names


def test_a_permission_too_many_is_found(tmp_path: Path) -> None:
    need(CLAUDE)
    dialogue = Dialogue(CLAUDE, project(REFUND, CLAUDE.target, "instructed", tmp_path))
    widen = edit(
        ".claude/skills/refund/SKILL.md", lambda text: text.replace("allowed-tools: ", "allowed-tools: Bash, ")
    )
    widen(dialogue.project.folder)
    failed = Failed()
    prove_beside(failed, dialogue, dialogue.beside())
    assert "nothing was done that is outside the manifest" in failed.names
