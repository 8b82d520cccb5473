"""Tools of an MCP server as declarations to paste: `type`s, and an `op` for each that is not declared yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from agent_lattice import plan
from agent_lattice.schema_types import TypeReader, Unsayable, operation_name
from agent_lattice.surface import Surface, ToolShape, plain
from agent_lattice.surface_checks import signature
from agent_lattice.types import STRING, Record


def declarations(tool: plan.ToolSet, surface: Surface, said: Mapping[str, str], taken: set[str]) -> str:
    """The text; "" when every tool is declared. `said` is what the server says of each tool, `taken` are names of types."""
    declared = {op.remote for op in tool.operations}
    missing = {name: shape for name, shape in surface.tools.items() if name not in declared}
    if not missing:
        return ""
    reader = TypeReader(taken, unknown=STRING)
    names: set[str] = {op.name for op in tool.operations}
    lines = [
        line
        for name, shape in missing.items()
        for line in _operation(name, shape, said.get(name, ""), reader, names, tool.name)
    ]
    types = [line for made in reader.records.values() for line in _type(made)]
    head = [f"// of the tool `{tool.name}`: choose, and say what each does to the world"]
    return "\n".join([*types, *head, *lines]) + "\n"


def _operation(name: str, shape: ToolShape, said: str, reader: TypeReader, names: set[str], tool: str) -> Iterator[str]:
    if said:
        yield f"// it says: {plain(said)}"
    before = len(reader.vague)
    try:
        params, type = signature(name, shape, reader, tool)
    except Unsayable as problem:
        yield f"// no declaration for {_quoted(name)}: {plain(str(problem))}"
        return
    yield from (f"// not said in types: {plain(why)}" for why in reader.vague[before:])
    own = operation_name(name)
    while own in names:
        own += "_2"
    names.add(own)
    listed = ", ".join(f"{param.name}: {param.type}" for param in params)
    remote = "" if own == name else f" = TOOL {_quoted(name)}"
    yield f"op {own}({listed}) -> {type}{remote} {{ effect: write }}"


def _type(made: Record) -> Iterator[str]:
    yield f"type {made.name} {{"
    yield from (f"  {field.name}: {field.type}" for field in made.fields.values())
    yield "}"


def _quoted(text: str) -> str:
    return '"' + plain(text).replace("\\", "\\\\").replace('"', '\\"') + '"'
