"""The program `flows.py` in a folder of its own: its command line as a person or a script uses it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
WAITS = 4


class Desk:
    """`store` is given with every command of `program`. `out` and `err` are what the last command has written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = str(folder / "runs.db")
        self.program: tuple[str, ...] = (str(HERE / "flows.py"),)
        self.out = self.err = ""

    def command(self, *words: str) -> list[str]:
        return [sys.executable, *self.program, words[0], "--store", self.store, *words[1:]]

    def environment(self) -> dict[str, str]:
        roots = [str(HERE.parents[1] / root) for root in ("compiler", "runtime_min", "targets")]
        return {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(roots), "PYTHONDONTWRITEBYTECODE": "1"}

    def __call__(self, *words: str, stdin: bytes = b"") -> int:
        done = subprocess.run(
            self.command(*words), cwd=self.folder, env=self.environment(), input=stdin, capture_output=True, timeout=120
        )
        self.out, self.err = done.stdout.decode(), done.stderr.decode()
        assert "Traceback" not in self.err, self.err
        return done.returncode

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        pipe = subprocess.PIPE
        return subprocess.Popen(
            self.command(*words),
            cwd=self.folder,
            env=self.environment(),
            stdout=pipe,
            stderr=pipe,
            stdin=subprocess.DEVNULL,
        )

    def run(self, what: str, run_id: str = "r1", **more: Any) -> int:
        return self("run", "--quiet", "--run-id", run_id, "--input", json.dumps({"what": what, **more}))

    def enqueue(self, what: str, run_id: str, **more: Any) -> None:
        assert self("enqueue", "--run-id", run_id, "--input", json.dumps({"what": what, **more})) == 0, self.err

    @property
    def told(self) -> Any:
        """The one line of JSON that the last command has written."""
        return json.loads(self.out)

    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]

    def runs(self, *words: str) -> dict[str, Any]:
        assert self("runs", "--json", *words) == 0, self.err
        return {line["run_id"]: line for line in self.lines()}

    def types(self, run_id: str = "r1") -> list[str]:
        assert self("events", run_id, "--json") == 0, self.err
        return [line["type"] for line in self.lines()]

    def book(self) -> list[str]:
        path = self.folder / "book"
        return path.read_text().splitlines() if path.exists() else []

    def verified(self) -> None:
        assert self("verify") == 0, self.out


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for something that another process does."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it has not happened"
        time.sleep(0.02)
