"""`lattice schema [NAME]`: the JSON Schemas of everything that is read and written."""

from __future__ import annotations

import click

from agent_lattice.diagnostics import nearest
from agent_lattice.published import SCHEMAS, published, schema_text
from agent_lattice.reading import Unusable
from agent_lattice.terminal import out, out_json


@click.command("schema")
@click.argument("name", required=False)
def schema_command(name: str | None) -> None:
    """Print the JSON Schema (2020-12) called NAME; without one, list what there is."""
    if name is None:
        out("".join(f"{known:<13} {about}\n" for known, (about, _) in SCHEMAS.items()))
    elif name not in SCHEMAS:
        guess = nearest(name, SCHEMAS)
        hint = f"did you mean `{guess}`?" if guess else "`lattice schema` lists all"
        raise Unusable(f"there is no schema `{name}`; {hint}")
    else:
        out_json(schema_text(published(name)))
