"""Tools of an MCP server as operations, with the types that the snapshot of its surface describes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from agent_lattice import plan
from agent_lattice.declarations.doubts import ON_FAILURE, doubt_of, report_undecided
from agent_lattice.declarations.operations import REPEATED_OPERATION
from agent_lattice.diagnostics import Code, Edit, Fix, Report, nearest, replace
from agent_lattice.program import Module
from agent_lattice.records import record
from agent_lattice.records import replace as changed
from agent_lattice.schema_kinds import Schema
from agent_lattice.schema_names import is_name, operation_name, type_name
from agent_lattice.schema_reading import SchemaReader
from agent_lattice.settings import MISSING_SETTING, Value
from agent_lattice.surface import ToolShape, plain, server_key
from agent_lattice.surface_checks import quoted, report_unknown
from agent_lattice.types import STRING, Optional, Record, Type, Union, optional

NO_SNAPSHOT = Code("LAT2456", "mcp-snapshot-missing")
UNSAYABLE = Code("LAT2457", "mcp-tool-not-callable")


def allowed(tool: plan.ToolSet, given: Mapping[str, Value], module: Module, report: Report) -> Iterator[plan.Operation]:
    """The operations of `allow` that no `op` declares, as the snapshot describes their tools; `given` are the tool's settings."""
    items: Iterable[Value] = given["allow"].value if "allow" in given else ()
    declared = {op.remote for op in tool.operations} | {op.name for op in tool.operations}
    wanted = {str(item.value): item for item in items if str(item.value) not in declared}
    if not wanted:
        return
    surface = module.surfaces(server_key(tool))
    if surface is None:
        first = next(iter(wanted.values()))
        help = "run `lattice mcp FILE` to take one, or declare operations with `op`"
        report.add(NO_SNAPSHOT, "the lock has no snapshot of this server to take types from", first.span, help=help)
        return
    if "effect" not in given:
        first = next(iter(wanted.values()))
        help = "say `effect: pure`, `read` or, if unsure, `write`: resume and permissions depend on it"
        report.add(
            MISSING_SETTING, "tools of `allow` take their effect from the tool, which says none", first.span, help=help
        )
    elif _word(given, "effect", "write") == "write" and "on_doubt" not in given:
        at = given["effect"].span
        add = Fix(f"add `{ON_FAILURE}`", (Edit(at.after(), f", {ON_FAILURE}"),))
        report_undecided("a write of a tool of `allow`", at, add, report)
    names: set[str] = set()
    for name, item in wanted.items():
        if name not in surface.tools:
            near = nearest(name, surface.tools)
            fix = replace(f"change to `{near}`", item.span, near if is_name(near) else quoted(near)) if near else None
            report_unknown(item.span, name, near, fix, surface, report)
        elif operation_name(name) in {op.name for op in tool.operations} | names:
            report.add(REPEATED_OPERATION, f"there is another operation `{operation_name(name)}`", item.span)
        elif (operation := _taken(tool, item, surface.tools[name], given, module, report)) is not None:
            names.add(operation.name)
            yield operation


def _taken(
    tool: plan.ToolSet, item: Value, shape: ToolShape, given: Mapping[str, Value], module: Module, report: Report
) -> plan.Operation | None:
    name = str(item.value)
    try:
        found = signature(name, shape, module.taken, tool.name)
    except Unsayable as problem:
        message = f"the tool `{name}` cannot be called from here: {plain(str(problem))}"
        report.add(UNSAYABLE, message, item.span)
        return None
    module.made += [type for type in map(_inner, found.types.values()) if isinstance(type, Record | Union)]
    made = plan.Operation(
        name=operation_name(name),
        params=found.params,
        type=found.type,
        effect=_word(given, "effect", "write"),
        remote=name,
        returns=_word(given, "returns", "untrusted"),
    )
    doubt = doubt_of(given["on_doubt"], made, report) if "on_doubt" in given and made.effect == "write" else None
    return changed(made, doubt=doubt)


def _inner(type: Type) -> Type:
    return type.inner if isinstance(type, Optional) else type


def _word(given: Mapping[str, Value], setting: str, otherwise: str) -> str:
    return str(given[setting].value.text) if setting in given else otherwise


class Unsayable(Exception):
    """A tool that no operation can stand for; the message says what of it."""


@record
class Signature:
    """Parameters, needed ones first, and result of a tool; the types that they take; and what of its schemas no type says."""

    params: tuple[plan.Param, ...]
    type: Type
    types: dict[str, Type]
    lost: tuple[str, ...]


def signature(name: str, shape: ToolShape, taken: set[str], tool: str) -> Signature:
    """A tool as its schemas have it; names of its types are added to `taken`. Raises Unsayable."""
    stem, schema = type_name(tool, name), Schema(shape.input)
    reader = SchemaReader(shape.input, taken)
    params: list[plan.Param] = []
    for each in sorted(schema.properties, key=lambda each: each not in schema.required):
        needed = each in schema.required
        if is_name(each):
            type = reader.type_of(schema.get("properties")[each], f"#/properties/{each}", f"{stem}{type_name(each)}")
            params.append(plan.Param(each, type if needed else optional(type)))
        elif needed:
            raise Unsayable(f"its parameter `{each}` is no name")
    taken |= reader.declared.keys()
    if shape.output is None:
        return Signature(tuple(params), STRING, reader.declared, tuple(reader.lost))
    result = SchemaReader(shape.output, taken)
    output = Schema(shape.output)
    wrapped = list(output.properties) == ["result"]
    value = output.get("properties")["result"] if wrapped else shape.output
    type = result.type_of(value, "#", f"{stem}Result")
    taken |= result.declared.keys()
    return Signature(tuple(params), type, {**reader.declared, **result.declared}, (*reader.lost, *result.lost))
