"""`tool shop = python("shop_tools") { op … }` and `tool bank = http("https://…") { auth … op … }`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from agent_lattice import plan
from agent_lattice.annotations import Annotation, annotation, resolve, unquote
from agent_lattice.declarations.tool_http import base_url, check_http
from agent_lattice.declarations.tool_python import check_python
from agent_lattice.diagnostics import Code, Label, Report, did_you_mean
from agent_lattice.kind import Declaration
from agent_lattice.layout import Doc, Listed
from agent_lattice.printer import Braces, Printer
from agent_lattice.program import Module, Symbol
from agent_lattice.records import field, record
from agent_lattice.settings import MISSING_SETTING, WRONG_SETTING, Rule, Settings, Value, add_setting, read, seconds
from agent_lattice.source import NOWHERE, Span
from agent_lattice.tree import Junk, Name, Parts, Reader, Text

UNKNOWN_PROTOCOL = Code("LAT2420", "unknown-tool-protocol")
REPEATED_OPERATION = Code("LAT1214", "repeated-operation")
MISPLACED_CLAUSE = Code("LAT2421", "misplaced-tool-clause")
REPEATED_PARAMETER = Code("LAT1216", "repeated-parameter")

RULES = {
    "effect": Rule(
        "word", ("pure", "read", "write"), doc="pure: computes; read: looks at the world; write: changes it"
    ),
    "idempotent_by": Rule("word", doc="the parameter that makes a repeated write harmless"),
    "hosts": Rule("list", ("text",), doc="hosts a Python tool may connect to"),
    "files": Rule("list", ("text",), doc="files a Python tool may open, as globs"),
    "env": Rule("list", ("text",), doc="environment variables a Python tool may read"),
    "secrets": Rule("list", ("word",), doc="secrets a Python tool is given"),
}


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
    """`op name(params) -> type = POST "/path" { settings }`."""

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
        http = f" = {self.method} {self.path.raw}" if self.method and self.path else ""
        settings: Doc = (" ", self.settings.shown) if self.settings else ""
        out.line(
            f"op {self.name}", show_params(self.params, self.name, self.type), " -> ", self.type.shown, http, settings
        )


@record
class Clause:
    """`auth bearer TOKEN`, `auth header "X-Key" TOKEN`, `header "Accept": "x"`, `timeout: 10s`; `values` stand behind the word."""

    word: str
    values: tuple[Any, ...]
    text: str
    span: Span = field(default=NOWHERE, compare=False)

    def show(self, out: Printer) -> None:
        out.line(self.text)


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


def _read_auth(parts: Parts) -> Clause:
    secret, header = parts.name("TYPE_NAME"), parts.maybe(Text)
    text = f"auth header {header.raw} {secret}" if header else f"auth bearer {secret}"
    return Clause("auth", (header, secret), text, parts.span)


def _read_header(parts: Parts) -> Clause:
    name, value = parts.all(Text)
    return Clause("header", (name, value), f"header {name.raw}: {value.raw}", parts.span)


def _read_timeout(parts: Parts) -> Clause:
    raw = str(parts.token("DURATION"))
    return Clause("timeout", (seconds(raw),), f"timeout: {raw}", parts.span)


@record
class Tool:
    word: ClassVar[str] = "tool"
    summary: ClassVar[str] = "operations of a Python module or an HTTP service, with their types and effects"
    syntax: ClassVar[str] = """
        %extend declaration: tool
        tool: "tool" NAME "=" NAME "(" (text | setting_env) ")" "{" tool_item* "}"
        ?tool_item: operation | tool_auth | tool_header | tool_timeout | junk
        operation: "op" NAME "(" (param ("," param)* ","?)? ")" "->" type ("=" TYPE_NAME text)? settings?
        param: NAME ":" type
        tool_auth: "auth" ("bearer" | "header" text) TYPE_NAME
        tool_header: "header" text ":" text
        tool_timeout: "timeout" ":" DURATION
    """
    readers: ClassVar[dict[str, Reader]] = {
        "tool": lambda parts: Tool.read(parts),
        "operation": _read_op,
        "param": lambda parts: ParamNode(parts.name(), annotation(parts), parts.span),
        "tool_auth": _read_auth,
        "tool_header": _read_header,
        "tool_timeout": _read_timeout,
    }
    sort: ClassVar[str] = "tool"

    name: Name
    protocol: Name
    target: Text | Value
    items: tuple[OpNode | Clause | Junk, ...]
    doc: str = ""
    braces: Span = field(default=NOWHERE, compare=False)
    span: Span = field(default=NOWHERE, compare=False)

    @classmethod
    def read(cls, parts: Parts) -> Tool:
        name, protocol = parts.names()
        target = parts.maybe(Value) or parts.one(Text)
        items = tuple(child for child in parts if isinstance(child, OpNode | Clause | Junk))
        return cls(name, protocol, target, items, braces=parts.braces, span=parts.span)

    def show(self, out: Printer) -> None:
        out.doc(self.doc)
        words = f"tool {self.name} = {self.protocol}({self.target.raw})"
        out.blocks(Braces(words, self.items, self.braces))

    def names(self) -> Iterable[Name]:
        return (self.name,)

    def signature(self, symbol: Symbol, report: Report) -> Any:
        protocol = self.protocol.text
        if protocol not in ("python", "http"):
            help, fix = did_you_mean(protocol, ("python", "http"), self.protocol.span)
            report.add(
                UNKNOWN_PROTOCOL,
                f"unknown kind of tool `{protocol}`",
                self.protocol.span,
                help=help or "there are `python` and `http`",
                fix=fix,
            )
        clauses = self._clauses(report)
        operations = tuple(self._operations(symbol.module, report))
        return plan.ToolSet(
            name=symbol.unique,
            protocol=protocol,
            module=unquote(self.target.raw) if protocol == "python" and isinstance(self.target, Text) else None,
            base=base_url(self.target, report) if protocol == "http" else None,
            auth=self._auth(clauses, symbol.module, report),
            headers=tuple(
                sorted((unquote(c.values[0].raw), unquote(c.values[1].raw)) for c in clauses if c.word == "header")
            ),
            timeout=next((c.values[0] for c in clauses if c.word == "timeout"), 30.0),
            operations=operations,
            doc=self.doc,
        )

    def check(self, module: Module, report: Report) -> Any:
        """What only shows beside other files: the functions of a Python module; and what a service's address says."""
        tool = module.symbols[self.name.text].value
        nodes = [item for item in self.items if isinstance(item, OpNode)]
        if self.protocol.text == "python":
            check_python(tool, nodes, self.target, module, report)
        elif self.protocol.text == "http":
            check_http(nodes, report)
        return tool

    def _clauses(self, report: Report) -> list[Clause]:
        clauses = [item for item in self.items if isinstance(item, Clause)]
        if self.protocol.text == "python":
            for clause in clauses:
                report.add(
                    MISPLACED_CLAUSE,
                    f"`{clause.word}` belongs to an `http` tool",
                    clause.span,
                    help="a Python function makes its own requests; say what it may use with `secrets: […]`, `hosts: […]`",
                )
        seen: dict[str, Span] = {}
        for clause in clauses:
            if clause.word in seen and clause.word != "header":
                report.add(
                    MISPLACED_CLAUSE,
                    f"`{clause.word}` stands twice",
                    clause.span,
                    related=(Label(seen[clause.word], "first here"),),
                )
            seen.setdefault(clause.word, clause.span)
        return clauses

    @staticmethod
    def _auth(clauses: list[Clause], module: Module, report: Report) -> plan.Auth | None:
        clause = next((c for c in clauses if c.word == "auth"), None)
        if clause is None:
            return None
        header, secret = clause.values
        found = module.find(secret, "secret", report)
        return plan.Auth(unquote(header.raw) if header else "bearer", found) if isinstance(found, str) else None

    def _operations(self, module: Module, report: Report) -> Iterable[plan.Operation]:
        seen: dict[str, Span] = {}
        for node in (item for item in self.items if isinstance(item, OpNode)):
            if node.name.text in seen:
                related = (Label(seen[node.name.text], "the first one is here"),)
                report.add(
                    REPEATED_OPERATION, f"there is another operation `{node.name}`", node.name.span, related=related
                )
                continue
            seen[node.name.text] = node.name.span
            yield self._operation(node, module, report)

    def _operation(self, node: OpNode, module: Module, report: Report) -> plan.Operation:
        values = read(node.settings.items if node.settings else (), RULES, f"operation `{node.name}`", report)
        params = params_of(node.params, module, report)
        http = plan.HttpCall(node.method.text, unquote(node.path.raw)) if node.method and node.path else None
        return plan.Operation(
            name=node.name.text,
            params=params,
            type=resolve(node.type, module, report),
            effect=self._effect(node, values, report),
            key=_key(node, values.get("idempotent_by"), params, report),
            http=http,
            hosts=_texts(values.get("hosts")),
            files=_texts(values.get("files")),
            env=_texts(values.get("env")),
            secrets=_secrets(values.get("secrets"), module, report),
            doc=node.doc,
        )

    @staticmethod
    def _effect(node: OpNode, values: dict[str, Value], report: Report) -> str:
        if "effect" in values:
            return values["effect"].value.text  # type: ignore[no-any-return]
        if not node.settings or not any(setting.name.text == "effect" for setting in node.settings.items):
            fix = add_setting(node.settings, "effect: write") if node.settings else None
            report.add(
                MISSING_SETTING,
                f"the operation `{node.name}` does not say what it does to the world",
                node.name.span,
                help="say `{ effect: pure }`, `read` or, if unsure, `write`: resume and permissions depend on it",
                fix=fix,
            )
        return "write"


def params_of(nodes: Iterable[ParamNode], module: Module, report: Report) -> tuple[plan.Param, ...]:
    """Parameters of an operation or a workflow; a repeated name is reported."""
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
    return tuple(found.values())


def _key(node: OpNode, value: Value | None, params: tuple[plan.Param, ...], report: Report) -> str | None:
    if value is None:
        return None
    names = [param.name for param in params]
    if value.value.text not in names:
        help, fix = did_you_mean(value.value.text, names, value.span)
        report.add(WRONG_SETTING, f"`idempotent_by` names a parameter of `{node.name}`", value.span, help=help, fix=fix)
        return None
    return str(value.value.text)


def _texts(value: Value | None) -> tuple[str, ...]:
    return tuple(sorted({item.value for item in value.value})) if value else ()


def _secrets(value: Value | None, module: Module, report: Report) -> tuple[str, ...]:
    found = [module.find(item.value, "secret", report) for item in value.value] if value else []
    return tuple(sorted(secret for secret in found if isinstance(secret, str)))


DECLARATION: type[Declaration] = Tool
