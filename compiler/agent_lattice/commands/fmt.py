"""`lattice fmt FILE…`: sources in canonical layout; `--check` and `--diff` only say what would change."""

from __future__ import annotations

from pathlib import Path

import click

from agent_lattice.compiling import show_findings
from agent_lattice.driver import format_source
from agent_lattice.fixing import encoded, write_atomically
from agent_lattice.reading import STDIN, Opened, open_source, shown
from agent_lattice.records import record
from agent_lattice.renders.diff import unified
from agent_lattice.renders.findings import Finding
from agent_lattice.terminal import note, out, out_paint


@record
class Formatted:
    """A file, its text before and after, and the syntax errors for which nothing was done."""

    opened: Opened
    before: str
    after: str
    findings: tuple[Finding, ...]

    @property
    def content(self) -> bytes:
        """What the file should hold."""
        return self.opened.content if self.findings else encoded(self.after, self.opened.content)

    @property
    def changed(self) -> bool:
        return self.content != self.opened.content

    @property
    def name(self) -> str:
        return shown(self.opened.path)


@click.command("fmt")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 when a file is to be changed.")
@click.option("--diff", is_flag=True, help="Write nothing; print what would change.")
def fmt_command(files: tuple[str, ...], check: bool, diff: bool) -> None:
    """Put the sources FILE... into canonical layout; `-` goes from standard input to standard output.

    Comments stay where they are, and what a program means never changes. A file with syntax errors is left alone.
    """
    done = [_formatted(path) for path in files]
    show_findings(finding for file in done for finding in file.findings)
    for file in done:
        if diff:
            out(unified(file.name, file.before, file.after, out_paint()))
        if not (check or diff):
            _write(file)
        elif file.changed:
            note(f"{file.name}: would be formatted\n")
    if any(file.findings or (check and file.changed) for file in done):
        raise click.exceptions.Exit(1)


def _formatted(path: str) -> Formatted:
    opened = open_source(path)
    source, text, report = format_source(opened.name, opened.content)
    findings = tuple(Finding(diagnostic, opened.folder) for diagnostic in report.sorted())
    return Formatted(opened, source.text, text, findings)


def _write(file: Formatted) -> None:
    """Replace a file; what came from standard input goes to standard output."""
    if file.opened.path == STDIN and not file.findings:
        click.echo(file.content, nl=False)
    elif file.changed:
        write_atomically(Path(file.opened.path), file.content)
        note(f"{file.name}: formatted\n")
