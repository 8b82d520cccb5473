"""Commands over copies of the examples, as their readers would give them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
SOURCES = os.pathsep.join(str(ROOT / folder) for folder in ("compiler", "runtime_min", "targets"))
WITHOUT_KEYS = {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")}
ENVIRONMENT = WITHOUT_KEYS | {"PYTHONIOENCODING": "utf-8", "PYTHONDONTWRITEBYTECODE": "1"}


def copy_of(example: str, folder: Path) -> Path:
    """The example in a folder of its own, without what runs in the original may have left."""
    leave = shutil.ignore_patterns("out", ".lattice", "ledger.jsonl", "outbox.jsonl", "queue.jsonl", "__pycache__")
    return Path(shutil.copytree(EXAMPLES / example, folder / example, ignore=leave))


def lattice(*words: str, cwd: Path, code: int = 0, **environment: str) -> str:
    """Standard output of the compiler's command; with another exit code than 0 standard error, too."""
    command = [sys.executable, "-m", "agent_lattice.cli", *words]
    return output(command, cwd, code, PYTHONPATH=SOURCES, **environment)


class Package:
    """A built package in `folder/out`; `flags` are those of the interpreter it runs under."""

    def __init__(self, folder: Path, name: str, *flags: str) -> None:
        self.folder = folder / "out"
        target = [str(self.folder / name)] if "-I" in flags else ["-m", name]
        self._command = [sys.executable, *flags, *target]

    def call(self, *words: str, code: int = 0) -> Any:
        """The JSON in the last line that a command prints on standard output, or the first of a failed one."""
        shown = output([*self._command, *words, "--json"], self.folder, code)
        return json.loads(shown.splitlines()[-1 if code == 0 else 0])

    def events(self, run: str, store: Sequence[str] = ()) -> list[dict[str, Any]]:
        """The log of a run, none before it has begun."""
        command = [*self._command, "events", run, *store, "--json"]
        done = subprocess.run(command, cwd=self.folder, env=ENVIRONMENT, capture_output=True, encoding="utf-8")
        return [json.loads(line) for line in done.stdout.splitlines()] if done.returncode == 0 else []

    def kill_when(self, run: str, step: str, store: Sequence[str], *words: str) -> None:
        """Start a command and end it with SIGKILL, as soon as the log of `run` says that `step` asks its model."""
        process = subprocess.Popen([*self._command, *words, *store, "--quiet"], cwd=self.folder, env=ENVIRONMENT)
        deadline = time.monotonic() + 30
        try:
            while not any(e["type"] == "llm.requested" and e["step"] == step for e in self.events(run, store)):
                assert process.poll() is None and time.monotonic() < deadline, f"{run} never came to {step}"
                time.sleep(0.02)
        finally:
            process.kill()
        assert process.wait() == -signal.SIGKILL


class OneFile(Package):
    """A package built as `folder/out/NAME.pyz`, run as its README says: beside its data."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self._command = [sys.executable, f"out/{name}.pyz"]


def slow(replies: Path, step: str, folder: Path) -> str:
    """A copy of scripted replies in which the model thinks for 25 s in one step; the path of the copy."""
    script = json.loads(replies.read_text(encoding="utf-8"))
    for reply in script["replies"]:
        if reply["step"] == step:
            reply["delay_ms"] = 25_000
    made = folder / "slow.json"
    made.write_text(json.dumps(script), encoding="utf-8")
    return str(made)


def done_steps(events: list[dict[str, Any]]) -> list[str]:
    """The steps that a log says are done, in order."""
    return [event["step"] for event in events if event["type"] in ("step.completed", "effect.committed")]


def output(command: list[str], cwd: Path, code: int = 0, **environment: str) -> str:
    """What a command prints, which has to end with `code`: with 0 on standard output, else on both."""
    env = ENVIRONMENT | {"PYTHONPATH": ""} | environment
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, encoding="utf-8", timeout=60)
    assert done.returncode == code, f"{command}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr
    return done.stdout if code == 0 else done.stdout + done.stderr
