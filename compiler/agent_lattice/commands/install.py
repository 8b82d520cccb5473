"""`lattice install [FILE] --target T [PROJECT]`: what a target emits, merged into a project that has files of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from agent_lattice.commands.build import checked_mode, report_carried, target_module
from agent_lattice.compiling import compile_file
from agent_lattice.driver import emit
from agent_lattice.installing.differences import difference
from agent_lattice.installing.installation import Installation
from agent_lattice.installing.record import Owner
from agent_lattice.project import project_of
from agent_lattice.reading import STDIN, Unusable, shown
from agent_lattice.renders.columns import visible
from agent_lattice.terminal import note, out, out_paint

if TYPE_CHECKING:
    from agent_lattice.installing.planning import Planned


@click.command("install")
@click.argument("words", nargs=-1, metavar="[FILE] [PROJECT]")
@click.option("--file", "named", metavar="FILE", help="The source; then a word is the project.")
@click.option("--target", metavar="NAME", help="What to install for, e.g. claude.")
@click.option("--mode", metavar="MODE", help="How the target runs it; its strongest way if nothing else is said.")
@click.option(
    "--allow-loss", "allowed", multiple=True, metavar="FEATURE", help="Install although this would be unsafe."
)
@click.option("--workflow", metavar="NAME", help="The workflow to run.")
@click.option("--dry-run", is_flag=True, help="Write nothing; show what would change.")
@click.option("--check", is_flag=True, help="As --dry-run; exit with 1 if something would change.")
@click.option("--force", is_flag=True, help="Take ours where others have another value or file; theirs is kept.")
def install_command(
    words: tuple[str, ...],
    named: str | None,
    target: str | None,
    mode: str | None,
    allowed: tuple[str, ...],
    workflow: str | None,
    dry_run: bool,
    check: bool,
    force: bool,
) -> None:
    """Install the workflow of FILE into the folder PROJECT, this one if none is given.

    A word that is a folder is PROJECT, any other is FILE; without FILE the source is what lattice.toml of the project
    names. In files that others share only keys, items and sections of ours are added; comments, order and every other
    byte stay. Nothing is written when something of others stands in the way. `lattice uninstall` takes everything out
    again.
    """
    file, folder = _arguments(words, named)
    installation = Installation(Path(folder))
    owner, files, formats = _emitted(file or _source(folder), target, mode, allowed, workflow)

    def plan(force: bool) -> Planned:
        return installation.install(owner, files, formats, force=force)

    planned = plan(force)
    if planned.conflicts:
        _refuse(planned, plan)
    finish(installation, planned, folder, only_shown=dry_run or check, check=check)


def finish(installation: Installation, planned: Planned, folder: str, *, only_shown: bool, check: bool) -> None:
    """Do what is planned, or show it; with `check` end with 1 if there is something to do."""
    for said in planned.notes:
        note(f"warning: {visible(said)}\n")
    if not only_shown:
        done = installation.perform(planned)
        out(f"{shown(folder)}: {_count(planned) if done else 'nothing to do'}\n")
        return
    for change in planned.changes:
        out(difference(change, out_paint()))
    if not planned.changes:
        out(f"{shown(folder)}: nothing to do\n")
    elif check:
        raise click.exceptions.Exit(1)


def _arguments(words: tuple[str, ...], named: str | None) -> tuple[str | None, str]:
    """The source, if one is named, and the folder of the project."""
    if len(words) > (1 if named else 2):
        raise click.UsageError("at most a source and the folder of a project can be given")
    if named:
        return named, words[0] if words else "."
    if len(words) == 1:
        return (None, words[0]) if Path(words[0]).is_dir() else (words[0], ".")
    return (words[0], words[1]) if words else (None, ".")


def _source(folder: str) -> str:
    """The source that the project names."""
    found = project_of(Path(folder)).path("build.file")
    if not found:
        raise click.UsageError("which source? Give FILE, or `file` under [build] in lattice.toml of the project")
    return found


def _emitted(
    file: str, target: str | None, mode: str | None, allowed: tuple[str, ...], workflow: str | None
) -> tuple[Owner, dict[str, str], dict[str, str]]:
    """Whose files are installed, the files, and the format of each that others share."""
    if file == STDIN:
        raise click.UsageError("a workflow is installed from a file")
    compiled = compile_file(file)
    project = compiled.project
    name = target or project.text("build.target")
    if not name:
        raise click.UsageError("for what? Give --target, or `target` under [build] in lattice.toml")
    made = target_module(name).TARGET
    plan = compiled.plan(workflow or project.text("build.workflow"))
    mode = checked_mode(made, mode or project.text("build.mode"))
    report_carried(compiled, plan, made, mode, allowed)
    formats = dict(getattr(made, "shared", {}))
    return Owner(made.name, plan.name), emit(plan, made, mode), formats


def _refuse(planned: Planned, plan: Callable[[bool], Planned]) -> None:
    """Say what stands in the way, with what `--force` would change there, and end with 2."""
    for conflict in planned.conflicts:
        note(f"conflict: `{visible(conflict.name)}`: {visible(conflict.why)}\n")
    names = {conflict.name for conflict in planned.conflicts}
    try:
        forced = plan(True).changes
    except Unusable as error:
        note(f"with --force: {error.message}\n")
        forced = []
    for change in forced:
        if change.name in names:
            out(difference(change, out_paint()))
    raise Unusable(
        "nothing was written: others have something else there. Take ours with --force; uninstall gives theirs back"
    )


def _count(planned: Planned) -> str:
    """What was done, in numbers."""
    written = sum(change.after is not None and not change.shared for change in planned.changes)
    merged = sum(change.after is not None and change.shared for change in planned.changes)
    removed = sum(change.after is None for change in planned.changes)
    counts = [(written, "written"), (merged, "merged"), (removed, "removed")]
    return ", ".join(f"{number} {what}" for number, what in counts if number) or "noted"
