"""`lattice check FILE…`: everything wrong in sources, in the form that people or a service read; `--fix` mends what can be mended."""

from __future__ import annotations

import os
from collections.abc import Callable

import click

from agent_lattice.compiling import Compiled, compile_file, compile_opened
from agent_lattice.diagnostics import Severity
from agent_lattice.reading import STDIN, Unusable, shown
from agent_lattice.records import record
from agent_lattice.renders.findings import Finding, unique
from agent_lattice.terminal import note, out, out_json, out_paint


@record
class Checked:
    """What is printed: the files that were named, what was found, and the least that counts as a failure."""

    files: tuple[str, ...]
    found: list[Finding]
    least: Severity


@click.command("check")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "sarif", "github", "junit"]),
    default="text",
    help="How to print.",
)
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
    least = Severity[fail_on.upper()]
    _FORMS[form](Checked(files, found, least))
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


def _text(checked: Checked) -> None:
    from agent_lattice.renders import text

    found, files = checked.found, len(checked.files)
    if not found:
        out(f"no findings in {files} file{'' if files == 1 else 's'}\n")
        return
    out(f"{text.render(found, out_paint())}\n{text.summary(found)}; {text.advice(found)}\n")


def _json(checked: Checked) -> None:
    from agent_lattice.renders import json

    out_json(json.render(checked.found))


def _sarif(checked: Checked) -> None:
    from agent_lattice.pages import page_of
    from agent_lattice.renders import sarif

    out_json(sarif.render(checked.found, page_of))


def _github(checked: Checked) -> None:
    from agent_lattice.renders import github

    out_json(github.render(checked.found, _in_repository()))


def _in_repository() -> str:
    """This folder, seen from the top of the checkout that GitHub Actions names; "" outside of it."""
    top = os.environ.get("GITHUB_WORKSPACE")
    try:
        here = os.path.relpath(".", os.path.realpath(top)) if top else "."
    except (OSError, ValueError):  # no current folder, another drive, a NUL
        return ""
    return "" if here == "." or here.startswith("..") else here.replace(os.sep, "/")


def _junit(checked: Checked) -> None:
    from agent_lattice.renders import junit

    out_json(junit.render(junit.of_findings(checked.found, map(shown, checked.files), checked.least)))


_FORMS: dict[str, Callable[[Checked], None]] = {
    "text": _text,
    "json": _json,
    "sarif": _sarif,
    "github": _github,
    "junit": _junit,
}
