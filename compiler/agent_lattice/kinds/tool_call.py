"""`order = shop.get_order(id: order_id)`: call an operation of a declared tool."""

from __future__ import annotations

from typing import Any, ClassVar

from agent_lattice import plan
from agent_lattice.called_operations import find_operation, unique_operation
from agent_lattice.fitting import bind
from agent_lattice.kind import Kind, Scope, unnamed_step
from agent_lattice.printer import Printer
from agent_lattice.records import field, record
from agent_lattice.source import NOWHERE, Span
from agent_lattice.step_clauses import READERS, SYNTAX, Clauses, check_clauses, limit, show_clauses, single_clauses
from agent_lattice.tree import Arg, Name, Parts, Reader
from agent_lattice.types import UNKNOWN


@record
class ToolCall:
    word: ClassVar[str] = "tool call"
    summary: ClassVar[str] = "call an operation of a declared tool; a durable step"
    syntax: ClassVar[str] = (
        """
        %extend statement: tool_call
        tool_call: (NAME "=")? NAME "." NAME "(" arguments? ")" step_clauses?
    """
        + SYNTAX
    )
    readers: ClassVar[dict[str, Reader]] = {"tool_call": lambda parts: ToolCall.read(parts), **READERS}

    name: Name | None
    tool: Name
    operation: Name
    args: tuple[Arg, ...]
    clauses: Clauses | None = None
    span: Span = field(default=NOWHERE, compare=False)

    @classmethod
    def read(cls, parts: Parts) -> ToolCall:
        *name, tool, operation = parts.names()
        args = tuple(parts.maybe(list) or [])
        clauses = parts.maybe(Clauses)
        has_some = clauses if clauses and clauses.items else None
        return cls(name[0] if name else None, tool, operation, args, has_some, parts.span)

    def show(self, out: Printer) -> None:
        target = f"{self.name} = " if self.name else ""
        words = (f"{target}{self.tool}.{self.operation}", out.args(self.operation, self.args, self.clauses))
        show_clauses(words, self.clauses, out)

    def check(self, scope: Scope) -> plan.Op | None:
        name = self.name or unnamed_step(self.operation.text, self.tool.span.to(self.operation.span), self.span, scope)
        step = scope.step(name)
        operation = find_operation(self.tool, self.operation, scope)
        callee = f"{self.tool}.{self.operation}"
        type = operation.type if operation else UNKNOWN
        args = bind(self.args, operation.params, scope, scope.report, callee, self.span) if operation else ()
        scope.define(name, type, "step result")
        single: dict[str, Any] = single_clauses(self.clauses.items, scope.report) if self.clauses else {}
        if self.clauses and operation:
            check_clauses(self.clauses, single, operation, scope.report)
        return plan.Tool(
            step,
            name.text,
            unique_operation(self.tool, self.operation, scope),
            args,
            type,
            self.span,
            single["retry"].checked(scope.report) if "retry" in single else None,
            limit(single.get("timeout"), scope.report),
            single["compensate"].checked(scope) if "compensate" in single else None,
        )


KIND: type[Kind] = ToolCall
