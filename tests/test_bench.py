"""The bench still measures what it says: every subject gives a first figure, every shape of program is without findings."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[1] / "bench"
SHAPES = """\
import sys
sys.path.insert(0, sys.argv[1])
import run
from programs import SHAPES
from agent_lattice.driver import compile_source, plan_of
for name, shape in SHAPES.items():
    compilation = compile_source("main.lat", shape(40).encode(), lambda path: None)
    assert plan_of(compilation), (name, [found.message for found in compilation.report.found])
    assert len(shape(50_000)) < 10_000_000, name
"""
CONTEST = """\
import sys
sys.path.insert(0, sys.argv[1])
from contests import Contestant, medians
one = Contestant(*sys.argv[2:])
assert {scenario for scenario in one.scenarios if medians([one], scenario, 20, 1)[one.name] > 0} == set(one.scenarios)
print(*one.scenarios)
one.close()
"""
FIRST = "import sys; sys.path.insert(0, sys.argv[1]); import run; print(run.row(next(run.subjects()[sys.argv[2]]())))"


def test_every_shape_of_program_compiles() -> None:
    subprocess.run([sys.executable, "-c", SHAPES, str(BENCH)], check=True)


@pytest.mark.parametrize("subject", ["guards", "validators", "generated", "steps"])
def test_a_subject_gives_figures(subject: str) -> None:
    command = [sys.executable, "-c", FIRST, str(BENCH), subject]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


@pytest.mark.parametrize("contestant", ["lattice", "raw"])
def test_a_contestant_of_durable_steps_takes_part_in_everything(contestant: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", CONTEST, str(BENCH), contestant, str(tmp_path / "log.db")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout.split() == ["sequence", "runs", "branches", "resume", "replay"], done.stderr
