"""From a file name to a compilation, and how its findings are shown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from agent_lattice.driver import Compilation, compile_source, plan_of
from agent_lattice.reading import Opened, open_source
from agent_lattice.records import record
from agent_lattice.renders import text
from agent_lattice.renders.findings import Finding
from agent_lattice.terminal import note, note_paint

if TYPE_CHECKING:
    from agent_lattice.plan import Plan


@record
class Compiled:
    """A main source and what the compiler made of it."""

    opened: Opened
    compilation: Compilation

    @property
    def findings(self) -> list[Finding]:
        """What was found, by place."""
        return [Finding(diagnostic, self.opened.folder) for diagnostic in self.compilation.report.sorted()]

    @property
    def failed(self) -> bool:
        return self.compilation.report.failed

    def plan(self, workflow: str | None = None) -> Plan:
        """The plan; a source with errors ends the command with 1, a workflow that is not there with 2, both with what was found."""
        broken = self.failed
        made = plan_of(self.compilation, workflow)
        if made is None:
            show_findings(self.findings)
            raise click.exceptions.Exit(1 if broken else 2)
        return made


def compile_file(path: str) -> Compiled:
    """Read and compile a main source. Raises Unusable when it cannot be read."""
    return compile_opened(open_source(path))


def compile_opened(opened: Opened) -> Compiled:
    """Compile what is read."""
    return Compiled(opened, compile_source(opened.name, opened.content, opened.files))


def show_findings(findings: Iterable[Finding]) -> None:
    """All findings with a summary on standard error."""
    found = list(findings)
    if found:
        note(f"{text.render(found, note_paint())}\n{text.summary(found)}; {text.advice(found)}\n")
