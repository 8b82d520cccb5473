"""`op name(parameters) -> type = POST "/path" { settings }`: the operations of a tool, whatever its protocol."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from agent_lattice import plan
from agent_lattice.annotations import WRONG_REFINEMENT, Annotation, annotation, resolve
from agent_lattice.declarations.doubts import ON_DOUBT, ON_FAILURE, doubt_of, report_undecided
from agent_lattice.declarations.protocols import Given, ToolProtocol
from agent_lattice.diagnostics import Code, Edit, Fix, Label, Report, did_you_mean
from agent_lattice.layout import Doc, Listed
from agent_lattice.printer import Printer
from agent_lattice.program import Module
from agent_lattice.records import field, record
from agent_lattice.records import replace as changed
from agent_lattice.settings import MISSING_SETTING, WRONG_SETTING, Rule, Settings, Value, add_setting, read
from agent_lattice.source import NOWHERE, Span
from agent_lattice.tree import Name, Parts, Reader, Text
from agent_lattice.types import is_hidden

REPEATED_OPERATION = Code("LAT1214", "repeated-operation")
REPEATED_PARAMETER = Code("LAT1216", "repeated-parameter")

SYNTAX = """
operation: "op" NAME "(" (param ("," param)* ","?)? ")" "->" type ("=" TYPE_NAME text)? settings?
param: NAME ":" type
"""

RULES = {
    "effect": Rule(
        "word", ("pure", "read", "write"), doc="pure: computes; read: looks at the world; write: changes it"
    ),
    "idempotent_by": Rule("word", doc="the parameter that makes a repeated write harmless"),
    "on_doubt": ON_DOUBT,
}
"""Settings of every operation."""


@record
class ParamNode:
    """`name: type`."""

    name: Name
    type: Annotation
    span: Span = field(default=NOWHERE, compare=False)

    @property
    def shown(self) -> Doc:
        return (f"{self.name}: ", self.type.shown)


@record
class OpNode:
    """`op name(params) -> type = METHOD "what" { settings }`."""

    name: Name
    params: tuple[ParamNode, ...]
    type: Annotation
    method: Name | None
    path: Text | None
    settings: Settings | None
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)

    def show(self, out: Printer) -> None:
        out.doc(self.doc)
        call = f" = {self.method} {self.path.raw}" if self.method and self.path else ""
        settings: Doc = (" ", self.settings.shown) if self.settings else ""
        out.line(
            f"op {self.name}", show_params(self.params, self.name, self.type), " -> ", self.type.shown, call, settings
        )

    def setting(self, name: str) -> Value | None:
        """The value of a setting, None when it is not there."""
        settings = self.settings.items if self.settings else ()
        return next((setting.value for setting in settings if setting.name.text == name), None)

    @property
    def call_span(self) -> Span:
        """Where `METHOD "what"` stands, else the name."""
        return self.method.span.to(self.path.span) if self.method and self.path else self.name.span


def read_params(parts: Parts) -> tuple[ParamNode, ...]:
    return tuple(parts.all(ParamNode))


def show_params(params: Iterable[ParamNode], name: Name, type: Annotation) -> Doc:
    """Parameters in their parentheses, which stand between a name and a type."""
    places, within = tuple(param.span for param in params), name.span.after().to(type.span.before())
    return Listed("(", tuple(param.shown for param in params), ")", places=places, span=within)


def _read_op(parts: Parts) -> OpNode:
    method = parts.name("TYPE_NAME") if parts.token("TYPE_NAME") else None
    return OpNode(
        parts.name(),
        read_params(parts),
        annotation(parts),
        method,
        parts.maybe(Text),
        parts.maybe(Settings),
        span=parts.span,
    )


READERS: dict[str, Reader] = {
    "operation": _read_op,
    "param": lambda parts: ParamNode(parts.name(), annotation(parts), parts.span),
}


def operations_of(
    nodes: Iterable[OpNode], protocol: ToolProtocol, given: Given, module: Module, report: Report
) -> Iterable[plan.Operation]:
    """The declared operations; a repeated name is reported. `given` are the settings of the tool."""
    seen: dict[str, Span] = {}
    for node in nodes:
        if node.name.text in seen:
            related = (Label(seen[node.name.text], "the first one is here"),)
            report.add(REPEATED_OPERATION, f"there is another operation `{node.name}`", node.name.span, related=related)
            continue
        seen[node.name.text] = node.name.span
        yield _operation(node, protocol, given, module, report)


def _operation(node: OpNode, protocol: ToolProtocol, given: Given, module: Module, report: Report) -> plan.Operation:
    rules = RULES | protocol.operation_settings
    values = read(node.settings.items if node.settings else (), rules, f"operation `{node.name}`", report)
    params = params_of(node.params, module, report)
    made = plan.Operation(
        name=node.name.text,
        params=params,
        type=resolve(node.type, module, report),
        effect=_effect(node, values, given, report),
        key=_key(node, values.get("idempotent_by"), params, report),
        files=texts(values.get("files")),
        hosts=texts(values.get("hosts")),
        env=texts(values.get("env")),
        secrets=secrets(values.get("secrets"), module, report),
        doc=node.doc,
        **protocol.call(node, dict(given) | values, report),
    )
    return changed(made, doubt=_doubt(node, made, values, given, report))


def _effect(node: OpNode, values: Given, given: Given, report: Report) -> str:
    chosen = values.get("effect") or given.get("effect")
    if chosen is not None:
        return str(chosen.value.text)
    if not node.settings or not any(setting.name.text == "effect" for setting in node.settings.items):
        decided = any(node.setting(name) for name in ("idempotent_by", "on_doubt"))
        text = "effect: write" if decided else f"effect: write, {ON_FAILURE}"
        fix = add_setting(node.settings, text) if node.settings else None
        report.add(
            MISSING_SETTING,
            f"the operation `{node.name}` does not say what it does to the world",
            node.name.span,
            help="say `{ effect: pure }`, `read` or, if unsure, `write`: resume and permissions depend on it",
            fix=fix,
        )
    return "write"


def _doubt(node: OpNode, made: plan.Operation, values: Given, given: Given, report: Report) -> plan.Doubt | None:
    """What follows when nobody knows whether it happened; of a write without a key something must say it."""
    if "on_doubt" in values:
        return doubt_of(values["on_doubt"], made, report)
    if made.effect != "write" or any(node.setting(name) for name in ("idempotent_by", "on_doubt")):
        return None
    if "on_doubt" in given:
        return doubt_of(given["on_doubt"], made, report)
    if "effect" in values or "effect" in given:
        add = Fix(f"add `{ON_FAILURE}`", (Edit(node.span.after(), f" {{ {ON_FAILURE} }}"),))
        fix = add_setting(node.settings, ON_FAILURE) if node.settings else add
        report_undecided(f"`{node.name}`", node.name.span, fix, report)
    return None


def _key(node: OpNode, value: Value | None, params: tuple[plan.Param, ...], report: Report) -> str | None:
    if value is None:
        return None
    names = [param.name for param in params]
    if value.value.text not in names:
        help, fix = did_you_mean(value.value.text, names, value.span)
        report.add(WRONG_SETTING, f"`idempotent_by` names a parameter of `{node.name}`", value.span, help=help, fix=fix)
        return None
    return str(value.value.text)


def texts(value: Value | None) -> tuple[str, ...]:
    """A setting that lists strings, sorted and each once."""
    return tuple(sorted({item.value for item in value.value})) if value else ()


def secrets(value: Value | None, module: Module, report: Report) -> tuple[str, ...]:
    """A setting that lists secrets, sorted; unknown ones are reported."""
    found: list[Any] = [module.find(item.value, "secret", report) for item in value.value] if value else []
    return tuple(sorted({secret for secret in found if isinstance(secret, str)}))


def params_of(
    nodes: Iterable[ParamNode], module: Module, report: Report, *, given: bool = False
) -> tuple[plan.Param, ...]:
    """Parameters of an operation, an agent or a workflow; a repeated name is reported, and a label unless the values are
    `given` from outside."""
    found: dict[str, plan.Param] = {}
    first: dict[str, Span] = {}
    for node in nodes:
        name = node.name.text
        if name in found:
            related = (Label(first[name], "the first one is here"),)
            report.add(REPEATED_PARAMETER, f"there is another parameter `{name}`", node.name.span, related=related)
            continue
        first[name] = node.name.span
        found[name] = plan.Param(name, resolve(node.type, module, report))
        if not given and is_hidden(found[name].type):
            help = "label the field or the parameter of the workflow by which it comes in"
            report.add(
                WRONG_REFINEMENT, "this value comes from the workflow, which has it already", node.span, help=help
            )
    return tuple(found.values())
