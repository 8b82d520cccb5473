"""`lattice.toml`: what a project has decided once, for every command. Found upward from the folder of a source."""

from __future__ import annotations

import os
from pathlib import Path

from agent_lattice.diagnostics import Report, Severity
from agent_lattice.records import field, record, replace

NAME = "lattice.toml"


@record
class Project:
    """The settings that hold for a source. `folder` is where `lattice.toml` stands; without one everything is empty."""

    folder: Path = Path()
    values: dict[str, str | bool] = field(default_factory=dict)
    """By `table.key`; what is not set is not there."""
    severities: dict[str, Severity | None] = field(default_factory=dict)
    """By the name of a finding; None where it is off."""

    def text(self, name: str) -> str | None:
        """A text that is set."""
        value = self.values.get(name)
        return value if isinstance(value, str) else None

    def path(self, name: str) -> str | None:
        """A path that is set, from here rather than from the folder of `lattice.toml`."""
        value = self.text(name)
        return None if value is None else str(self.folder / value)

    def weigh(self, report: Report) -> None:
        """Give findings the severities that are set, and drop those that are off."""
        if not self.severities:
            return
        kept = []
        for found in report.found:
            severity = self.severities.get(found.code.name, found.severity)
            if severity is not None:
                kept.append(replace(found, weight=severity))
        report.found = kept


def project_of(folder: Path) -> Project:
    """The settings for the sources of a folder. Raises Unusable, with a line for each mistake."""
    found = _find(folder)
    if found is None:
        return Project()
    from agent_lattice.project_reading import read_project  # most sources have none, and every check pays for imports

    values, severities = read_project(found)
    return Project(found.parent, values, severities)


def _find(folder: Path) -> Path | None:
    """The nearest `lattice.toml` in the folder or above, no further than the top of a repository."""
    try:
        here = folder.resolve()
    except (OSError, RuntimeError, ValueError):  # no current folder, links in a circle, a NUL
        return None
    for candidate in (here, *here.parents):
        if os.path.lexists(candidate / NAME):
            return candidate / NAME
        if os.path.lexists(candidate / ".git"):
            return None
    return None
