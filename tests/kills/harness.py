"""Runs of built packages as processes that are killed, started again, and compared with an undisturbed run."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent_lattice_runtime.stores.sqlite import SqliteStore
from agent_lattice_runtime.verify import verify
from examples.using import ENVIRONMENT
from kills.counting_bank import CountingBank
from kills.subjects import Package

if TYPE_CHECKING:
    from agent_lattice_runtime.journal import EventRow

DYING = Path(__file__).parent / "dying.py"
RUN = "r1"
LIMIT = 120.0  # seconds that a process may take at most
WAITS = 4  # the exit code of a run that waits
ENDINGS = (
    "llm.completed",
    "step.completed",
    "effect.committed",
    "tool.rejected",
    "approval.decided",
    "compensation.completed",
)


@dataclass(frozen=True)
class Ended:
    """What a run has come to: its result or failure, and what the world has of it."""

    outcome: dict[str, Any]
    books: list[str]
    steps: Counter[tuple[str, str]]


class Killed:
    """One run of a package in a folder of its own: `kills` counts the processes that were killed in it."""

    def __init__(self, package: Package, folder: Path, bank: CountingBank) -> None:
        self.package = package
        self.folder = folder
        self.bank = bank
        self.kills = 0
        self._store = folder / "runs.db"
        self._answers = list(package.subject.answers)
        folder.mkdir(parents=True)
        for data in package.folder.iterdir():
            if data.is_dir() and data.name not in ("out", "__pycache__"):
                shutil.copytree(data, folder / data.name)

    def command(self) -> list[str]:
        """The words that go on with the run: `run`, what people have to say while it waits, or `resume`."""
        status = self._status()
        if status == "waiting" and self._answers:
            name, *more = self._answers[0]
            return [name, RUN, *more]
        if status == "waiting":
            return ["resume", RUN, *self.package.given()[2:], "--json"]
        return ["run", *self.package.given(), "--run-id", RUN, "--json"]

    def killed_at(self, at: int, position: str) -> subprocess.CompletedProcess[str] | None:
        """Go on, and be killed at a commit; what the process said when it had come to its end before that."""
        return self._go_on([sys.executable, str(DYING), self.package.name, str(at), position], LIMIT)

    def killed_after(self, seconds: float) -> subprocess.CompletedProcess[str] | None:
        """Go on, and be killed after that time."""
        return self._go_on([sys.executable, "-m", self.package.name], seconds)

    def finished(self) -> Ended:
        """Go on to the end undisturbed, and look at what there is."""
        for _ in range(100):
            done = self.killed_after(LIMIT)
            assert done is not None, "the run does not come to its end"
            if self.is_over(done):
                return self._looked_at(json.loads(done.stdout.splitlines()[-1]))
        raise AssertionError("the run waits for ever")

    def is_over(self, done: subprocess.CompletedProcess[str]) -> bool:
        """Whether that was the last command of the run: it has an outcome."""
        return done.args[-1] == "--json" and done.returncode != WAITS

    def _go_on(self, program: list[str], seconds: float) -> subprocess.CompletedProcess[str] | None:
        words = self.command()
        process = self.started(program, words)
        try:
            out, err = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()  # it may have come to its end just now
        if process.returncode == -signal.SIGKILL:
            self.kills += 1
            return None
        expected = (0, WAITS, 1 if self.package.subject.fails else 0)
        assert process.returncode in expected, f"{words}: exit {process.returncode}\n{out}\n{err}"
        assert "Traceback" not in err
        if words[-1] != "--json":
            self._answers.pop(0)
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def started(self, program: list[str], words: list[str]) -> subprocess.Popen[str]:
        """The process of a command, in the folder of the run."""
        environment = ENVIRONMENT | {"PYTHONPATH": str(self.package.folder / "out"), "BANK_URL": self.bank.url}
        command = [*program, *words, "--store", str(self._store)]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, cwd=self.folder, env=environment, stdout=pipe, stderr=pipe, encoding="utf-8")

    def _status(self) -> str:
        """How the run stands, "" before it has begun. Opening the store is what every next process does, too."""
        if not self._store.exists():
            return ""
        store = SqliteStore(str(self._store))
        try:
            row = store.find(RUN)
            return "" if row is None else row.status
        finally:
            store.close()

    def _looked_at(self, outcome: dict[str, Any]) -> Ended:
        store = SqliteStore(str(self._store))
        row = store.find(RUN)
        assert row is not None
        assert verify(store, row) is None, "the chain is whole"
        events = list(store.events(row))
        store.close()
        replayed = self.started([sys.executable, "-m", self.package.name], ["replay", RUN, "--json"])
        out, err = replayed.communicate(timeout=LIMIT)
        assert replayed.returncode == 0, f"{out}\n{err}"
        ended = [(event[2], event[3]) for event in events if event[2] in ENDINGS]
        ended += [("effect.committed", event[3]) for event in events if _has_happened(event)]
        # whether a write happened is asked only after a kill, and it may be a second try that is committed
        steps = Counter((kind, _untried(kind, step)) for kind, step in ended if not step.endswith(".verify"))
        assert set(steps.values()) <= {1}, "no outcome is recorded twice"
        return Ended(outcome, self._books(), steps)

    def _books(self) -> list[str]:
        """What the world has been told to do: the bank's transfers, and the lines that tools have written. A line that was
        cut off by a kill is none."""
        lines = [json.dumps(transfer, sort_keys=True) for transfer in self.bank.transfers()]
        for file in sorted(self.folder.glob("*.jsonl")):
            lines += [line for line in file.read_text(encoding="utf-8").splitlines() if _is_json(line)]
        return sorted(lines)


def _has_happened(event: EventRow) -> bool:
    """Whether an event says of a write whose outcome was lost that it was made."""
    return event[2] == "effect.verified" and bool(json.loads(event[4])["done"])


def _untried(kind: str, step: str) -> str:
    return step.partition("#")[0] if kind == "effect.committed" else step


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def _in_any_order(outcome: dict[str, Any]) -> dict[str, Any]:
    """Branches are taken back in the reverse order of their ends, which a kill may change."""
    if "compensations" not in outcome:
        return outcome
    return outcome | {"compensations": {**outcome["compensations"], "done": sorted(outcome["compensations"]["done"])}}


def same_end(disturbed: Ended, undisturbed: Ended) -> None:
    """A run that was killed has the same outcome, the same books and the same recorded outcomes of steps."""
    assert _in_any_order(disturbed.outcome) == _in_any_order(undisturbed.outcome), disturbed.outcome
    assert disturbed.books == undisturbed.books, "no effect is lost, none is there twice"
    more, less = disturbed.steps - undisturbed.steps, undisturbed.steps - disturbed.steps
    assert not more and not less, f"more: {list(more)}, less: {list(less)}"
