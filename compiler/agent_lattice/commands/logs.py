"""`lattice replay`, `events`, `trace`, `runs` and `verify`: what the log of a run says, and whether it is still true."""

from __future__ import annotations

from pathlib import Path

import click
from agent_lattice_runtime import commands

from agent_lattice.commands.run import failures
from agent_lattice.reading import Unusable

_STORE = click.option("--store", metavar="PATH", help="Where runs are kept.  [default: the only one in .lattice/]")
_JSON = click.option("--json", "as_json", is_flag=True, help="JSON, one object a line.")


@click.command("replay")
@click.argument("file")
@click.argument("run")
@click.option("--store", metavar="PATH", help="Where runs are kept.  [default: .lattice/WORKFLOW.db]")
@_JSON
@click.option("--workflow", metavar="NAME", help="The workflow to run.")
def replay_command(file: str, run: str, store: str | None, as_json: bool, workflow: str | None) -> None:
    """Run the code of FILE against the log of RUN: nothing is performed, the first divergence is shown."""
    from agent_lattice.compiling import compile_file
    from agent_lattice.loading import load

    plan = compile_file(file).plan(workflow)
    with failures():
        made = load(plan)
        code = commands.replay_command(made, run, store or commands.default_store(made.name), as_json=as_json)
    raise click.exceptions.Exit(code)


@click.command("events")
@click.argument("run")
@_STORE
@_JSON
def events_command(run: str, store: str | None, as_json: bool) -> None:
    """Show the log of RUN, an event a line."""
    with failures():
        raise click.exceptions.Exit(commands.events_command(run, store or _only_store(), as_json=as_json))


@click.command("trace")
@click.argument("run")
@_STORE
@_JSON
def trace_command(run: str, store: str | None, as_json: bool) -> None:
    """Show what RUN did when, how long each step took, and what models used."""
    with failures():
        raise click.exceptions.Exit(commands.trace_command(run, store or _only_store(), as_json=as_json))


@click.command("runs")
@_STORE
@_JSON
def runs_command(store: str | None, as_json: bool) -> None:
    """List the runs of a store."""
    with failures():
        raise click.exceptions.Exit(commands.runs_command(store or _only_store(), as_json=as_json))


@click.command("verify")
@click.argument("run", required=False)
@_STORE
@click.option("--head", metavar="HASH", help="The hash of an event seen before: it must still be there.")
@_JSON
def verify_command(run: str | None, store: str | None, head: str | None, as_json: bool) -> None:
    """Find the first altered, dropped, reordered or inserted event of RUN, or of all runs."""
    with failures():
        code = commands.verify_command(run, store or _only_store(), head=head, as_json=as_json)
    raise click.exceptions.Exit(code)


def _only_store() -> str:
    """The store below this folder, when there is one and no other."""
    found = sorted(path.as_posix() for path in Path(".lattice").glob("*.db"))
    if len(found) == 1:
        return found[0]
    if found:
        raise Unusable(f"there are several stores: say which with --store: {', '.join(found)}")
    raise Unusable("there are no runs in .lattice/ below this folder; say where with --store")
