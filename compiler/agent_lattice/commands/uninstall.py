"""`lattice uninstall [NAME] [PROJECT]`: what installs have put into a project goes; every other byte stays. It needs no source."""

from __future__ import annotations

from pathlib import Path

import click

from agent_lattice.commands.install import finish
from agent_lattice.diagnostics import nearest
from agent_lattice.installing.installation import Installation
from agent_lattice.installing.record import Owner
from agent_lattice.reading import Unusable, shown
from agent_lattice.terminal import out


@click.command("uninstall")
@click.argument("words", nargs=-1, metavar="[NAME] [PROJECT]")
@click.option("--target", metavar="NAME", help="What it was installed for; everything if nothing is said.")
@click.option("--dry-run", is_flag=True, help="Write nothing; show what would change.")
@click.option("--check", is_flag=True, help="As --dry-run; exit with 1 if something would change.")
def uninstall_command(words: tuple[str, ...], target: str | None, dry_run: bool, check: bool) -> None:
    """Take the workflow NAME, or all, out of the folder PROJECT, this one if none is given.

    A single word is NAME when a workflow of that name is installed here, else PROJECT. Files are again what they were
    before; what others have edited since stays as they left it.
    """
    name, folder = _arguments(words)
    installation = Installation(Path(folder))
    owners = list(installation.known.owners.values())
    found = [owner.key for owner in owners if name in (None, owner.workflow) and target in (None, owner.target)]
    if not found and (name or target) and not installation.intent:
        raise Unusable(_nothing(name, target, owners))
    only_shown = dry_run or check
    if not found and not only_shown:
        installation.perform(installation.uninstall([]))
        out(f"{shown(folder)}: nothing is installed\n")
        return
    finish(installation, installation.uninstall(found), folder, only_shown=only_shown, check=check)


def _arguments(words: tuple[str, ...]) -> tuple[str | None, str]:
    """The workflow, if one is named, and the folder of the project."""
    if len(words) > 2:
        raise click.UsageError("at most a workflow and the folder of a project can be given")
    if len(words) == 2:
        return words[0], words[1]
    if not words:
        return None, "."
    (word,) = words
    here = any(owner.workflow == word for owner in Installation(Path()).known.owners.values())
    if here and Path(word).is_dir():
        raise click.UsageError(f"`{word}` is a workflow and a folder: write ./{word} for the folder, or `{word} .`")
    return (None, word) if not here and Path(word).is_dir() else (word, ".")


def _nothing(name: str | None, target: str | None, owners: list[Owner]) -> str:
    """Why there is nothing to take out, with what there is."""
    what = f"no workflow `{name}` is installed" if name else "nothing is installed"
    said = f"{what} for `{target}`" if target else what
    names = {owner.workflow for owner in owners}
    if name and name not in names and (guess := nearest(name, names)):
        return f"{said}; did you mean `{guess}`?"
    listed = ", ".join(f"`{owner.workflow}` for {owner.target}" for owner in owners)
    return f"{said}; there is {listed}" if listed else said
