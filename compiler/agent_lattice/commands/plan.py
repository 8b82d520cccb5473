"""`lattice plan FILE`: the plan, the plain data that targets and the runtime get to see."""

from __future__ import annotations

import json

import click

from agent_lattice.compiling import compile_file
from agent_lattice.terminal import out, out_json


@click.command("plan")
@click.argument("file")
@click.option("--workflow", metavar="NAME", help="The workflow to run.")
@click.option("--digest", is_flag=True, help="Only the digest of the plan.")
@click.option("--pretty", is_flag=True, help="Indented, for reading; not the canonical text.")
def plan_command(file: str, workflow: str | None, digest: bool, pretty: bool) -> None:
    """Print the plan of FILE as canonical JSON (RFC 8785), as `schemas/plan.schema.json` describes it."""
    from agent_lattice_runtime.canonical import canonical

    from agent_lattice.plan_data import plan_data

    plan = compile_file(file).plan(workflow)
    if digest:
        out(f"{plan.digest}\n")
        return
    text = canonical(plan_data(plan))
    out_json((json.dumps(json.loads(text), ensure_ascii=False, indent=2) if pretty else text) + "\n")
