"""A built package is killed for real, again and again: the run ends as if nothing had happened, and everybody is paid once."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from agent_lattice.driver import compile_source, emit, plan_of
from agent_lattice_targets.python import TARGET
from kills.counting_bank import CountingBank

HERE = Path(__file__).parent
COUNT = 6
KILLS = int(os.environ.get("LATTICE_KILLS", "25"))
"""How many processes are killed at random times; `LATTICE_KILLS=2000` for a long look."""

EXPECTED = [f"r-a{n}" for n in range(COUNT)] + [f"r-a{n}-bonus" for n in range(COUNT)]
EXPECTED += ["Six people were paid.", "Three presents."]
ENDINGS = ("llm.completed", "step.completed", "effect.committed", "tool.rejected")
PRESENTS = 3
"""Payments that the model of an agent asks for, two of them in one turn."""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def read(name: str) -> bytes | None:
        path = HERE / name
        return path.read_bytes() if path.is_file() else None

    made = plan_of(compile_source("payroll.lat", (HERE / "payroll.lat").read_bytes(), read))
    assert made is not None
    folder = tmp_path_factory.mktemp("payroll")
    for name, text in emit(made, TARGET).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def bank() -> Iterator[CountingBank]:
    made = CountingBank()
    yield made
    made.close()


class Payroll:
    """One run of the package in a store of its own."""

    def __init__(self, package: Path, store: Path, bank: CountingBank) -> None:
        self.package = package
        self.store = store
        self.environment = os.environ | {"BANK_URL": bank.url, "PYTHONDONTWRITEBYTECODE": "1"}

    def start(self, *words: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "payroll", *words, "--store", str(self.store)]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, cwd=self.package, env=self.environment, stdout=pipe, stderr=pipe, text=True)

    def call(self, *words: str) -> str:
        process = self.start(*words)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        return out

    def begin(self) -> subprocess.Popen[str]:
        """Start the run, or go on with it when its first event is in the store."""
        if self.store.exists() and '"run.started"' in self.events():
            return self.start("resume", "r1", "--json")
        return self.start("run", "--input", json.dumps({"count": COUNT}), "--run-id", "r1", "--json")

    def events(self) -> str:
        process = self.start("events", "r1", "--json")
        return process.communicate(timeout=60)[0]


def killed_after(process: subprocess.Popen[str], seconds: float) -> str | None:
    """What the process printed, or None when it was killed before its end."""
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.communicate()
        return None
    assert process.returncode == 0, err
    return out


def check_end(payroll: Payroll, bank: CountingBank, out: str) -> None:
    assert json.loads(out)["result"] == EXPECTED
    assert len(bank.done) == 2 * COUNT + PRESENTS
    assert len({receipt["id"] for receipt in bank.done.values()}) == 2 * COUNT + PRESENTS
    ended = Counter(
        event["step"] for event in map(json.loads, payroll.events().splitlines()) if event["type"] in ENDINGS
    )
    assert ended["presents.turn[0].bank_pay[1]"] == ended["presents.turn[2]#1"] == 1
    assert set(ended.values()) == {1}, "no answer and no outcome is recorded twice"
    payroll.call("verify", "r1")
    payroll.call("replay", "r1")


def test_undisturbed(package: Path, tmp_path: Path, bank: CountingBank) -> None:
    payroll = Payroll(package, tmp_path / "runs.db", bank)
    check_end(payroll, bank, payroll.begin().communicate(timeout=60)[0])
    assert set(bank.asked.values()) == {1}


def test_killed_at_random_times(package: Path, tmp_path: Path, bank: CountingBank) -> None:
    """Each key may be asked again after a kill, but never does anything a second time, and none is lost."""
    chance, kills, rounds = random.Random(7), 0, 0
    while kills < KILLS:
        bank.done.clear()
        bank.asked.clear()
        payroll = Payroll(package, tmp_path / f"runs{rounds}.db", bank)
        rounds += 1
        started = time.monotonic()
        out = None
        while out is None:
            patience = chance.uniform(0.02, 0.35) if time.monotonic() - started < 20 else 60
            out = killed_after(payroll.begin(), patience)
            kills += out is None
        check_end(payroll, bank, out)
