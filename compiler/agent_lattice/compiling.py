"""From a file name to a compilation, and how its findings are shown."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import click

from agent_lattice.diagnostics import Severity
from agent_lattice.driver import Compilation, compile_source, plan_of
from agent_lattice.project import Project, project_of
from agent_lattice.reading import Opened, open_source
from agent_lattice.records import record
from agent_lattice.renders import text
from agent_lattice.renders.findings import Finding
from agent_lattice.terminal import note, note_paint

if TYPE_CHECKING:
    from agent_lattice.lock import LockFile
    from agent_lattice.plan import Plan
    from agent_lattice.program import Program, Surfaces


@record
class Compiled:
    """A main source and what the compiler made of it."""

    opened: Opened
    compilation: Compilation
    project: Project
    read: dict[str, bytes]
    """Every file that was read for it by its name, relative to the main source's folder."""

    @property
    def findings(self) -> list[Finding]:
        """What was found, by place."""
        return [Finding(diagnostic, self.opened.folder) for diagnostic in self.compilation.report.sorted()]

    def require(self) -> Program:
        """The program; a source with errors ends the command with 1, after what was found."""
        program = self.compilation.program
        if program is None or self.compilation.report.failed:
            show_findings(self.findings)
            raise click.exceptions.Exit(1)
        return program

    def plan(self, workflow: str | None = None) -> Plan:
        """The plan; as `require`, and a workflow that is not there ends the command with 2."""
        self.require()
        made = plan_of(self.compilation, workflow)
        if made is None:
            show_findings(self.findings)
            raise click.exceptions.Exit(2)
        return made


def compile_file(path: str, lock: str | None = None, *, forgive: bool = False) -> Compiled:
    """Read and compile a main source. Raises Unusable when it cannot be read."""
    return compile_opened(open_source(path), lock, forgive=forgive)


def compile_opened(opened: Opened, lock: str | None = None, *, forgive: bool = False) -> Compiled:
    """Compile what is read, with the settings of its project. Raises Unusable when those cannot be read.

    Snapshots of MCP servers come from the lock at `lock`, or where it is if nothing else is said; with `forgive` a damaged one counts
    as none.
    """
    project = project_of(opened.root)
    read = {opened.name: opened.content}

    def files(name: str) -> bytes | None:
        content = opened.files(name)
        if content is not None:
            read[name] = content
        return content

    surfaces = surfaces_at(opened.root, lock or project.path("build.lock"), forgive=forgive)
    compilation = compile_source(opened.name, opened.content, files, surfaces)
    project.weigh(compilation.report)
    return Compiled(opened, compilation, project, read)


def surfaces_at(root: Path, path: str | None = None, *, forgive: bool = False) -> Surfaces:
    """The snapshots in the lock at `path`, else in that of a folder; it is read when the first of them is asked for."""

    @cache
    def lock() -> LockFile:
        from agent_lattice.lock import NAME, LockFile

        return LockFile(Path(path) if path else root / NAME, forgive=forgive)

    return lambda key: lock().surface(key)


def show_findings(findings: Iterable[Finding]) -> None:
    """Findings with a summary on standard error; hints are left to `lattice check --hints`."""
    found = [finding for finding in findings if finding.diagnostic.severity is not Severity.HINT]
    if found:
        note(f"{text.render(found, note_paint())}\n{text.summary(found)}; {text.advice(found)}\n")
