"""Any program of steps that write, wait, ask, are tried again, limited and taken back: what formatting, documents, packages and simulated
worlds make of it."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest
from agent_lattice.simulating.scenarios import subject_of
from agent_lattice.simulating.simulation import simulated
from agent_lattice_targets.python.memory import load_all
from documents.turning import FORMATS, back, document, laid_out
from hypothesis import given, settings
from hypothesis import strategies as st
from targets.python.programs import write
from travel.random_edits import HEAD, program, text_of
from travel.recording import FILES, TOOLS, planned

BUDGETS = ("calls: 3", "tokens: 900", "time: 1h", "tokens: 5_000, calls: 40, time: 20d")


def durable(chance: random.Random) -> str:
    """The source of a random program; its writes and questions have clauses, and it may have a budget."""
    lines = text_of(program(chance)).split("\n")
    made = [_with_clauses(line, chance) for line in lines]
    if chance.random() < 0.5:
        made.insert(made.index(HEAD) + 1, f"  budget {{ {chance.choice(BUDGETS)} }}")
    return "\n".join(made)


def _with_clauses(line: str, chance: random.Random) -> str:
    name = line.partition("=")[0].strip()
    if " = t.pay(" in line:
        clauses = [
            chance.choice(("retry 2", "retry 3 backoff 1s..10m on timeout, unavailable, conflict")),
            "timeout 30s",
            f'compensate t.pay(key: {name} + "-", amount: n){chance.choice(("", " { retry 4 backoff 1s..2m }"))}',
        ]
        return f"{line} {{ {' '.join(clause for clause in clauses if chance.random() < 0.6)} }}"
    if " = call " in line and chance.random() < 0.4:
        return f"{line} {{ timeout 2d }}"
    return line.replace("repair 1 }", "repair 1 timeout 40s }") if chance.random() < 0.4 else line


SEEDS = st.integers(0, 2**32)


@settings(max_examples=40)
@given(SEEDS)
def test_layout_and_documents_change_no_plan(seed: int) -> None:
    text = durable(random.Random(seed))
    digest = planned(text).digest
    whole = TOOLS + text
    neat = laid_out(whole)
    assert laid_out(neat) == neat
    for again in (neat, *(back(document(whole, form), form) for form in FORMATS)):
        body = again.partition("workflow ")
        assert planned(body[1] + body[2]).digest == digest, again


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("tools")
    (folder / "t_tools.py").write_text(FILES["t_tools.py"])
    return folder.as_posix()


@settings(max_examples=12)
@given(seed=SEEDS)
def test_any_world_keeps_the_laws(tools: str, seed: int) -> None:
    """Where items or branches write under one key side by side, of which the compiler warns, order does matter."""
    text = durable(random.Random(seed))
    made = planned(text)
    summary = simulated(subject_of(made, "main", load_all(made)["main"], tools), 20, seed % 1000)
    broken = {broken.law for broken in summary.broken}
    assert broken <= ({"order and crashes change nothing"} if "parallel" in text and "t.pay" in text else set()), text


def test_packages_are_neat_and_typed(tmp_path: Path) -> None:
    for seed in range(3):
        folder = write(tmp_path / str(seed), planned(durable(random.Random(seed))))
        for words in (
            ("ruff", "format", "--check", "--no-cache", "."),
            ("ruff", "check", "--no-cache", "--select", "E,F,I,UP,B", "."),
            ("mypy", "--strict", f"--cache-dir={tmp_path / 'mypy'}", "main"),
        ):
            done = subprocess.run([sys.executable, "-m", *words], cwd=folder, capture_output=True, text=True)
            assert done.returncode == 0, done.stdout + done.stderr
