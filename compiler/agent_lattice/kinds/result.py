"""`return e`: end the workflow with its result."""

from __future__ import annotations

from typing import ClassVar

from agent_lattice import plan
from agent_lattice.diagnostics import Code
from agent_lattice.expr.tree import Expr, shown
from agent_lattice.fitting import fit
from agent_lattice.kind import Kind, Scope
from agent_lattice.printer import Printer
from agent_lattice.records import field, record
from agent_lattice.source import NOWHERE, Span
from agent_lattice.tree import Reader

CONCURRENT_RETURN = Code("LAT3005", "return-in-concurrent-branch")


@record
class Return:
    word: ClassVar[str] = "return"
    summary: ClassVar[str] = "end the workflow with its result"
    syntax: ClassVar[str] = """
        %extend statement: return_statement
        return_statement: "return" expr
    """
    readers: ClassVar[dict[str, Reader]] = {"return_statement": lambda parts: Return(parts.one(Expr), parts.span)}

    value: Expr
    span: Span = field(default=NOWHERE, compare=False)

    def show(self, out: Printer) -> None:
        out.line("return ", shown(self.value))

    def check(self, scope: Scope) -> plan.Op | None:
        if scope.concurrent is not None:
            scope.report.add(
                CONCURRENT_RETURN,
                "a concurrent branch cannot return from the workflow",
                self.span,
                help="the other branches are still running: return behind the `parallel`, or end the run with `fail`",
            )
        value = fit(self.value, scope.body.output, scope, scope.report, f"the result of `{scope.body.name}`")
        return plan.Return(value, self.span)


KIND: type[Kind] = Return
