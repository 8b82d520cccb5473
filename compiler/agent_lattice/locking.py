"""The lock of a source on the command line: where it is, what belongs in it, and how drift is shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING

from agent_lattice.compiling import Compiled
from agent_lattice.drift import Drift, lock_drift
from agent_lattice.driver import plan_of
from agent_lattice.lock import NAME, LockFile, program_of
from agent_lattice.reading import STDIN, shown
from agent_lattice.terminal import note, out

if TYPE_CHECKING:
    from agent_lattice.plan import Plan


def lock_of(compiled: Compiled, path: str | None, *, forgive: bool = False) -> LockFile:
    """The lock at `path`, else where the project says, else beside the source. Raises Unusable."""
    chosen = path or compiled.project.path("build.lock")
    return LockFile(Path(chosen) if chosen else compiled.opened.root / NAME, forgive=forgive)


def put(lock: LockFile, compiled: Compiled, plan: Plan, targets: Mapping[str, int]) -> None:
    """Note what a plan was made of, and the contracts of the targets that it is built for."""
    lock.put(compiled.opened.path, program_of(plan, compiled.read, targets, lock.surface))


def lock_drifts(everything: Iterable[Compiled], path: str | None) -> list[Drift]:
    """How the locks of sources without errors differ from what builds would write. Raises Unusable.

    A file that declares no workflow needs no lock, and neither does one that only other programs of the lock are made of.
    """
    locks: dict[Path, LockFile] = {}
    drifts: list[Drift] = []
    for compiled in everything:
        if compiled.opened.path != STDIN and _declares_workflow(compiled):
            lock = lock_of(compiled, path)
            lock = locks.setdefault(lock.path.resolve(), lock)
            drifts += _put_again(lock, compiled)
    return drifts + [drift for lock in locks.values() if (drift := lock_drift(lock))]


def show_drifts(drifts: Iterable[Drift], *, aside: bool = False) -> None:
    """Diffs with the results (`aside`: with the notes), then a line for each kind of drift."""
    found = list(drifts)
    for drift in found:
        (note if aside else out)(drift.diff)
    for drift in found:
        note(f"{drift.file}: {drift.sentence}\n")


def _declares_workflow(compiled: Compiled) -> bool:
    program = compiled.compilation.program
    return program is not None and not compiled.compilation.report.failed and any(program.main.of_sort("workflow"))


def _put_again(lock: LockFile, compiled: Compiled) -> Iterator[Drift]:
    """Note what a source would be built from now: for the targets, and the workflow, that it was built for before."""
    key = lock.key(compiled.opened.path)
    before = lock.found.programs.get(key)
    if before is None and _is_part(lock, key):
        return
    workflow = compiled.project.text("build.workflow") or (before.workflow if before else None)
    plan = plan_of(compiled.compilation, workflow)
    if plan is None:
        missing = f"workflow `{workflow}` is gone" if workflow else "several workflows could be the main one"
        yield Drift(shown(compiled.opened.path), f"{missing}: `lattice build --workflow NAME` notes which it is", "")
        return
    known = _contracts()
    names = before.targets if before else [compiled.project.text("build.target") or "python"]
    put(lock, compiled, plan, {name: known[name] for name in names if name in known})


def _is_part(lock: LockFile, key: str) -> bool:
    """Whether other programs of the lock are made of a file."""
    parts = (join(dirname(name), part) for name, program in lock.found.programs.items() for part in program.sources)
    return any(key == normpath(part) for part in parts)


def _contracts() -> dict[str, int]:
    """The contract of every target that is installed."""
    from agent_lattice_targets import targets

    return {name: load().TARGET.contract for name, load in targets().items()}
