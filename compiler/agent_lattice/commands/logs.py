"""`lattice replay`, `diff`, `events`, `trace`, `runs` and `verify`: what the log of a run says, and whether it is still true."""

from __future__ import annotations

import click

from agent_lattice.commanding import Value, carry_out_in_store, carry_out_on
from agent_lattice.commands.run import STORE, WORKFLOW

_STORE = click.option("--store", metavar="PATH", help="Where runs are kept.  [default: the only one in .lattice/]")
_JSON = click.option("--json", is_flag=True, help="JSON, one object a line.")


@click.command("replay")
@click.argument("words", nargs=-1, required=True, metavar="[FILE] RUN")
@STORE
@click.option("--against", metavar="FILE", help="The source whose code is run, in place of the word FILE.")
@click.option("--until", metavar="STEP", help="Show variables and results as they were just before STEP.")
@_JSON
@WORKFLOW
def replay_command(words: tuple[str, ...], against: str | None, workflow: str | None, **given: Value) -> None:
    """Run the code of FILE against the log of RUN: nothing is performed, the first divergence is shown."""
    if len(words) != (2 if against is None else 1):
        raise click.UsageError("name one source and one run: FILE RUN, or RUN --against FILE")
    carry_out_on(against or words[0], workflow, "replay", given | {"run": words[-1]})


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


@click.command("diff")
@click.argument("run_a")
@click.argument("run_b")
@_STORE
@click.option("--store-b", metavar="PATH", help="Where RUN_B is kept.  [default: as --store]")
@_JSON
def diff_command(**given: Value) -> None:
    """Show where RUN_A and RUN_B part, and every step that differs; the exit code is 0 when none does, else 1."""
    carry_out_in_store("diff", given)


@click.command("runs")
@click.option("--status", metavar="STATUS", multiple=True, help="Only runs in this status; may be repeated.")
@_STORE
@_JSON
def runs_command(**given: Value) -> None:
    """List the runs of a store, with what they wait for or why they failed."""
    carry_out_in_store("runs", given)


@click.command("verify")
@click.argument("run", required=False)
@_STORE
@click.option("--head", metavar="HASH", help="The hash of an event seen before: it must still be there.")
@_JSON
def verify_command(**given: Value) -> None:
    """Find the first altered, dropped, reordered or inserted event of RUN, or of all runs."""
    carry_out_in_store("verify", given)
