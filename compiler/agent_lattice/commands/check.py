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
    """What is printed: the files that were named, what was found, which of that makes the check fail, and whether people
    want to see hints that do not."""

    files: tuple[str, ...]
    found: list[Finding]
    failures: list[Finding]
    hints: bool


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
    help="The least that makes the exit code 1; error if nothing else is said.",
)
@click.option("--fix", is_flag=True, help="Apply the fixes to the files, until none is left (at most 10 rounds).")
@click.option("--suggestions", is_flag=True, help="With --fix: also apply what removes steps or makes up values.")
@click.option("--hints", is_flag=True, help="Print hints too; forms for programs always have them.")
@click.option("--check", is_flag=True, help="Also compare with the lock; exit with 1 and show what has drifted.")
@click.option(
    "--lock", metavar="PATH", help="The lock file of --check; lattice.lock beside FILE if nothing else is said."
)
def check_command(
    files: tuple[str, ...],
    form: str,
    fail_on: str | None,
    fix: bool,
    suggestions: bool,
    hints: bool,
    check: bool,
    lock: str | None,
) -> None:
    """Report every mistake in the sources FILE... and in what they import; `-` reads standard input."""
    if lock and not check:
        raise click.UsageError("--lock goes with --check")
    if suggestions and not fix:
        raise click.UsageError("--suggestions goes with --fix")
    everything = [_compiled(path, fix, suggestions, lock) for path in files]
    found = list(unique(finding for compiled in everything for finding in compiled.findings))
    failures = [
        finding for compiled in everything for finding in compiled.findings if _fails(finding, compiled, fail_on)
    ]
    _FORMS[form](Checked(files, found, failures, hints))
    drifted = check and _show_drift(everything, lock, form)
    if failures or drifted:
        raise click.exceptions.Exit(1)


def _fails(finding: Finding, compiled: Compiled, fail_on: str | None) -> bool:
    least = fail_on or compiled.project.text("check.fail-on") or "error"
    return finding.diagnostic.severity >= Severity[least.upper()]


def _show_drift(everything: list[Compiled], lock: str | None, form: str) -> bool:
    """Show how the locks differ from what builds would write; whether they do."""
    from agent_lattice.locking import lock_drifts, show_drifts

    drifts = lock_drifts(everything, lock)
    show_drifts(drifts, aside=form != "text")
    if form == "github":
        from agent_lattice.renders import github

        for drift in drifts:
            file = github.within(_in_repository(), drift.file)
            out_json(github.command(Severity.ERROR, drift.sentence, file=file, title="drift"))
    return bool(drifts)


def _compiled(path: str, fix: bool, suggestions: bool, lock: str | None) -> Compiled:
    if not fix:
        return compile_file(path, lock)
    if path == STDIN:
        raise Unusable("--fix needs a file: standard input cannot be written back")
    from agent_lattice.fixing import fix_file

    content, done = fix_file(path, suggestions=suggestions)
    for line in done:
        note(f"{line}\n")
    return compile_opened(content, lock)


def _text(checked: Checked) -> None:
    from agent_lattice.renders import text

    found = [finding for finding in checked.found if checked.hints or not _is_aside(finding, checked)]
    hidden = len(checked.found) - len(found)
    more = f"{hidden} hint{'' if hidden == 1 else 's'} with --hints" if hidden else ""
    if not found:
        files = len(checked.files)
        out(f"no findings in {files} file{'' if files == 1 else 's'}{f'; {more}' if more else ''}\n")
        return
    last = "; ".join(part for part in (text.summary(found), more, text.advice(found)) if part)
    out(f"{text.render(found, out_paint())}\n{last}\n")


def _is_aside(finding: Finding, checked: Checked) -> bool:
    """Whether it is a hint that nothing depends on."""
    return finding.diagnostic.severity is Severity.HINT and finding not in checked.failures


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

    out_json(junit.render(junit.of_findings(checked.found, map(shown, checked.files), checked.failures)))


_FORMS: dict[str, Callable[[Checked], None]] = {
    "text": _text,
    "json": _json,
    "sarif": _sarif,
    "github": _github,
    "junit": _junit,
}
