"""The workflows that a project has for a client: what their packages say of themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from agent_lattice_clients.exporting import DRIVEN
from agent_lattice_runtime.client_names import server_name, slug, tool_name, tool_names

from agent_lattice.declarations.model import KEYS
from agent_lattice.diagnostics import nearest
from agent_lattice.installing.project_folder import ProjectFolder
from agent_lattice.reading import Unusable, shown

if TYPE_CHECKING:
    from agent_lattice_clients.target import ClientTarget

HOME = ".lattice"


class Installed:
    """A workflow in a project: `folder` is the one of its package. Raises Unusable for one that no build wrote."""

    def __init__(self, project: ProjectFolder, folder: str, target: ClientTarget) -> None:
        package = folder.rpartition("/")[2]
        about = _data(project, f"{folder}/{target.name}.json")
        self.manifest = _data(project, f"{folder}/{package}/manifest.json")
        self.project, self.folder = project, folder
        name, mode = self.manifest.get("name"), about.get("mode")
        if not isinstance(name, str) or not isinstance(mode, str) or mode not in target.modes:
            raise Unusable(f"{folder} is damaged or of another version: build or install the workflow again")
        self.name, self.mode = name, mode
        self.slug, self.server = slug(self.name), server_name(self.name)

    @cached_property
    def tools(self) -> frozenset[str]:
        """What its server has to offer."""
        if self.mode == DRIVEN:
            name = tool_name(self.name)
            return frozenset({name, f"{name}_status", f"{name}_events", f"{name}_cancel"})
        return frozenset(tool_names(self._total("operations")).values())

    @cached_property
    def variables(self) -> tuple[str, ...]:
        """The environment variables that its server reads; usual keys of models only where the package asks them itself."""
        names = {*self._total("secrets"), *self._total("env")}
        return tuple(sorted(names if self.mode == DRIVEN else names - set(KEYS.values())))

    def _total(self, of: str) -> list[str]:
        """What the workflow is granted in all."""
        found = self.manifest.get("permissions")
        for key in ("total", of):
            found = found.get(key) if isinstance(found, dict) else None
        return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


def installed(project: ProjectFolder, target: ClientTarget) -> list[Installed]:
    """All that a project has for a client, by name. Raises Unusable."""
    return sorted(
        (Installed(project, folder, target) for folder in _folders(project, target)), key=lambda one: one.name
    )


def chosen(found: list[Installed], project: str, target: ClientTarget, name: str | None) -> Installed:
    """The workflow of a name, or the only one there is. Raises Unusable."""
    names = [one.name for one in found]
    if not found:
        raise Unusable(missing(project, target))
    if name is None and len(found) > 1:
        raise Unusable(f"which workflow? Give --workflow: there are {', '.join(names)}")
    for one in found:
        if name in (None, one.name):
            return one
    guess = nearest(name or "", names)
    raise Unusable(
        f"no workflow `{name}` is built for {target.name} here; "
        + (f"did you mean `{guess}`?" if guess else f"there is {', '.join(names)}")
    )


def missing(project: str, target: ClientTarget) -> str:
    """What is said where a project has no workflow for a client."""
    return f"no workflow is built for {target.name} in {shown(project)}: `lattice install FILE --target {target.name}` puts one there"


def _folders(project: ProjectFolder, target: ClientTarget) -> Iterator[str]:
    for name in project.names(HOME):
        if (project.root / HOME / name / f"{target.name}.json").is_file():
            yield f"{HOME}/{name}"


def _data(project: ProjectFolder, name: str) -> dict[str, Any]:
    """The object of a file of a package. Raises Unusable."""
    content = project.read(name)
    try:
        found = json.loads(content or b"")
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        why = "is missing" if content is None else "is damaged"
        raise Unusable(f"{name} {why}: build or install the workflow again")
    return found
