"""`lattice mcp FILE…`: what MCP servers offer, kept in the lock; `--check` tells how they differ from what was kept."""

from __future__ import annotations

import click

from agent_lattice import plan
from agent_lattice.compiling import Compiled, compile_file, show_findings
from agent_lattice.contacting import contact, servers_of, surface_at
from agent_lattice.lock import LockFile
from agent_lattice.locking import lock_of
from agent_lattice.reading import STDIN, shown
from agent_lattice.surface import Surface, plain
from agent_lattice.surface_drift import surface_drift
from agent_lattice.surface_text import declarations
from agent_lattice.terminal import note, out


@click.command("mcp")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 and say how servers differ from the lock.")
@click.option("--lock", metavar="PATH", help="The lock file; lattice.lock beside FILE if nothing else is said.")
def mcp_command(files: tuple[str, ...], check: bool, lock: str | None) -> None:
    """Start or reach every MCP server that the sources FILE... declare, and note in the lock what it offers.

    Tools that a source does not declare yet are printed as declarations to choose from. Needs the extra `mcp`.
    """
    drifted = False
    for file in files:
        drifted |= _look_at(file, check, lock)
    if check and drifted:
        raise click.exceptions.Exit(1)


def _look_at(file: str, check: bool, path: str | None) -> bool:
    """Take or compare the snapshots of one source; whether something differs. Raises Unusable."""
    if file == STDIN:
        raise click.UsageError("a lock stands beside a file: name one")
    compiled = compile_file(file, path)
    program = compiled.compilation.program
    servers = servers_of(program) if program else {}
    if not servers:
        if compiled.compilation.report.failed:
            show_findings(compiled.findings)
            raise click.exceptions.Exit(1)
        note(f"{shown(file)}: declares no MCP server\n")
        return False
    lock = lock_of(compiled, path)
    with contact() as sessions:
        found = {
            key: (tool, *surface_at(tool, compiled.opened.root / folder, sessions))
            for key, (tool, folder) in servers.items()
        }
    drifted = False
    for key, (tool, surface, said) in found.items():
        drifted |= _show(key, tool, surface, lock, check)
        if not check:
            out(declarations(tool, surface, said, _taken(compiled)))
            lock.put_surface(key, surface)
    if not check and lock.write():
        note(f"{lock.name}: written\n")
    return drifted


def _show(key: str, tool: plan.ToolSet, surface: Surface, lock: LockFile, check: bool) -> bool:
    """Say what a server is and how it differs from its snapshot; whether it does."""
    count = len(surface.tools)
    note(f"{tool.name}: {key}: protocol {surface.protocol}, {count} tool{'' if count == 1 else 's'}\n")
    before = lock.surface(key)
    if before is None:
        if check:
            note(f"  there is no snapshot of it in {lock.name} yet: `lattice mcp` takes one\n")
        return True
    sentences = list(map(plain, surface_drift(before, surface)))
    note("".join(f"  {sentence}\n" for sentence in sentences))
    return bool(sentences)


def _taken(compiled: Compiled) -> set[str]:
    """The names that declarations of a source have."""
    program = compiled.compilation.program
    return set(program.main.taken) if program else set()
