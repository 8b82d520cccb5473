"""Recorded runs of the examples, for `tests/journals/VERSION`: what every later version has to be able to replay.

    python tests/record_journals.py

writes those of the version that this tree is; those of other versions are never touched. Each folder holds the sources as they were,
and a log in the form of `events --json` for every run. A run of `killed` was ended by SIGKILL while it asked a model, and resumed; one of
`taken_back` failed as a model had no answer.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
JOURNALS = ROOT / "tests/journals"
RUNS = {
    "refund": ["small", "rejected", "repaired", "escalated", "refunded", "large", "unsure"],
    "research": ["skerra"],
    "support": ["order", "unknown", "reworked", "rejected", "threat"],
    "triage": ["short"],
}
"""The inputs that are run, by example."""

DECISIONS = {"large": ["approve", "--set", "amount=600"], "unsure": ["reject", "--reason", "no"]}
"""What a person says to a run that waits, by input."""

KILLED = {"refund": ("repaired", "triage#2"), "support": ("reworked", "draft[1].review#1")}
"""An input, and the model call during which its run is killed once."""

TAKEN_BACK = {"refund": ("small", "letter")}
"""An input, and the step that gets no answer, behind one that has a compensation."""

TICKETS = 6
"""How many tickets of `triage` there are: enough for all desks, and logs stay short."""

LEFT_OUT = shutil.ignore_patterns(
    "README.md", "demo.py", "inputs", "replies", "tickets", "decisions.jsonl", "make_replies.py", "*.lat.yaml",
    "out", ".lattice", "outbox.jsonl", "queue.jsonl", "ledger.jsonl", "__pycache__", ".git*",
)  # fmt: skip
"""What a compilation does not need."""


class Recorder:
    """Runs the compiler of the tree at `root` in a copy of an example."""

    def __init__(self, root: Path, example: str, folder: Path) -> None:
        self.root, self.example = root, example
        self.folder = Path(shutil.copytree(root / "examples" / example, folder / example))
        sources = os.pathsep.join(str(root / part) for part in ("compiler", "runtime_min", "targets"))
        self._environment = os.environ | {"PYTHONPATH": sources, "PYTHONIOENCODING": "utf-8"}
        if example == "triage":
            for ticket in sorted((self.folder / "tickets").iterdir())[TICKETS:]:
                ticket.unlink()

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "agent_lattice.cli", *words]

    def said(self, *words: str) -> str:
        """Standard output of a command; a run that fails or waits is one to keep, too."""
        done = subprocess.run(
            self.command(*words), cwd=self.folder, env=self._environment, capture_output=True, encoding="utf-8"
        )
        if done.returncode not in (0, 1, 4):
            raise SystemExit(f"{self.example}: {' '.join(words)}: {done.stderr}")
        return done.stdout

    def run(self, case: str, name: str) -> str:
        """The log of a run that nobody disturbs."""
        source = f"{self.example}.lat"
        self.said("run", source, *self._given(case), "--run-id", name, "--store", "runs.db")
        if case in DECISIONS:
            decision, *words = DECISIONS[case]
            self.said(decision, source, name, *words, "--by", "ann", "--store", "runs.db")
            self.said("resume", source, name, *self._given(case)[2:], "--store", "runs.db")
        return self._log(name)

    def taken_back(self, case: str, step: str) -> str:
        """The log of a run that fails in a step, because no model answers there."""
        script = json.loads((self.folder / f"replies/{case}.json").read_text(encoding="utf-8"))
        script["replies"] = [reply for reply in script["replies"] if reply["step"] != step]
        (self.folder / "cut.json").write_text(json.dumps(script), encoding="utf-8")
        words = ["--input", f"inputs/{case}.json", "--scripted", "cut.json", "--run-id", "taken_back"]
        self.said("run", f"{self.example}.lat", *words, "--store", "runs.db")
        return self._log("taken_back")

    def killed(self, case: str, step: str) -> str:
        """The log of a run that was killed in a step, and resumed."""
        script = json.loads((self.folder / f"replies/{case}.json").read_text(encoding="utf-8"))
        for reply in script["replies"]:
            reply["delay_ms"] = 400
        (self.folder / "slow.json").write_text(json.dumps(script), encoding="utf-8")
        words = ["run", f"{self.example}.lat", "--input", f"inputs/{case}.json", "--scripted", "slow.json"]
        process = subprocess.Popen(
            self.command(*words, "--run-id", "killed", "--store", "runs.db"), cwd=self.folder, env=self._environment
        )
        while not any(json.loads(line)["step"] == step for line in self._log("killed").splitlines()):
            if process.poll() is not None:
                raise SystemExit(f"{self.example}: the run ended before {step}")
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
        replies = ["--scripted", f"replies/{case}.json"]
        self.said("resume", f"{self.example}.lat", "killed", *replies, "--store", "runs.db")
        return self._log("killed")

    def _log(self, name: str) -> str:
        done = subprocess.run(
            self.command("events", name, "--store", "runs.db", "--json"),
            cwd=self.folder, env=self._environment, capture_output=True, encoding="utf-8",
        )  # fmt: skip
        return done.stdout if done.returncode == 0 else ""

    def _given(self, case: str) -> list[str]:
        replies = self.folder / f"replies/{case}.json"
        scripted = ["--scripted", f"replies/{case}.json"] if replies.exists() else []
        return ["--input", f"inputs/{case}.json", *scripted]


def version(root: Path) -> str:
    """The version of a tree, and of the events that it writes."""
    code = "import agent_lattice, agent_lattice_runtime.run as run; print(f'{agent_lattice.__version__}-events-{run.FORMAT}')"
    sources = os.pathsep.join(str(root / part) for part in ("compiler", "runtime_min", "targets"))
    return subprocess.check_output(
        [sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": sources}, text=True
    ).strip()


def record(root: Path) -> None:
    """Write the folder of the version that the tree at `root` is."""
    place = JOURNALS / version(root)
    shutil.rmtree(place, ignore_errors=True)
    for example, cases in RUNS.items():
        with tempfile.TemporaryDirectory() as temporary:
            recorder = Recorder(root, example, Path(temporary))
            shutil.copytree(root / "examples" / example, place / example, ignore=LEFT_OUT)
            for case in cases:
                (place / example / f"{case}.jsonl").write_text(recorder.run(case, case), encoding="utf-8")
            if example in KILLED:
                (place / example / "killed.jsonl").write_text(recorder.killed(*KILLED[example]), encoding="utf-8")
            if example in TAKEN_BACK:
                log = recorder.taken_back(*TAKEN_BACK[example])
                (place / example / "taken_back.jsonl").write_text(log, encoding="utf-8")


if __name__ == "__main__":
    record(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else ROOT)
