"""The speed of Lattice beside references measured in the same run, as one table. Informative: the exit code is always 0."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator

from measuring import ROOTS, Figure

sys.path[:0] = ROOTS

COLUMNS = "{:<41} {:>16}  {:<50} {:>7}  {:<12} {}"


def subjects() -> dict[str, Callable[[], Iterator[Figure]]]:
    """What can be measured, by the name of its file."""
    import checking
    import durable
    import generated
    import growth
    import guards
    import packages
    import steps
    import validators

    measured = (checking, growth, packages, steps, durable, generated, validators, guards)
    return {module.__name__: module.figures for module in measured}


def row(figure: Figure) -> str:
    """A figure as a line of the table."""
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f} ×"
    met = {True: "met", False: "MISSED", None: ""}[figure.met]
    return COLUMNS.format(figure.subject, figure.ours, figure.reference, ratio, figure.goal, met).rstrip()


def main(names: list[str]) -> int:
    """Measure the named subjects, or all."""
    known = subjects()
    if unknown := [name for name in names if name not in known]:
        print(f"no subject {', '.join(unknown)}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores\n")
    print(COLUMNS.format("subject", "here", "reference", "ratio", "goal", "").rstrip())
    for name in names or known:
        try:
            for figure in known[name]():
                print(row(figure), flush=True)
        except subprocess.CalledProcessError as error:
            reason = (error.stderr or error.stdout).decode(errors="replace").strip().rpartition("\n")[2]
            print(f"{name}: could not be measured: {reason}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
