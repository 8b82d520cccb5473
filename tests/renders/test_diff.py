"""Two texts as a unified diff: lines end at `\\n` only, and nothing steers a terminal."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from agent_lattice.renders.diff import unified
from agent_lattice.renders.paint import Paint
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


def test_files_that_come_and_go() -> None:
    assert unified("a", None, "x\n") == "--- /dev/null\n+++ a\n@@ -0,0 +1 @@\n+x\n"
    assert unified("a", "x\n", None) == "--- a\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n"
    assert unified("a", "x\n", "x\n") == ""


def test_the_end_without_a_line_end_is_told() -> None:
    assert unified("a", "x", "x\n") == "--- a\n+++ a\n@@ -1 +1 @@\n-x\n\\ No newline at end of file\n+x\n"


def test_nothing_steers_a_terminal() -> None:
    assert "\x1b" not in unified("a", "\x1b[31m\x0c\u2028\n", "b\n")
    assert "\x1b[32m+b\x1b[0m\n" in unified("a", "a\n", "b\n", Paint(True))


@pytest.mark.skipif(shutil.which("patch") is None, reason="no patch")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(*[st.lists(st.sampled_from("abc"), max_size=6).map("\n".join)] * 2)
def test_patch_takes_it(tmp_path: Path, before: str, after: str) -> None:
    (tmp_path / "a").write_text(before)
    diff = unified("a", before, after)
    if diff:
        subprocess.run(
            ["patch", "-s", "a"], input=diff, cwd=tmp_path, encoding="utf-8", check=True, capture_output=True
        )
    assert (tmp_path / "a").read_text() == after
