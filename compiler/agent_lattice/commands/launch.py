"""`lattice launch TARGET [-- WORDS]`: what its client needs is looked at, then the client takes the place of this process."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from agent_lattice.commands.build import target_module
from agent_lattice.reading import Unusable, reason
from agent_lattice.terminal import note, note_paint

if TYPE_CHECKING:
    from agent_lattice_clients.target import ClientTarget

    from agent_lattice.launching.workflows import Installed


@click.command("launch")
@click.argument("name", metavar="TARGET")
@click.argument("words", nargs=-1, metavar="[-- WORDS]")
@click.option("--workflow", metavar="NAME", help="The workflow, where the project has several for the client.")
@click.option("--headless", is_flag=True, help="Let the client do its work and end, without asking anybody.")
@click.option("--project", "folder", default=".", metavar="DIR", help="The project; this folder if nothing is said.")
@click.option("--no-doctor", is_flag=True, help="Start without looking at anything first.")
def launch_command(
    name: str, words: tuple[str, ...], workflow: str | None, headless: bool, folder: str, no_doctor: bool
) -> None:
    """Start the client of TARGET in a workflow that is built or installed in a project; WORDS are what the workflow is to do.

    First what `lattice doctor TARGET` looks at: an error ends the command with 1. A person who starts an interactive
    client is asked by it for the trust that is missing. Then the client has the terminal, and its exit code counts.
    """
    from agent_lattice.installing.project_folder import ProjectFolder
    from agent_lattice.launching.programs import located
    from agent_lattice.launching.workflows import chosen, installed

    target, project = client_target(name), ProjectFolder(Path(folder))
    found = chosen(installed(project, target), folder, target, workflow)
    if not no_doctor:
        _look(target, found, headless)
    path = located(target)
    if path is None:
        raise Unusable(f"{target.program} is not on PATH: {target.title} is not installed")
    launch = target.launch(found.slug, words, mode=found.mode, headless=headless)
    _become(path, launch.words, project.root)


def client_target(name: str) -> ClientTarget:
    """A target for a coding agent. Raises Unusable for any other."""
    from agent_lattice_clients.target import ClientTarget

    found: Any = target_module(name).TARGET
    if not isinstance(found, ClientTarget):
        raise Unusable(f"the target `{name}` is for no client that could be started")
    return found


def _look(target: ClientTarget, workflow: Installed, headless: bool) -> None:
    """Say what is odd; end the command where something is wrong."""
    from agent_lattice.launching.diagnosis import diagnosis
    from agent_lattice.launching.findings import BAD, GOOD, lines
    from agent_lattice.launching.programs import look_at_program

    found = [look_at_program(target), *diagnosis(target, workflow, os.environ, asks=not headless)]
    note(lines([finding for finding in found if finding.state != GOOD], note_paint()))
    if any(finding.state == BAD for finding in found):
        note(f"{target.program} was not started; --no-doctor starts it nevertheless\n")
        raise click.exceptions.Exit(1)


def _become(path: str, words: tuple[str, ...], folder: Path) -> NoReturn:
    """Be the client, in a folder: terminal, signals and exit code are its own. Raises Unusable."""
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        os.chdir(folder)
        os.execve(path, words, {**os.environ, "PWD": str(folder)})
    except (OSError, ValueError) as error:
        raise Unusable(f"{words[0]} cannot be started: {reason(error)}") from None
