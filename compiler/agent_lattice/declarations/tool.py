"""`tool shop = python("shop_tools") { op … }`, `tool bank = http("https://…") { auth … op … }`, `tool docs = mcp("…") { … }`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from agent_lattice import plan
from agent_lattice.annotations import unquote
from agent_lattice.declarations import operations
from agent_lattice.declarations.doubts import verified
from agent_lattice.declarations.operations import OpNode, operations_of
from agent_lattice.declarations.protocols import MISPLACED_CLAUSE, ToolProtocol, misplaced, protocols
from agent_lattice.diagnostics import Code, Label, Report, did_you_mean
from agent_lattice.kind import Declaration
from agent_lattice.printer import Braces, Printer
from agent_lattice.program import Module, Symbol
from agent_lattice.records import field, record
from agent_lattice.settings import Rule, Setting, Value, read
from agent_lattice.source import NOWHERE, Span
from agent_lattice.tree import Junk, Name, Parts, Reader, Text

UNKNOWN_PROTOCOL = Code("LAT2420", "unknown-tool-protocol")


@record
class Clause:
    """`auth bearer TOKEN`, `auth header "X-Key" TOKEN`, `header "Accept": "x"`; `values` stand behind the word."""

    word: str
    values: tuple[Any, ...]
    text: str
    span: Span = field(default=NOWHERE, compare=False)

    def show(self, out: Printer) -> None:
        out.line(self.text)


@record
class ToolSetting:
    """`timeout: 10s`."""

    setting: Setting
    span: Span = field(default=NOWHERE, compare=False)

    def show(self, out: Printer) -> None:
        out.line(self.setting.shown)


def _read_auth(parts: Parts) -> Clause:
    secret, header = parts.name("TYPE_NAME"), parts.maybe(Text)
    text = f"auth header {header.raw} {secret}" if header else f"auth bearer {secret}"
    return Clause("auth", (header, secret), text, parts.span)


def _read_header(parts: Parts) -> Clause:
    name, value = parts.all(Text)
    return Clause("header", (name, value), f"header {name.raw}: {value.raw}", parts.span)


def _read_setting(parts: Parts) -> ToolSetting | Junk:
    value = parts.maybe(Value)
    return ToolSetting(Setting(parts.name(), value, parts.span), parts.span) if value else parts.one(Junk)


@record
class Tool:
    word: ClassVar[str] = "tool"
    summary: ClassVar[str] = (
        "operations of a Python module, an HTTP service or an MCP server, with their types and effects"
    )
    syntax: ClassVar[str] = (
        """
        %extend declaration: tool
        tool: "tool" NAME "=" NAME "(" (text | setting_env) ")" "{" (tool_item ","?)* "}"
        ?tool_item: operation | tool_auth | tool_header | tool_setting | junk
        tool_auth: "auth" ("bearer" | "header" text) TYPE_NAME
        tool_header: "header" text ":" text
        tool_setting: NAME ":" setting_value
    """
        + operations.SYNTAX
    )
    keys: ClassVar[dict[str, tuple[str, ...]]] = {
        "operation": ("@", "params", "output", "method", "path", "settings"),
        "tool_auth": ("bearer", "header", "secret"),
        "tool_header": ("@", "value"),
    }
    readers: ClassVar[dict[str, Reader]] = {
        "tool": lambda parts: Tool.read(parts),
        "tool_auth": _read_auth,
        "tool_header": _read_header,
        "tool_setting": _read_setting,
        **operations.READERS,
    }
    sort: ClassVar[str] = "tool"

    name: Name
    protocol: Name
    target: Text | Value
    items: tuple[OpNode | Clause | ToolSetting | Junk, ...]
    doc: str = ""
    braces: Span = field(default=NOWHERE, compare=False)
    span: Span = field(default=NOWHERE, compare=False)

    @classmethod
    def read(cls, parts: Parts) -> Tool:
        name, protocol = parts.names()
        target = parts.maybe(Value) or parts.one(Text)
        items = tuple(child for child in parts if isinstance(child, OpNode | Clause | ToolSetting | Junk))
        return cls(name, protocol, target, items, braces=parts.braces, span=parts.span)

    @staticmethod
    def settings_of() -> dict[str, tuple[dict[str, Rule], dict[str, Any]]]:
        """What settings there may be in a tool and in its operations, whatever its protocol."""
        own: dict[str, Rule] = {}
        of_operations = dict(operations.RULES)
        for protocol in protocols().values():
            own |= protocol.settings
            of_operations |= protocol.operation_settings
        return {"operation": (of_operations, {}), "tool_setting": (own, {})}

    def show(self, out: Printer) -> None:
        out.doc(self.doc)
        words = f"tool {self.name} = {self.protocol}({self.target.raw})"
        out.blocks(Braces(words, self.items, self.braces))

    def names(self) -> Iterable[Name]:
        return (self.name,)

    @property
    def nodes(self) -> tuple[OpNode, ...]:
        """The operations as they are written."""
        return tuple(item for item in self.items if isinstance(item, OpNode))

    @property
    def clauses(self) -> tuple[Clause, ...]:
        return tuple(item for item in self.items if isinstance(item, Clause))

    @property
    def settings(self) -> tuple[ToolSetting, ...]:
        return tuple(item for item in self.items if isinstance(item, ToolSetting))

    def signature(self, symbol: Symbol, report: Report) -> Any:
        known, module = protocols().get(self.protocol.text), symbol.module
        protocol = known or protocols()["python"]
        if known is None:
            help, fix = did_you_mean(self.protocol.text, protocols(), self.protocol.span)
            listed = " and ".join(f"`{word}`" for word in protocols())
            report.add(
                UNKNOWN_PROTOCOL,
                f"unknown kind of tool `{self.protocol}`",
                self.protocol.span,
                help=help or f"there are {listed}",
                fix=fix,
            )
            report = Report()  # what else is wrong depends on what was meant
        self._check_clauses(protocol, report)
        given = read(self._settings(protocol, report), protocol.settings, f"tool `{self.name}`", report)
        made = plan.ToolSet(
            name=symbol.unique,
            protocol=protocol.word,
            auth=self._auth(module, report),
            headers=tuple(
                sorted((unquote(c.values[0].raw), unquote(c.values[1].raw)) for c in self.clauses if c.word == "header")
            ),
            timeout=given["timeout"].value if "timeout" in given else 30.0,
            operations=tuple(operations_of(self.nodes, protocol, given, module, report)),
            doc=self.doc,
        )
        connected = known.connect(made, self, given, module, report) if known else made
        doubts = {node.name.text: value for node in reversed(self.nodes) if (value := node.setting("on_doubt"))}
        return verified(connected, doubts | ({"": given["on_doubt"]} if "on_doubt" in given else {}), report)

    def check(self, module: Module, report: Report) -> Any:
        """What only shows beside other files: the functions of a Python module, the snapshot of a server."""
        tool = module.symbols[self.name.text].value
        protocol = protocols().get(self.protocol.text)
        if protocol is not None:
            protocol.check(tool, self, module, report)
        return tool

    def _settings(self, protocol: ToolProtocol, report: Report) -> list[Setting]:
        """The settings; one that only other protocols have is reported as misplaced and left out."""
        owners = {name: other.word for other in reversed(protocols().values()) for name in other.settings}
        kept: list[Setting] = []
        for setting in (item.setting for item in self.settings):
            name = setting.name.text
            if name in protocol.settings or name not in owners:
                kept.append(setting)
            else:
                misplaced(name, setting.span, owners[name], protocol, report)
        return kept

    def _check_clauses(self, protocol: ToolProtocol, report: Report) -> None:
        seen: dict[str, Span] = {}
        for clause in self.clauses:
            if clause.word not in protocol.clauses:
                misplaced(clause.word, clause.span, "http", protocol, report)
            elif clause.word in seen and clause.word != "header":
                report.add(
                    MISPLACED_CLAUSE,
                    f"`{clause.word}` stands twice",
                    clause.span,
                    related=(Label(seen[clause.word], "first here"),),
                )
            seen.setdefault(clause.word, clause.span)

    def _auth(self, module: Module, report: Report) -> plan.Auth | None:
        clause = next((c for c in self.clauses if c.word == "auth"), None)
        if clause is None:
            return None
        header, secret = clause.values
        found = module.find(secret, "secret", report)
        return plan.Auth(unquote(header.raw) if header else "bearer", found) if isinstance(found, str) else None


DECLARATION: type[Declaration] = Tool
