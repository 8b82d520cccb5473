"""`lattice eval EXPR`: the value of one expression, as JSON."""

from __future__ import annotations

from typing import Any

import click

from agent_lattice.compiling import show_findings
from agent_lattice.reading import Unusable, read_json
from agent_lattice.renders.columns import visible
from agent_lattice.renders.findings import Finding
from agent_lattice.terminal import note, note_paint, out_json


@click.command("eval", context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]})
@click.argument("expr")
@click.option("--bindings", metavar="FILE|JSON", help="An object with the variables; `-` reads standard input.")
def eval_command(expr: str, bindings: str | None) -> None:
    """Evaluate the CEL expression EXPR and print its value as JSON.

    An int beyond ±(2^53-1) is printed as a string of digits, NaN and the infinities as their names.
    Exit code 1 and the error when the expression has no value.
    """
    from agent_lattice_runtime.canonical import canonical
    from agent_lattice_runtime.cel import CelError
    from agent_lattice_runtime.errors import Failure

    from agent_lattice.expr.evaluate import WrongExpression, evaluate, wire

    variables = _variables(bindings)
    try:
        out_json(canonical(wire(evaluate(expr, variables))) + "\n")
    except WrongExpression as error:
        show_findings(Finding(diagnostic) for diagnostic in error.report.sorted())
        raise click.exceptions.Exit(1) from None
    except (CelError, Failure) as error:
        note(f"{note_paint()('error', 'error')}: {visible(str(error))}\n")
        raise click.exceptions.Exit(1) from None


def _variables(bindings: str | None) -> dict[str, Any]:
    if bindings is None:
        return {}
    found = read_json(bindings, "--bindings")
    if not isinstance(found, dict):
        raise Unusable("--bindings is no JSON object with the variables")
    return found
