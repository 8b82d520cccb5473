"""`order = shop.get_order(id: order_id)`: call an operation of a declared tool."""

from __future__ import annotations

from typing import ClassVar

from agent_lattice import plan
from agent_lattice.diagnostics import Code, did_you_mean, replace
from agent_lattice.fitting import bind
from agent_lattice.kind import Kind, Scope
from agent_lattice.printer import Printer
from agent_lattice.records import field, record
from agent_lattice.source import NOWHERE, Span
from agent_lattice.tree import Arg, Name, Parts, Reader
from agent_lattice.types import UNKNOWN

UNNAMED_STEP = Code("LAT1208", "unnamed-step")
UNKNOWN_OPERATION = Code("LAT2201", "unknown-operation")


@record
class ToolCall:
    word: ClassVar[str] = "tool call"
    summary: ClassVar[str] = "call an operation of a declared tool; a durable step"
    syntax: ClassVar[str] = """
        %extend statement: tool_call
        tool_call: (NAME "=")? NAME "." NAME "(" arguments? ")"
    """
    readers: ClassVar[dict[str, Reader]] = {"tool_call": lambda parts: ToolCall.read(parts)}

    name: Name | None
    tool: Name
    operation: Name
    args: tuple[Arg, ...]
    span: Span = field(default=NOWHERE, compare=False)

    @classmethod
    def read(cls, parts: Parts) -> ToolCall:
        *name, tool, operation = parts.names()
        args = parts.maybe(list) or []
        return cls(name[0] if name else None, tool, operation, tuple(args), parts.span)

    def show(self, out: Printer) -> None:
        target = f"{self.name} = " if self.name else ""
        out.line(f"{target}{self.tool}.{self.operation}", out.args(self.operation, self.args))

    def check(self, scope: Scope) -> plan.Op | None:
        name = self.name or self._unnamed(scope)
        step = scope.step(name)
        operation = self._operation(scope)
        callee = f"{self.tool}.{self.operation}"
        type = operation.type if operation else UNKNOWN
        args = bind(self.args, operation.params, scope, scope.report, callee, self.span) if operation else ()
        scope.define(name, type, "step result")
        return plan.Tool(step, name.text, self._unique(scope), args, type, self.span)

    def _unnamed(self, scope: Scope) -> Name:
        guess = scope.unused(self.operation.text, lambda name: name in scope.steps or scope.binding(name) is not None)
        scope.report.add(
            UNNAMED_STEP,
            "a step needs a name",
            Span(self.span.source, self.tool.span.start, self.operation.span.end),
            help="its name is its identity in events and replays",
            fix=replace(f"name it `{guess}`", self.span.before(), f"{guess} = "),
        )
        return Name(guess, self.tool.span)

    def _operation(self, scope: Scope) -> plan.Operation | None:
        tool = scope.module.find(self.tool, "tool", scope.report)
        if not isinstance(tool, plan.ToolSet):
            return None
        known = scope.module.operations
        if self.tool.text not in known:
            known[self.tool.text] = {op.name: op for op in reversed(tool.operations)}  # of two of a name the first one
        found = known[self.tool.text].get(self.operation.text)
        if found is None:
            names = [op.name for op in tool.operations]
            help, fix = did_you_mean(self.operation.text, names, self.operation.span)
            scope.report.add(
                UNKNOWN_OPERATION,
                f"`{self.tool}` has no operation `{self.operation}`",
                self.operation.span,
                help=help or f"it has {', '.join(f'`{name}`' for name in names)}",
                fix=fix,
            )
        return found

    def _unique(self, scope: Scope) -> str:
        symbol = scope.module.symbols.get(self.tool.text)
        return f"{symbol.unique if symbol else self.tool}.{self.operation}"


KIND: type[Kind] = ToolCall
