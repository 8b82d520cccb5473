"""`lattice run FILE` and `lattice resume FILE RUN`: compiled in memory, run and logged as a package would."""

from __future__ import annotations

import click

from agent_lattice.commanding import Value, carry_out_on

STORE = click.option("--store", metavar="PATH", help="Where runs are kept.  [default: .lattice/WORKFLOW.db]")
SCRIPTED = click.option("--scripted", metavar="FILE", help="Replies to give in place of asking models.")
JSON = click.option("--json", is_flag=True, help="The outcome as one JSON object.")
QUIET = click.option("--quiet", is_flag=True, help="Do not show the steps.")
WORKFLOW = click.option("--workflow", metavar="NAME", help="The workflow to run.")


@click.command("run")
@click.argument("file")
@click.option("--input", metavar="JSON|FILE|-", help="The input: JSON, a file with it, or `-`.  [default: {}]")
@STORE
@click.option("--run-id", metavar="ID", help="The name of the run; a known one is continued.")
@SCRIPTED
@JSON
@QUIET
@WORKFLOW
def run_command(file: str, workflow: str | None, **given: Value) -> None:
    """Compile FILE in memory and run it: steps on standard error, the result as JSON on standard output.

    Every event is durable before the next step; a run that was killed goes on with `lattice resume FILE RUN`.
    """
    carry_out_on(file, workflow, "run", given)


@click.command("resume")
@click.argument("file")
@click.argument("run", required=False)
@click.option("--all-due", is_flag=True, help="In place of RUN: every run that nobody drives and that is due.")
@STORE
@SCRIPTED
@JSON
@QUIET
@WORKFLOW
def resume_command(file: str, workflow: str | None, **given: Value) -> None:
    """Go on with the run RUN of FILE where its log ends; nothing that is committed happens again."""
    carry_out_on(file, workflow, "resume", given)
