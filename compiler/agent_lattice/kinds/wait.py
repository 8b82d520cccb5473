"""`wait 2h`, `wait for order.delay`, `wait until order.due`: go on later; nothing runs meanwhile."""

from __future__ import annotations

from typing import ClassVar

from agent_lattice import plan
from agent_lattice.durations import Length, checked_seconds, read_length
from agent_lattice.expr.tree import Expr, shown
from agent_lattice.fitting import fit
from agent_lattice.kind import Kind, Scope
from agent_lattice.printer import Printer
from agent_lattice.records import field, record
from agent_lattice.source import NOWHERE, Span
from agent_lattice.tree import Parts, Reader
from agent_lattice.types import DURATION, TIMESTAMP


@record
class Wait:
    word: ClassVar[str] = "wait"
    summary: ClassVar[str] = "go on after a span of time or at a moment; a waiting run holds no process"
    syntax: ClassVar[str] = """
        %extend statement: wait
        wait: "wait" (DURATION | "for" expr | "until" expr)
    """
    readers: ClassVar[dict[str, Reader]] = {"wait": lambda parts: Wait.read(parts)}

    how: str
    """Empty, `for` or `until`."""
    value: Length | Expr
    span: Span = field(default=NOWHERE, compare=False)

    @classmethod
    def read(cls, parts: Parts) -> Wait:
        how = "for" if parts.has("for") else "until" if parts.has("until") else ""
        return cls(how, parts.one(Expr) if how else read_length(parts), parts.span)

    def show(self, out: Printer) -> None:
        if isinstance(self.value, Length):
            out.line(f"wait {self.value.raw}")
        else:
            out.line(f"wait {self.how} ", shown(self.value))

    def check(self, scope: Scope) -> plan.Op | None:
        step = scope.free_step("wait", self.span)
        if isinstance(self.value, Length):
            checked_seconds(self.value, "this wait", scope.report)
            return plan.Wait(step, self.value.term(scope), self.span)
        type, what = (TIMESTAMP, "what `until` names") if self.how == "until" else (DURATION, "how long to wait")
        return plan.Wait(step, fit(self.value, type, scope, scope.report, what), self.span)


KIND: type[Kind] = Wait
