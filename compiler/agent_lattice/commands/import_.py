"""`lattice import CLIENT DIR`: the agents, skills, MCP servers and permissions of a project of a coding-agent client as declarations."""

from __future__ import annotations

import json
from pathlib import Path

import click

from agent_lattice.compiling import surfaces_at
from agent_lattice.fixing import write_file
from agent_lattice.importing import claude, codex, copilot, opencode
from agent_lattice.importing.folder import Folder
from agent_lattice.importing.writing import source_of
from agent_lattice.project import project_of
from agent_lattice.reading import Unusable, shown
from agent_lattice.terminal import note, out_json

CLIENTS = {"claude": claude.read, "codex": codex.read, "opencode": opencode.read, "copilot": copilot.read}


@click.command("import")
@click.argument("client", type=click.Choice([*CLIENTS]))
@click.argument("folder", metavar="DIR")
@click.option("-o", "output", metavar="FILE", help="Write this file in place of standard output.")
@click.option(
    "--lock",
    metavar="PATH",
    help="The lock with snapshots of servers; lattice.lock beside FILE if nothing else is said.",
)
@click.option("--json", "as_json", is_flag=True, help="For programs: the source and the report.")
def import_command(client: str, folder: str, output: str | None, lock: str | None, as_json: bool) -> None:
    """Print what a project of a client in DIR declares: its MCP servers as tools, its agents, skills and commands as agents.

    What no declaration stands for is listed on standard error, with its file; the exit code is then 1. No server is started and no
    value of a variable is read.
    """
    root = Path(folder)
    if not root.is_dir():
        raise Unusable(f"cannot read {shown(folder)}: it is no folder")
    found = Folder(root)
    project = CLIENTS[client](found)
    if not found.seen:
        raise Unusable(f"{shown(folder)} holds nothing that {client} reads")
    beside = Path(output).parent if output else root
    text = source_of(project, found, surfaces_at(beside, lock or project_of(beside).path("build.lock")))
    losses = found.losses
    if output is not None:
        write_file(output, text.encode())
    if as_json:
        report = [{"file": loss.file, "item": loss.item, "reason": loss.reason} for loss in losses]
        out_json(json.dumps({"source": text, "report": report}, ensure_ascii=False, indent=2) + "\n")
    else:
        if output is None:
            out_json(text)
        note("".join(f"{loss.file}: {loss.item}: {loss.reason}\n" for loss in losses))
    if losses:
        raise click.exceptions.Exit(1)
