"""`lattice fork FILE RUN`: a new run that begins as an old one did."""

from __future__ import annotations

import click

from agent_lattice.commanding import Value, carry_out_on
from agent_lattice.commands.run import STORE, WORKFLOW


@click.command("fork")
@click.argument("file")
@click.argument("run")
@click.option(
    "--from", metavar="STEP", help="Where it begins anew.  [default: the step that failed, or the end of the log]"
)
@click.option(
    "--set", multiple=True, metavar="NAME=VALUE", help="Another value of a parameter, or result of an earlier step."
)
@click.option("--id", metavar="ID", help="The name of the new run.")
@click.option("--resume", is_flag=True, help="Go on with it at once.")
@STORE
@click.option("--scripted", metavar="FILE", help="Replies to give in place of asking models.")
@click.option("--json", is_flag=True, help="What was made, or with --resume the outcome, as one JSON object.")
@click.option("--quiet", is_flag=True, help="Do not show the steps.")
@WORKFLOW
def fork_command(file: str, workflow: str | None, **given: Value) -> None:
    """Make a run that begins as RUN did, up to a step: effects before it are not repeated."""
    carry_out_on(file, workflow, "fork", given)
