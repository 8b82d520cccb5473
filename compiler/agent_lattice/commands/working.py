"""`lattice worker` and `lattice enqueue`: many runs, driven by whoever is free."""

from __future__ import annotations

import click

from agent_lattice.commanding import Value, carry_out_on
from agent_lattice.commands.run import JSON, QUIET, SCRIPTED, STORE, WORKFLOW


@click.command("enqueue")
@click.argument("file")
@click.option("--input", metavar="JSON|FILE|-", help="The input: JSON, a file with it, or `-`.  [default: {}]")
@click.option("--run-id", metavar="ID", help="The name of the run; a known one is left as it is.")
@STORE
@JSON
@WORKFLOW
def enqueue_command(file: str, workflow: str | None, **given: Value) -> None:
    """Put a run of FILE into the store for a worker to start, and print its id."""
    carry_out_on(file, workflow, "enqueue", given)


@click.command("worker")
@click.argument("file")
@click.option("--limit", metavar="N", help="Runs at a time at most.  [default: 100]")
@click.option("--every", metavar="SECONDS", help="How often to look for runs that are due.  [default: 1]")
@click.option(
    "--deaths", metavar="N", help="Processes that may die of a run before a person has to resume it.  [default: 10]"
)
@click.option("--once", is_flag=True, help="Until no run is due that was not driven.")
@STORE
@SCRIPTED
@JSON
@QUIET
@WORKFLOW
def worker_command(file: str, workflow: str | None, **given: Value) -> None:
    """Drive every run of FILE that is due, until SIGTERM: then what goes on comes to its end, and all can be resumed."""
    carry_out_on(file, workflow, "worker", given)
