"""The program of a client: where it is, and which version."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

from .findings import BAD, GOOD, ODD, Finding

if TYPE_CHECKING:
    from agent_lattice_clients.target import ClientTarget

PATIENCE = 30.0
"""Seconds until a program must have told its version."""


def located(target: ClientTarget) -> str | None:
    """The path of the client's program, by PATH."""
    return shutil.which(target.program)


def look_at_program(target: ClientTarget) -> Finding:
    """Whether it can be started, in a version that was tried."""
    path, package = located(target), target.frozen["client"]["package"]
    if path is None:
        return Finding(target.program, BAD, f"is not on PATH: {target.title} is the package {package}")
    found, tried = version(path), ", ".join(target.frozen["client"]["tried"])
    if found is None:
        return Finding(target.program, ODD, f"does not tell its version; the target was tried with {tried}")
    if found not in target.frozen["client"]["tried"]:
        return Finding(target.program, ODD, f"{found}; the target was tried with {tried}")
    return Finding(target.program, GOOD, f"{found}, with which the target was tried")


def version(path: str) -> str | None:
    """The first thing like a version in what a program prints when it is asked for that."""
    try:
        done = subprocess.run(
            [path, "--version"], stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    said = re.search(rb"(?<![\w.])\d+\.\d+\.\d+(?:-[0-9A-Za-z.]+)?", done.stdout)
    return said[0].decode("ascii").rstrip(".") if said and done.returncode == 0 else None
