"""The parts of the runtime behind extensions of expressions: carried by packages that use them, by no others."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from agent_lattice.expr.python import RUNTIME_MODULES
from agent_lattice_targets.python.package import package_files
from targets.python.programs import made, run, write

ALL = """
workflow all_of_them(numbers: list<int>, words: map<string, int>, max: int, cel_math: float, by: map<uint, int>?) -> string {
  let doubled = words.transformMap(word, count, count > 1, count * 2)
  let ordered = numbers.distinct().sortBy(n, -n)
  let checked = numbers.all(place, n, 10 / n > place)
  let coded = type(max) == int ? base64.encode(bytes(string(max))) : ""
  let hour = timestamp(max).getHours()
  let least = math.least(numbers[0], max)
  let big = uint(max) + 1u
  let trimmed = " a ".trim() + string([big].first().orValue(0u))
  let shown = [doubled, ordered, checked, least, math.floor(cel_math), coded, hour, trimmed]
  return "%s %s %s %d %.1f %s %d %s".format(shown)
}
"""
PLAIN = "workflow plain(numbers: list<int>) -> bool {\n  return numbers.all(place, n, n > place)\n}\n"
ARGUMENTS = {"numbers": [1, 3, 2, 3], "words": {"a": 1, "b": 2}, "max": 2, "cel_math": 1.5}


def _carried(source: str) -> set[str]:
    names = {Path(path).stem for path in package_files(made(source)) if "/_runtime/cel" in path}
    return names & set(RUNTIME_MODULES)


def test_a_package_carries_what_its_expressions_call() -> None:
    assert _carried(ALL) == set(RUNTIME_MODULES)
    assert _carried(PLAIN) == {"cel"}


def test_names_of_modules_are_names_like_others() -> None:
    done = run(ALL, ARGUMENTS)
    assert done.failure is None
    assert done.result == "{b: 4} [3, 2, 1] false 1 1.0 Mg== 0 a3"


def test_type_checkers_have_nothing_to_say_of_the_generated_module(tmp_path: Path) -> None:
    folder = write(tmp_path / "made", made(ALL))
    words = ("--strict", "--follow-imports=silent", f"--cache-dir={tmp_path / 'mypy'}", "all_of_them/workflow.py")
    done = subprocess.run([sys.executable, "-m", "mypy", *words], cwd=folder, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
