"""Programs as people write them, in tests/workflows: nothing may be said about them, their tests hold, and what is built runs.

A folder is a program with the files beside it. Where there is an `input.json`, the built package is run once with it, and
gives `output.json`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from agent_lattice.driver import Compilation, compile_source, format_source, plan_of
from agent_lattice_targets.python.package import package_files
from agent_lattice_targets.python.package_names import PackageNames
from cli.running import lattice
from expectations import said

FOLDER = Path(__file__).parent / "workflows"
PROGRAMS = sorted(folder.name for folder in FOLDER.iterdir() if folder.is_dir())


def compiled(name: str) -> Compilation:
    folder = FOLDER / name

    def read(path: str) -> bytes | None:
        file = folder / path
        return file.read_bytes() if file.is_file() else None

    return compile_source(f"{name}.lat", (folder / f"{name}.lat").read_bytes(), read)


def test_there_are_enough() -> None:
    assert len(PROGRAMS) >= 60


@pytest.mark.parametrize("name", PROGRAMS)
def test_nothing_is_reported(name: str) -> None:
    """No error, no warning and no hint; and it is laid out as the formatter would."""
    compilation = compiled(name)
    assert not compilation.report.found, said(compilation)
    source, formatted, _ = format_source(f"{name}.lat", (FOLDER / name / f"{name}.lat").read_bytes())
    assert formatted == source.text


@pytest.mark.parametrize("name", PROGRAMS)
def test_its_tests_hold(name: str) -> None:
    ran = lattice("test", str(FOLDER / name / f"{name}.lat"))
    assert ran.exit_code == 0 and " passed" in ran.output, ran.output


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_is_built_runs(name: str, tmp_path: Path) -> None:
    """The tests of the package hold without anything installed; with an input, a whole run gives the output."""
    made = plan_of(compiled(name))
    assert made is not None
    for path, text in package_files(made).items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    tested = _python(tmp_path, "-m", "unittest", "-q")
    assert tested.returncode == 0 and "\nRan 0 tests" not in tested.stderr, tested.stderr
    given = FOLDER / name / "input.json"
    if given.is_file():
        package = PackageNames(made).package
        done = _python(tmp_path, "-m", package, "run", "--input", given.read_text("utf-8"), *_replies(name))
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout) == json.loads((FOLDER / name / "output.json").read_text("utf-8"))


def _replies(name: str) -> list[str]:
    """Replies for models of real providers."""
    file = FOLDER / name / "scripted.json"
    return ["--scripted", str(file)] if file.is_file() else []


def _python(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-S", *words], cwd=folder, capture_output=True, text=True, check=False)
