"""A plan as a workflow that can be run here and now: compiled by the Python target, without files of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from agent_lattice.reading import Unusable, reason

if TYPE_CHECKING:
    from agent_lattice_runtime.models import Workflow

    from agent_lattice.plan import Plan


def load(plan: Plan) -> Workflow:
    """The runnable workflow of a plan."""
    from agent_lattice_targets.python.memory import load as made

    return made(plan)


@contextmanager
def workspace(plan: Plan, root: Path) -> Iterator[str]:
    """The folder where the plan's Python tools and scripted replies are found: that of the source when it has them all,
    else one made for the time being (tools that are imported from other folders meet in one place, as in a package)."""
    carried = [*plan.files, *plan.replies]
    if all(_holds(root / file.path, file.text) for file in carried):
        yield root.resolve().as_posix()
        return
    try:
        with tempfile.TemporaryDirectory(prefix="lattice-run-") as folder:
            for file in carried:
                path = Path(folder) / file.path
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(file.text, encoding="utf-8", newline="")
            yield Path(folder).resolve().as_posix()
    except OSError as error:
        raise Unusable(f"cannot put the tools into the temporary folder: {reason(error)}") from None


def _holds(path: Path, text: str) -> bool:
    try:
        return path.read_bytes().decode("utf-8", errors="replace") == text
    except (OSError, ValueError):
        return False
