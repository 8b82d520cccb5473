"""A plan as a workflow that can be run here and now: compiled by the Python target, without files of its own."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from agent_lattice.reading import Unusable, reason
from agent_lattice.source import decoded

if TYPE_CHECKING:
    from agent_lattice_runtime.models import Workflow

    from agent_lattice.plan import Plan, SourceFile


def load(plan: Plan) -> Workflow:
    """The main workflow of a plan, ready to run."""
    return load_all(plan)[plan.main]


def load_all(plan: Plan) -> dict[str, Workflow]:
    """Every workflow of a plan by name, ready to run."""
    from agent_lattice_targets.python import memory

    return memory.load_all(plan)


@contextmanager
def workspace(plan: Plan, root: Path) -> Iterator[str]:
    """The folder where the plan's Python tools and scripted replies are found: that of the source when it has them all,
    else one made for the time being (tools that are imported from other folders meet in one place, as in a package)."""
    carried = [*plan.files, *plan.replies]
    with ExitStack() as stack:
        folder = root
        if not all(_holds(root / file.path, file.text) for file in carried):
            folder = _put(carried, stack)
        stack.callback(_forget, plan, path := folder.resolve().as_posix())
        yield path


def _put(files: Iterable[SourceFile], stack: ExitStack) -> Path:
    """Write files into a folder that goes with `stack`."""
    try:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lattice-run-")))
        for file in files:
            path = folder / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file.text, encoding="utf-8", newline="")
        return folder
    except (OSError, ValueError) as error:
        raise Unusable(f"cannot put the tools into the temporary folder: {reason(error)}") from None


def _forget(plan: Plan, folder: str) -> None:
    """Unload the plan's tools, so that modules of the same names can come from the folder of the next source."""
    for file in plan.files:
        parts = file.path.removesuffix(".py").removesuffix("/__init__").split("/")
        for end in range(1, len(parts) + 1):
            sys.modules.pop(".".join(parts[:end]), None)
    while folder in sys.path:
        sys.path.remove(folder)


def _holds(path: Path, text: str) -> bool:
    try:
        return decoded(path.read_bytes()) == text
    except (OSError, ValueError):
        return False
