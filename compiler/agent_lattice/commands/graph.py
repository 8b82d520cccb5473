"""`lattice graph FILE`: what the compiler understood, as a drawing."""

from __future__ import annotations

from importlib import import_module

import click

from agent_lattice.compiling import Compiled, compile_file
from agent_lattice.diagnostics import nearest
from agent_lattice.graph import Graph
from agent_lattice.reading import Unusable
from agent_lattice.terminal import out, out_json


@click.command("graph")
@click.argument("file")
@click.option(
    "--format", "form", type=click.Choice(["mermaid", "dot", "json"]), default="mermaid", help="How to print."
)
@click.option("--workflow", metavar="NAME", help="Only this workflow; without it all of the file.")
def graph_command(file: str, form: str, workflow: str | None) -> None:
    """Draw the steps of FILE and what can follow what."""
    text = import_module(f"agent_lattice.graph_renders.{form}").render(_wanted(compile_file(file), workflow))
    (out_json if form == "json" else out)(text)


def _wanted(compiled: Compiled, workflow: str | None) -> list[Graph]:
    program, graphs = compiled.require(), compiled.compilation.graphs
    if workflow is not None and workflow not in graphs:
        guess = nearest(workflow, graphs)
        raise Unusable(f"no workflow `{workflow}` in this file" + (f"; did you mean `{guess}`?" if guess else ""))
    own = [symbol.value.name for symbol in program.main.of_sort("workflow")]
    return [graphs[name] for name in ([workflow] if workflow else own)]
