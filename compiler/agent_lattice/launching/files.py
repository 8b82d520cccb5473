"""Whether what a build or an install put into a project is still there as it was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from agent_lattice.installing.installation import Installation
from agent_lattice.installing.splices import digest
from agent_lattice.output_folder import SIDECAR, OutputFolder, with_lf

from .findings import BAD, GOOD, ODD, Finding

if TYPE_CHECKING:
    from agent_lattice_clients.target import ClientTarget

    from agent_lattice.installing.record import Owner

    from .workflows import Installed

_NAME = "files"


def look_at_files(workflow: Installed, target: ClientTarget) -> list[Finding]:
    """What is missing is an error, what was edited a warning. Raises Unusable for records that cannot be read."""
    installation = Installation(workflow.project.root)
    if installation.intent:
        return [Finding(_NAME, BAD, "an install or uninstall was interrupted: repeat it")]
    owner = installation.known.owners.get(f"{target.name}/{workflow.name}")
    found = list(_installed(installation, owner) if owner else _built(workflow, target))
    return found or [Finding(_NAME, GOOD, "all there, as they were written")]


def _installed(installation: Installation, owner: Owner) -> Iterator[Finding]:
    own = {name: installation.folder.read(installation.folder.locate(name)) for name in owner.own}
    healing = installation.uninstall(())  # of nobody: what it would change is what an install has put there and is gone
    gone = [change.name for change in healing.changes if change.name in owner.shared]
    yield from _missing([*(name for name, content in own.items() if content is None), *gone])
    kept = {name: content for name, content in own.items() if content is not None}
    yield from _edited(name for name, content in kept.items() if digest(with_lf(content)) not in owner.own[name])
    notes = (note for note in healing.notes if any(f"`{name}`" in note for name in owner.shared))
    yield from (Finding(_NAME, ODD, note) for note in notes)


def _built(workflow: Installed, target: ClientTarget) -> Iterator[Finding]:
    """By the list of a build whose folder the project is."""
    output = OutputFolder(workflow.project.root)
    as_written = {difference.name for difference in output.differences({})}
    if f"{workflow.folder}/{target.name}.json" not in output.owned:
        yield Finding(_NAME, ODD, f"nothing tells whether they were edited: there is neither an install nor {SIDECAR}")
        return
    others = sorted(output.owned.keys() - as_written)
    gone = [name for name in others if workflow.project.read(name) is None]
    yield from _missing(gone)
    yield from _edited(name for name in others if name not in gone)


def _missing(names: Iterable[str]) -> Iterator[Finding]:
    for name in sorted(names):
        yield Finding(_NAME, BAD, f"`{name}` or a part of it is missing: build or install the workflow again")


def _edited(names: Iterable[str]) -> Iterator[Finding]:
    for name in sorted(names):
        yield Finding(_NAME, ODD, f"`{name}` was edited since it was written")
