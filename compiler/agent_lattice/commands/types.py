"""`lattice types FILE`: the types of a source as JSON Schema, or those of a JSON Schema as declarations."""

from __future__ import annotations

import json
from pathlib import PurePath
from typing import Any

import click

from agent_lattice.compiling import compile_file
from agent_lattice.diagnostics import nearest
from agent_lattice.reading import Unusable, read_json, shown
from agent_lattice.terminal import note, out, out_json
from agent_lattice.types import Type

DIALECT = "https://json-schema.org/draft/2020-12/schema"


@click.command("types")
@click.argument("file")
@click.option(
    "--type",
    "name",
    metavar="NAME",
    help="Of a source: only the schema of this type. Of a schema: the name of its root.",
)
def types_command(file: str, name: str | None) -> None:
    """Print the types that FILE.lat declares as a JSON Schema (2020-12), or those of a schema in FILE.json as declarations.

    What a schema says and no type can is listed on standard error, with its place; the exit code is then 1.
    """
    if file.endswith(".json"):
        _print_declarations(file, name)
    else:
        _print_schema(file, name)


def _print_schema(file: str, name: str | None) -> None:
    from agent_lattice_targets.python.schemas import json_schema

    program = compile_file(file).require()
    declared: dict[str, Type] = {symbol.name: symbol.value for symbol in program.main.of_sort("type")}
    if name is not None and name not in declared:
        guess = nearest(name, declared)
        raise Unusable(f"{shown(file)} declares no type {name}" + (f"; did you mean {guess}?" if guess else ""))
    if name is not None:
        schema = json_schema(declared[name])
    else:
        schemas = {each: json_schema(type) for each, type in declared.items()}
        inner = {key: value for one in schemas.values() for key, value in one.get("$defs", {}).items()}
        own = {each: {k: v for k, v in one.items() if k != "$defs"} for each, one in schemas.items()}
        schema = {"$defs": dict(sorted({**inner, **own}.items()))}
    out_json(json.dumps({"$schema": DIALECT, **schema}, ensure_ascii=False, indent=2) + "\n")


def _print_declarations(file: str, name: str | None) -> None:
    from agent_lattice.driver import format_source
    from agent_lattice.schema_names import type_name
    from agent_lattice.schema_reading import SchemaReader
    from agent_lattice.type_text import declarations

    schema: Any = read_json(file, shown(file))
    title = schema.get("title") if isinstance(schema, dict) else None
    reader = SchemaReader(schema)
    types = reader.read(name or type_name(title if isinstance(title, str) else PurePath(file).name.split(".")[0]))
    _, text, _ = format_source("types.lat", declarations(types, reader.docs).encode())
    out(text)
    for line in reader.lost:
        note(f"{shown(file)}: {line}\n")
    if reader.lost:
        raise click.exceptions.Exit(1)
