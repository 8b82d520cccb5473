"""What is declared of an MCP server against the snapshot of its surface in the lock."""

from __future__ import annotations

from typing import Any

from agent_lattice import plan
from agent_lattice.diagnostics import Code, Fix, Report, nearest, replace
from agent_lattice.program import Module
from agent_lattice.schema_kinds import Schema, gives, takes
from agent_lattice.schema_names import is_name
from agent_lattice.schema_reading import SchemaReader
from agent_lattice.source import Span
from agent_lattice.surface import Surface, ToolShape, plain, server_key
from agent_lattice.types import NULL, STRING, Optional, optional

UNKNOWN_TOOL = Code("LAT2453", "mcp-tool-not-found")
OTHER_PARAMETERS = Code("LAT2454", "mcp-parameters-differ")
OTHER_RESULT = Code("LAT2455", "mcp-result-differs")


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
            report_unknown(node.call_span, operation.remote or "", near, _renaming(node, near), surface, report)
        else:
            _check_params(node, operation, Schema(shape.input), report)
            _check_result(node, operation, shape, report)


def _renaming(node: Any, near: str | None) -> Fix | None:
    """Say which tool is meant; the name of the operation stays, since workflows use it."""
    if near is None:
        return None
    if node.path is not None:
        return replace(f"change to `{near}`", node.path.span, quoted(near))
    return replace(f"call `{near}`", node.type.span.after(), f" = TOOL {quoted(near)}")


def report_unknown(span: Span, name: str, near: str | None, fix: Fix | None, surface: Surface, report: Report) -> None:
    """Report a tool that the snapshot does not have; `near` is one that may be meant."""
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
    types = {param.name: param.type for param in operation.params}
    missing = [name for name in schema.required if name not in types]
    for param in node.params:
        name, type = param.name.text, types[param.name.text]
        if name in properties:
            wrong = next(takes(properties[name], type, f"`{name}`"), "")
            if not wrong and isinstance(type, Optional) and name in schema.required:
                wrong = f"`{name}` may be left out here, and is needed there"
            if wrong:
                _report_params(wrong, param.type.span, "", _retyping(param.type.span, schema, name), report)
        elif not _takes_more(schema):
            near = nearest(name, properties.keys() - types.keys()) or (missing[0] if len(missing) == 1 else None)
            missing = [each for each in missing if each != near]
            _report_strange(name, param.name.span, near, report)
    for name in missing:
        help = f"add `{name}: {_shown(properties[name])}`" if name in properties else ""
        _report_params(f"the tool needs the parameter `{name}`", node.name.span, help, None, report)


def _report_strange(name: str, span: Span, near: str | None, report: Report) -> None:
    fix = replace(f"change to `{near}`", span, near) if near and is_name(near) else None
    help = f"did you mean `{near}`?" if near else ""
    _report_params(f"the tool has no parameter `{name}`", span, help, fix, report)


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


def quoted(text: str) -> str:
    """A text as a string of the language."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
