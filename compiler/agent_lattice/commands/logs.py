"""`lattice replay`, `events`, `trace`, `runs` and `verify`: what the log of a run says, and whether it is still true."""

from __future__ import annotations

import click

from agent_lattice.commanding import Value, carry_out_in_store, carry_out_on
from agent_lattice.commands.run import STORE, WORKFLOW

_STORE = click.option("--store", metavar="PATH", help="Where runs are kept.  [default: the only one in .lattice/]")
_JSON = click.option("--json", is_flag=True, help="JSON, one object a line.")


@click.command("replay")
@click.argument("file")
@click.argument("run")
@STORE
@_JSON
@WORKFLOW
def replay_command(file: str, workflow: str | None, **given: Value) -> None:
    """Run the code of FILE against the log of RUN: nothing is performed, the first divergence is shown."""
    carry_out_on(file, workflow, "replay", given)


@click.command("events")
@click.argument("run")
@_STORE
@_JSON
def events_command(**given: Value) -> None:
    """Show the log of RUN, an event a line."""
    carry_out_in_store("events", given)


@click.command("trace")
@click.argument("run")
@_STORE
@_JSON
def trace_command(**given: Value) -> None:
    """Show what RUN did when, how long each step took, and what models used."""
    carry_out_in_store("trace", given)


@click.command("runs")
@_STORE
@_JSON
def runs_command(**given: Value) -> None:
    """List the runs of a store."""
    carry_out_in_store("runs", given)


@click.command("verify")
@click.argument("run", required=False)
@_STORE
@click.option("--head", metavar="HASH", help="The hash of an event seen before: it must still be there.")
@_JSON
def verify_command(**given: Value) -> None:
    """Find the first altered, dropped, reordered or inserted event of RUN, or of all runs."""
    carry_out_in_store("verify", given)
