"""How compile time and memory grow with the number of steps: every shape in a process of its own, sizes in turns."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from math import log
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

import programs
from measuring import ROOTS, Figure, in_turns, python, shown

SIZES = (100, 1_000, 10_000, 50_000)
ROUNDS = 1
LINEAR = 1.2  # the exponent that counts as near-linear: sorting and the caches of a processor cost a tenth


def figures() -> Iterator[Figure]:
    """For each shape: the time of the largest beside that of the smallest, the fitted exponent, the memory of a step."""
    for shape in programs.SHAPES:
        with TemporaryDirectory() as folder:
            found = json.loads(python(__file__, shape, folder)().stdout)
        for stage in ("check", "build"):
            yield from _growth(f"{stage} of {SIZES[-1]} steps, {shape}", found[stage])
        yield Figure("  memory of a step, checked", f"{found['bytes'] / 1000:.1f} kB")


def _growth(subject: str, seconds: list[float]) -> Iterator[Figure]:
    factor = SIZES[-1] // SIZES[0]
    small, large = seconds[0] * factor, seconds[-1]
    beside = f"{shown(small)}  {SIZES[0]} steps, {factor} times"
    yield Figure(subject, shown(large), beside, large / small)
    power = exponent(SIZES, seconds)
    yield Figure("  its growth", f"steps^{power:.2f}", goal=f"≤ steps^{LINEAR}", met=round(power, 2) <= LINEAR)


def exponent(sizes: tuple[int, ...], seconds: list[float]) -> float:
    """The slope of the straight line through the logarithms, by least squares."""
    xs, ys = [log(size) for size in sizes], [log(second) for second in seconds]
    x, y = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True)) / sum((a - x) ** 2 for a in xs)


def measured(shape: str, folder: Path) -> dict[str, object]:
    """Processor seconds of check and of everything up to the texts of the package, by size; bytes that a step adds to the peak."""
    paths = []
    for size in SIZES:
        path = folder / f"main{size}.lat"
        path.write_text(programs.SHAPES[shape](size), encoding="utf-8")
        paths.append(str(path))
    before, after = _peak(paths[0]), _peak(paths[-1])
    stages = [stage(path) for path in paths for stage in (_checking, _building)]
    seconds = in_turns(stages, ROUNDS, clock=process_time)
    return {"check": seconds[::2], "build": seconds[1::2], "bytes": (after - before) / (SIZES[-1] - SIZES[0])}


def _peak(path: str) -> int:
    """Bytes of memory that this process has needed at most, once this is checked too."""
    compile_file(path).require()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _checking(path: str) -> Callable[[], object]:
    return lambda: compile_file(path)


def _building(path: str) -> Callable[[], object]:
    return lambda: emit(compile_file(path).plan(), TARGET)


if __name__ == "__main__":
    import resource

    sys.path[:0] = ROOTS
    from agent_lattice.cli import spare_collector
    from agent_lattice.compiling import compile_file
    from agent_lattice.driver import emit
    from agent_lattice_targets.python import TARGET

    spare_collector()
    print(json.dumps(measured(sys.argv[1], Path(sys.argv[2]))))
