"""docs/adding-a-kind.md and docs/adding-a-target.md are true: their texts, put where they say, are all that it takes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: str, language: str) -> list[str]:
    return [text for found, text in BLOCK.findall((ROOT / "docs" / page).read_text("utf-8")) if found == language]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The sources and the case runner of the project in a folder of their own."""
    leave = shutil.ignore_patterns("__pycache__", "*.tables")
    for folder in ("compiler", "runtime_min", "targets", "tests/kinds", "tests/declarations"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=leave)
    for file in ("pyproject.toml", "tests/test_cases.py", "tests/expectations.py"):
        shutil.copy(ROOT / file, tmp_path / file)
    return tmp_path


def call(copy: Path, *words: str) -> str:
    path = os.pathsep.join(str(copy / folder) for folder in ("compiler", "runtime_min", "targets"))
    environment = os.environ | {"PYTHONPATH": path}
    done = subprocess.run([sys.executable, "-m", *words], cwd=copy, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_adding_a_kind_is_adding_a_file(copy: Path) -> None:
    (code,) = blocks("adding-a-kind.md", "python")
    right, wrong = blocks("adding-a-kind.md", "lattice")
    (copy / "compiler/agent_lattice/kinds/note.py").write_text(code, "utf-8")
    cases = copy / "tests/kinds/note"
    cases.mkdir()
    (cases / "right.lat").write_text(right, "utf-8")
    (cases / "wrong.lat").write_text(wrong, "utf-8")
    tested = call(copy, "pytest", "-q", "-p", "no:cacheprovider", "tests/test_cases.py", "-k", "note or every")
    assert "passed" in tested and "failed" not in tested
    assert '"started"' in call(copy, "agent_lattice.cli", "plan", "tests/kinds/note/right.lat")
    call(copy, "agent_lattice.cli", "run", "tests/kinds/note/right.lat", "--input", '{"n": 3}', "--run-id", "r")
    assert "custom.note" in call(copy, "agent_lattice.cli", "events", "r", "--store", ".lattice/w.db")


def test_adding_a_target_is_adding_a_folder(copy: Path) -> None:
    (code,) = blocks("adding-a-target.md", "python")
    folder = copy / "targets/agent_lattice_targets/outline"
    folder.mkdir()
    (folder / "__init__.py").write_text(code, "utf-8")
    source = ROOT / "examples/refund"
    shutil.copytree(source, copy / "refund")
    call(copy, "agent_lattice.cli", "build", "refund/refund.lat", "--target", "outline", "-o", "out")
    written = (copy / "out/refund.md").read_text("utf-8")
    assert written.startswith("# refund\n") and "* paid: bank.refund\n" in written
