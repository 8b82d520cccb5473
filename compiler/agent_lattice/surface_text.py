"""Tools of an MCP server as declarations to paste: `type`s, and an `op` for each that is not declared yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from agent_lattice import plan
from agent_lattice.schema_names import operation_name
from agent_lattice.surface import Surface, plain
from agent_lattice.surface_checks import quoted
from agent_lattice.surface_operations import Signature, Unsayable, signature
from agent_lattice.type_text import declarations as type_declarations
from agent_lattice.types import Type


def declarations(tool: plan.ToolSet, surface: Surface, said: Mapping[str, str], taken: set[str]) -> str:
    """The text; "" when every tool is declared. `said` is what the server says of each tool, `taken` are names of types."""
    declared = {op.remote for op in tool.operations}
    missing = {name: shape for name, shape in surface.tools.items() if name not in declared}
    if not missing:
        return ""
    names: set[str] = {op.name for op in tool.operations}
    types: dict[str, Type] = {}
    lines = [f"// of the tool `{tool.name}`: choose, and say what each does to the world"]
    for name, shape in missing.items():
        try:
            found = signature(name, shape, taken, tool.name)
        except Unsayable as problem:
            lines.append(f"// no declaration for {quoted(name)}: {plain(str(problem))}")
            continue
        types |= found.types
        lines += _operation(name, said.get(name, ""), found, names)
    return "\n".join([type_declarations(types, {}), *lines] if types else lines) + "\n"


def _operation(name: str, said: str, found: Signature, names: set[str]) -> Iterator[str]:
    if said:
        yield f"// it says: {plain(said)}"
    yield from (f"// not said in types: {plain(why)}" for why in found.lost if "`default`" not in why)
    own = operation_name(name)
    while own in names:
        own += "_2"
    names.add(own)
    listed = ", ".join(f"{param.name}: {param.type}" for param in found.params)
    remote = "" if own == name else f" = TOOL {quoted(name)}"
    yield f"op {own}({listed}) -> {found.type}{remote} {{ effect: write, on_doubt: fail }}"
