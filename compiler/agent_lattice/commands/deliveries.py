"""`lattice signal`, `approve`, `reject`, `resolve` and `cancel`: what people and other programs tell a run, once each."""

from __future__ import annotations

import click

from agent_lattice.commanding import Value, carry_out_on
from agent_lattice.commands.run import STORE, WORKFLOW

_BY = click.option("--by", metavar="WHO", help="Who says so.  [default: the name of the account]")
_ID = click.option("--id", metavar="ID", help="The delivery: what has the same id is delivered once.")
_REASON = click.option("--reason", metavar="TEXT", help="Why.")
_SHOWN = click.option(
    "--shown", metavar="DIGEST", help="The digest of what was shown elsewhere; it must still be shown."
)
_VALUE = click.option("--value", metavar="JSON|-", help="The value, or `-` for standard input.  [default: null]")
_JSON = click.option("--json", is_flag=True, help="The outcome as one JSON object.")


@click.command("signal")
@click.argument("file")
@click.argument("run")
@click.argument("name")
@_VALUE
@_BY
@_ID
@STORE
@_JSON
@WORKFLOW
def signal_command(file: str, workflow: str | None, **given: Value) -> None:
    """Send the run RUN of FILE a value under NAME; it stays in the log until a step waits for it."""
    carry_out_on(file, workflow, "signal", given)


@click.command("approve")
@click.argument("file")
@click.argument("run")
@click.argument("step", required=False)
@_BY
@_REASON
@click.option("--set", metavar="NAME=JSON", multiple=True, help="Another value for one that may be changed.")
@_SHOWN
@_ID
@STORE
@_JSON
@WORKFLOW
def approve_command(file: str, workflow: str | None, **given: Value) -> None:
    """Show what the run RUN of FILE asks, and say yes. STEP says what is meant where several steps ask."""
    carry_out_on(file, workflow, "approve", given)


@click.command("reject")
@click.argument("file")
@click.argument("run")
@click.argument("step", required=False)
@_BY
@_REASON
@_SHOWN
@_ID
@STORE
@_JSON
@WORKFLOW
def reject_command(file: str, workflow: str | None, **given: Value) -> None:
    """Show what the run RUN of FILE asks, and say no. STEP says what is meant where several steps ask."""
    carry_out_on(file, workflow, "reject", given)


@click.command("resolve")
@click.argument("file")
@click.argument("run")
@click.argument("step")
@click.option("--as", metavar="done|redo|fail", required=True, help="It was done, is to be done again, or has failed.")
@click.option("--value", metavar="JSON|-", help="The result of a write that was done, or `-` for standard input.")
@_BY
@_ID
@STORE
@_JSON
@WORKFLOW
def resolve_command(file: str, workflow: str | None, **given: Value) -> None:
    """Say what became of the write STEP of RUN, of which nobody knows whether it happened."""
    carry_out_on(file, workflow, "resolve", given)


@click.command("cancel")
@click.argument("file")
@click.argument("run")
@_REASON
@_BY
@_ID
@STORE
@_JSON
@WORKFLOW
def cancel_command(file: str, workflow: str | None, **given: Value) -> None:
    """Stop the run RUN of FILE for good: it starts nothing more, and takes back what it can."""
    carry_out_on(file, workflow, "cancel", given)
