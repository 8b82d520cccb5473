"""Pages that show what to type, as their readers use them: every command in its place and order, and what it says."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

from examples.using import ENVIRONMENT, ROOT, SOURCES, copy_of, lattice

FILES = re.compile(r"^```\w+ (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OTHERWISE = re.compile(r"  \d+ ms$|\d{4}-\d\d-\d\dT[\d:.]+Z|\b[0-9a-f]{64}\b")
"""What is different in every run: times and digests."""
PROGRAMS = {"lattice": ["-m", "agent_lattice.cli"], "python": []}


def test_the_tour(tmp_path: Path) -> None:
    page = (ROOT / "docs/tour.md").read_text(encoding="utf-8")
    for name, text in FILES.findall(page):
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert _tried(page, tmp_path) > 15


def test_people(tmp_path: Path) -> None:
    folder = copy_of("refund", tmp_path)
    lattice("build", "refund.lat", "-o", "out", "--no-lock", cwd=folder)
    assert _tried((ROOT / "docs/people.md").read_text(encoding="utf-8"), folder / "out") == 4


def _tried(page: str, folder: Path) -> int:
    """How many commands a page has. What it shows is said, in that order; where it shows `…`, more may be said."""
    commands = [command for block in CONSOLE.findall(page) for command in block.removeprefix("$ ").split("\n$ ")]
    for command in commands:
        words, *shown = command.splitlines()
        said = iter(_lines(words, folder))
        assert [line for line in shown if line != "…" and _masked(line) not in said] == [], words
    return len(commands)


def _lines(words: str, folder: Path) -> list[str]:
    """What a command says on both streams, which its reader sees as one."""
    program, *rest = shlex.split(words)
    done = subprocess.run(
        [sys.executable, *PROGRAMS[program], *rest],
        cwd=folder,
        env=ENVIRONMENT | {"PYTHONPATH": SOURCES if program == "lattice" else ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=60,
    )
    assert "Traceback" not in done.stdout
    return [_masked(line) for line in done.stdout.splitlines()]


def _masked(line: str) -> str:
    return OTHERWISE.sub("", line)
