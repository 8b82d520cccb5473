"""What is declared of an MCP server against the snapshot of its surface in the lock; and tools that are taken as it describes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from agent_lattice import plan
from agent_lattice.diagnostics import Code, Fix, Report, nearest, replace
from agent_lattice.program import Module
from agent_lattice.records import record
from agent_lattice.schema_kinds import Schema, gives, takes
from agent_lattice.schema_names import is_name, operation_name, type_name
from agent_lattice.schema_reading import SchemaReader
from agent_lattice.settings import MISSING_SETTING, Value
from agent_lattice.source import Span
from agent_lattice.surface import Surface, ToolShape, plain, server_key
from agent_lattice.types import NULL, STRING, Optional, Record, Type, Union, optional

UNKNOWN_TOOL = Code("LAT2453", "mcp-tool-not-found")
OTHER_PARAMETERS = Code("LAT2454", "mcp-parameters-differ")
OTHER_RESULT = Code("LAT2455", "mcp-result-differs")
NO_SNAPSHOT = Code("LAT2456", "mcp-snapshot-missing")
UNSAYABLE = Code("LAT2457", "mcp-tool-not-callable")


def check_surface(tool: plan.ToolSet, declared: Any, module: Module, report: Report) -> None:
    """The declared operations against the snapshot, where there is one."""
    surface = module.surfaces(server_key(tool))
    if surface is None:
        return
    by_name = {op.name: op for op in reversed(tool.operations)}
    for node in declared.nodes:
        operation = by_name[node.name.text]
        shape = surface.tools.get(operation.remote or "")
        if shape is None:
            near = nearest(operation.remote or "", surface.tools)
            _report_unknown(node.call_span, operation.remote or "", near, _renaming(node, near), surface, report)
        else:
            _check_params(node, operation, Schema(shape.input), report)
            _check_result(node, operation, shape, report)


def _renaming(node: Any, near: str | None) -> Fix | None:
    """Say which tool is meant; the name of the operation stays, since workflows use it."""
    if near is None:
        return None
    if node.path is not None:
        return replace(f"change to `{near}`", node.path.span, _quoted(near))
    return replace(f"call `{near}`", node.type.span.after(), f" = TOOL {_quoted(near)}")


def _report_unknown(span: Span, name: str, near: str | None, fix: Fix | None, surface: Surface, report: Report) -> None:
    listed = ", ".join(f"`{known}`" for known in list(surface.tools)[:10]) or "none"
    report.add(
        UNKNOWN_TOOL,
        f"the server has no tool `{name}`",
        span,
        help=f"did you mean `{near}`?" if near else "",
        fix=fix,
        notes=(plain(f"its tools, as the lock has them: {listed}"),),
    )


def _check_params(node: Any, operation: plan.Operation, schema: Schema, report: Report) -> None:
    properties = schema.properties
    missing = [name for name in schema.required if name not in {param.name.text for param in node.params}]
    types = {param.name: param.type for param in operation.params}
    for param in node.params:
        name, type = param.name.text, types[param.name.text]
        if name not in properties:
            if not _takes_more(schema):
                free = [each for each in properties if each not in types]
                near = nearest(name, free) or (missing[0] if len(missing) == 1 else None)
                missing = [each for each in missing if each != near]
                fix = replace(f"change to `{near}`", param.name.span, near) if near and is_name(near) else None
                help = f"did you mean `{near}`?" if near else ""
                _report_params(f"the tool has no parameter `{name}`", param.span, help, fix, report)
            continue
        wrong = next(takes(properties[name], type, f"`{name}`"), "")
        if not wrong and isinstance(type, Optional) and name in schema.required:
            wrong = f"`{name}` may be left out here, and is needed there"
        if wrong:
            _report_params(wrong, param.type.span, "", _retyping(param.type.span, schema, name), report)
    for name in missing:
        help = f"add `{name}: {_shown(properties[name])}`" if name in properties else ""
        _report_params(f"the tool needs the parameter `{name}`", node.name.span, help, None, report)


def _report_params(message: str, span: Span, help: str, fix: Fix | None, report: Report) -> None:
    report.add(OTHER_PARAMETERS, plain(message), span, help=plain(help), fix=fix)


def _takes_more(schema: Schema) -> bool:
    """Whether it says that other properties than those it names are welcome; most say nothing, and ignore them."""
    more = schema.get("additionalProperties")
    return more is True or isinstance(more, dict) or bool(schema.get("patternProperties")) or not schema.properties


def _retyping(span: Span, schema: Schema, name: str) -> Fix | None:
    """The parameter's type as the schema has it, where that needs no record."""
    text = _shown(schema.properties[name], name in schema.required)
    return replace(f"change to `{text}`", span, text) if text != "…" else None


def _shown(schema: Schema, required: bool = True) -> str:
    reader = SchemaReader(schema.root)
    type = reader.type_of(schema.value, "#", "T")
    return "…" if reader.declared else str(type if required else optional(type))


def _check_result(node: Any, operation: plan.Operation, shape: ToolShape, report: Report) -> None:
    if shape.output is None or operation.type == NULL or operation.type == STRING:
        return
    schema = Schema(shape.output)
    wrong = next(gives(schema, operation.type, "the result"), "")
    if wrong and list(schema.properties) == ["result"]:  # how servers wrap what is no object
        wrong = next(gives(schema.properties["result"], operation.type, "the result"), "")
    if wrong:
        report.add(
            OTHER_RESULT, plain(wrong), node.type.span, help="`lattice mcp FILE` prints the declarations that fit"
        )


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
    for name, item in wanted.items():
        if name not in surface.tools:
            near = nearest(name, surface.tools)
            fix = replace(f"change to `{near}`", item.span, near if is_name(near) else _quoted(near)) if near else None
            _report_unknown(item.span, name, near, fix, surface, report)
        elif (operation := _taken(tool, item, surface.tools[name], given, module, report)) is not None:
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
    return plan.Operation(
        name=operation_name(name),
        params=found.params,
        type=found.type,
        effect=_word(given, "effect", "write"),
        remote=name,
        returns=_word(given, "returns", "untrusted"),
    )


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


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
