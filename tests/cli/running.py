"""Calling the command line in this process and in one of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from agent_lattice.cli import main
from click.testing import CliRunner, Result

ROOT = Path(__file__).parents[2]
PROGRAM = "from agent_lattice.cli import main; main()"

HELLO = """\
/// Greet somebody.
workflow hello(name: string) -> string {
  let greeting = "hello " + name
  return greeting
}
"""

WRONG = """\
workflow hello(name: string) -> string {
  return nane
}
"""


def lattice(*words: str, input: bytes | str | None = None, env: dict[str, str] | None = None) -> Result:
    """The outcome of `lattice words…` in this process; `output` holds both streams, `stdout` and `stderr` each."""
    return CliRunner(env={"NO_COLOR": "", "FORCE_COLOR": "", **(env or {})}).invoke(main, list(words), input=input)


def process(
    *words: str, input: bytes = b"", env: dict[str, str] | None = None, program: str = PROGRAM
) -> subprocess.CompletedProcess[bytes]:
    """The outcome of `lattice words…` in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", program, *words], input=input, capture_output=True, env=surroundings(env)
    )


def surroundings(more: dict[str, str] | None = None) -> dict[str, str]:
    """An environment in which the packages are found."""
    path = os.pathsep.join(str(ROOT / name) for name in ("compiler", "runtime_min", "targets"))
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TMPDIR", "HOME") if name in os.environ}
    return {**kept, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", **(more or {})}
