"""What is declared of an MCP server against the snapshot of its surface in the lock; and tools that are taken as it describes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from agent_lattice import plan
from agent_lattice.diagnostics import Code, Fix, Report, nearest, replace
from agent_lattice.program import Module
from agent_lattice.schema_kinds import Schema, gives, takes
from agent_lattice.schema_types import TypeReader, Unsayable, is_name, operation_name, type_name
from agent_lattice.settings import MISSING_SETTING, Value
from agent_lattice.source import Span
from agent_lattice.surface import Surface, ToolShape, plain, server_key
from agent_lattice.types import NULL, STRING, Optional, Type, optional

UNKNOWN_TOOL = Code("LAT2453", "mcp-tool-not-found")
OTHER_PARAMETERS = Code("LAT2454", "mcp-parameters-differ")
OTHER_RESULT = Code("LAT2455", "mcp-result-differs")
NO_SNAPSHOT = Code("LAT2456", "mcp-snapshot-missing")
UNSAYABLE = Code("LAT2457", "mcp-tool-without-types")


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
    reader = TypeReader(set())
    try:
        type = reader.type(schema, "T")
    except Unsayable:
        return "…"
    return "…" if reader.records else str(type if required else optional(type))


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
    reader = TypeReader(module.taken)
    try:
        params, type = signature(name, shape, reader, tool.name)
    except Unsayable as problem:
        help = "declare it with `op`, with the types that you use of it"
        report.add(
            UNSAYABLE, f"the tool `{name}` has no types in this language: {plain(str(problem))}", item.span, help=help
        )
        return None
    module.records += reader.records.values()
    return plan.Operation(
        name=operation_name(name),
        params=params,
        type=type,
        effect=_word(given, "effect", "write"),
        remote=name,
        returns=_word(given, "returns", "untrusted"),
    )


def _word(given: Mapping[str, Value], setting: str, otherwise: str) -> str:
    return str(given[setting].value.text) if setting in given else otherwise


def signature(name: str, shape: ToolShape, reader: TypeReader, tool: str) -> tuple[tuple[plan.Param, ...], Type]:
    """Parameters, needed ones first, and result of a tool as its schemas have them. Raises Unsayable."""
    schema = Schema(shape.input)
    stem = type_name(tool, name)
    params: list[plan.Param] = []
    for each, inner in sorted(schema.properties.items(), key=lambda item: item[0] not in schema.required):
        needed = each in schema.required
        if not is_name(each):
            if needed:
                raise Unsayable(f"its parameter `{each}` is no name")
            continue
        type = reader.type(inner, f"{stem}{type_name(each)}")
        params.append(plan.Param(each, type if needed else optional(type)))
    if shape.output is None:
        return tuple(params), STRING
    output = Schema(shape.output)
    wrapped = list(output.properties) == ["result"]
    return tuple(params), reader.type(output.properties["result"] if wrapped else output, f"{stem}Result")


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
