"""`lattice check` as people and editors call it: a whole process beside the bare import of what it is built on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import programs
from measuring import ROOT, Figure, at_most, in_turns, python

LIMIT = 4.0
ROUNDS = 15


def figures() -> Iterator[Figure]:
    """A workflow of 50 everyday steps; beside it, for orientation, the refund example with its tests."""
    refund = ROOT / "examples" / "refund" / "refund.lat"
    with TemporaryDirectory() as folder:
        source = Path(folder, "main.lat")
        source.write_text(programs.everyday(50), encoding="utf-8")
        checked, example, imports = in_turns(
            [
                python("-m", "agent_lattice", "check", str(source)),
                python("-m", "agent_lattice", "check", str(refund)),
                python("-c", "import click, lark"),
            ],
            ROUNDS,
        )
    yield at_most("check of 50 steps, whole process", checked, imports, LIMIT, "import click, lark")
    yield at_most("check of examples/refund", example, imports, LIMIT, "import click, lark")
