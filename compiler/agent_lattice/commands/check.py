"""`lattice check FILE…`: everything wrong in sources, as text, JSON or SARIF; `--fix` mends what can be mended."""

from __future__ import annotations

import click

from agent_lattice.compiling import Compiled, compile_file, compile_opened
from agent_lattice.diagnostics import Severity
from agent_lattice.reading import STDIN, Unusable
from agent_lattice.renders.findings import Finding, unique
from agent_lattice.terminal import note, out, out_json, out_paint


@click.command("check")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--format", "form", type=click.Choice(["text", "json", "sarif"]), default="text", help="How to print.")
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "hint"]),
    default="error",
    help="The least that makes the exit code 1.",
)
@click.option("--fix", is_flag=True, help="Apply the fixes to the files, until none is left (at most 10 rounds).")
def check_command(files: tuple[str, ...], form: str, fail_on: str, fix: bool) -> None:
    """Report every mistake in the sources FILE... and in what they import; `-` reads standard input."""
    found = list(unique(finding for path in files for finding in _compiled(path, fix).findings))
    {"text": _text, "json": _json, "sarif": _sarif}[form](found, len(files))
    least = Severity[fail_on.upper()]
    if any(finding.diagnostic.severity >= least for finding in found):
        raise click.exceptions.Exit(1)


def _compiled(path: str, fix: bool) -> Compiled:
    if not fix:
        return compile_file(path)
    if path == STDIN:
        raise Unusable("--fix needs a file: standard input cannot be written back")
    from agent_lattice.fixing import fix_file

    content, done = fix_file(path)
    for line in done:
        note(f"{line}\n")
    return compile_opened(content)


def _text(found: list[Finding], files: int) -> None:
    from agent_lattice.renders import text

    if not found:
        out(f"no findings in {files} file{'' if files == 1 else 's'}\n")
        return
    out(f"{text.render(found, out_paint())}\n{text.summary(found)}; {text.advice(found)}\n")


def _json(found: list[Finding], files: int) -> None:
    from agent_lattice.renders import json

    out_json(json.render(found))


def _sarif(found: list[Finding], files: int) -> None:
    from agent_lattice.pages import page_of
    from agent_lattice.renders import sarif

    out_json(sarif.render(found, page_of))
