"""Runs a command where there is no network but loopback, beside a model server, and ends every process that it has started."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from clients.harness.scripts import Rule, as_data

TESTS = Path(__file__).parents[2]
PORT = 8377
"""The namespace is empty, so every run has its model server at the same place."""
BASE = f"http://127.0.0.1:{PORT}"
_GRACE = 30.0
"""Seconds beyond a run's own limit until its namespace is ended from outside."""


def alone(command: Sequence[str]) -> list[str]:
    """A command line that gives a command namespaces of its own: no network, and no process that outlives the first."""
    root = [] if os.geteuid() == 0 else ["--map-root-user"]
    return ["unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", *root, "--", *command]


@cache
def why_not() -> str | None:
    """Why clients cannot be run here as the tests do; None if they can."""
    for program in ("unshare", "ip", "git"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    tried = subprocess.run(alone(["ip", "link", "set", "lo", "up"]), capture_output=True, text=True, timeout=30)
    return None if tried.returncode == 0 else f"no network namespace: {tried.stderr.strip()}"


def run_alone(
    command: Sequence[str], cwd: Path, env: Mapping[str, str], rules: tuple[Rule, ...], seconds: float
) -> dict[str, Any]:
    """Run a command beside a model server at `BASE` that follows `rules`, for at most `seconds`. Gives its `code` (None if it was
    ended for its time), `out`, `err` and the server's `exchanges`."""
    job = {"command": list(command), "cwd": str(cwd), "env": dict(env), "rules": as_data(rules), "seconds": seconds}
    inside = [sys.executable, "-m", "clients.harness.inside"]
    started = subprocess.run(
        alone(inside),
        input=json.dumps(job),
        capture_output=True,
        text=True,
        timeout=seconds + _GRACE,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(TESTS), "PYTHONDONTWRITEBYTECODE": "1"},
    )
    if started.returncode:
        raise RuntimeError(f"the namespace ended with {started.returncode}: {started.stderr}")
    found: dict[str, Any] = json.loads(started.stdout)
    return found
