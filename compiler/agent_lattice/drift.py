"""What is no longer as it was built: in a lock, in a folder. For each one sentence which kind of drift it is, and a diff."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from operator import attrgetter
from typing import TYPE_CHECKING

from agent_lattice.records import record
from agent_lattice.renders.diff import unified
from agent_lattice.renders.paint import PLAIN, Paint
from agent_lattice.source import decoded

if TYPE_CHECKING:
    from agent_lattice.lock import Lock, LockFile, Program
    from agent_lattice.output_folder import Difference

_MOST_NAMES = 3


@record
class Drift:
    """One thing that has drifted: the file or folder, the kind in words, and the difference."""

    file: str
    sentence: str
    diff: str


def lock_drift(lock: LockFile, paint: Paint = PLAIN) -> Drift | None:
    """How a lock differs from what a build would write; None when it does not."""
    if lock.before == lock.after:
        return None
    before = lock.before if lock.before else None
    if before is None:
        sentence = "there is no lock yet: `lattice build` writes it"
    else:
        sentence = "; ".join(_program_drifts(lock.found, lock.lock)) or "lock edited: it says the same in another form"
    return Drift(lock.name, sentence, unified(lock.name, before, lock.after, paint))


def folder_drift(folder: str, differences: Iterable[Difference], built: bool, paint: Paint = PLAIN) -> Drift | None:
    """How a build's folder differs from what a build would write; None when it does not. `built`: whether a build was there."""
    found = list(differences)
    if not found:
        return None
    if not built:
        return Drift(folder, "there is no build in this folder yet", "")
    edited = [difference.name for difference in found if difference.edited]
    dated = [difference.name for difference in found if not difference.edited]
    said = [f"output edited: {_names(edited)}"] if edited else []
    said += [f"output of an earlier build: {_names(dated)}"] if dated else []
    return Drift(folder, "; ".join(said), "".join(_file_diff(folder, difference, paint) for difference in found))


def _program_drifts(before: Lock, after: Lock) -> Iterator[str]:
    for name in sorted({*before.programs, *after.programs}):
        old, new = before.programs.get(name), after.programs.get(name)
        if old is None:
            yield f"`{name}` was never built with this lock"
        elif new is None:
            yield f"source changed: `{name}` is gone"
        elif old != new:
            yield ", ".join(_changes(old, new))


def _changes(old: Program, new: Program) -> Iterator[str]:
    """Each kind of drift of a program; what follows from another is not told."""
    if old.sources != new.sources:
        yield f"source changed: {_names(_differing(old.sources, new.sources))}"
    if old.compiler != new.compiler:
        yield f"compiler changed: {old.compiler} → {new.compiler}"
    if old.targets != new.targets:
        yield f"contract changed: {_contracts(old.targets)} → {_contracts(new.targets)}"
    if old.workflow != new.workflow:
        yield f"workflow changed: `{old.workflow}` → `{new.workflow}`"
    if old.servers != new.servers:
        yield f"server changed: {_names(_differing(old.servers, new.servers))}"
    causes = attrgetter("sources", "compiler", "workflow", "servers")
    if causes(old) == causes(new) and (old.plan, old.models) != (new.plan, new.models):
        yield "compiler changed, or lock edited: the same sources and version give another plan or other models"


def _differing(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    return [name for name in sorted({*old, *new}) if old.get(name) != new.get(name)]


def _contracts(targets: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {contract}" for name, contract in sorted(targets.items())) or "none"


def _names(names: list[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:_MOST_NAMES])
    return shown if len(names) <= _MOST_NAMES else f"{shown} and {len(names) - _MOST_NAMES} more"


def _file_diff(folder: str, difference: Difference, paint: Paint) -> str:
    name = f"{folder}/{difference.name}"
    if any(content is not None and b"\0" in content for content in (difference.before, difference.after)):
        return f"binary file {name} differs\n"
    before, after = (None if content is None else decoded(content) for content in (difference.before, difference.after))
    return unified(name, before, after, paint) or f"file {name} differs in what cannot be shown\n"
