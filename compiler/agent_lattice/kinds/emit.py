"""`emit progress(done: 3)`: write a custom event."""

from __future__ import annotations

from typing import ClassVar

from agent_lattice import plan
from agent_lattice.diagnostics import Code
from agent_lattice.expr.check import check
from agent_lattice.fitting import REPEATED_ARGUMENT
from agent_lattice.kind import Kind, Scope
from agent_lattice.printer import Printer
from agent_lattice.records import field, record
from agent_lattice.source import NOWHERE, Span
from agent_lattice.terms import Term
from agent_lattice.tree import Arg, Name, Reader

UNNAMED_PAYLOAD = Code("LAT2240", "unnamed-payload")


@record
class Emit:
    word: ClassVar[str] = "emit"
    summary: ClassVar[str] = "write the event `custom.NAME` with named values"
    syntax: ClassVar[str] = """
        %extend statement: emit
        emit: "emit" NAME "(" arguments? ")"
    """
    readers: ClassVar[dict[str, Reader]] = {
        "emit": lambda parts: Emit(parts.name(), tuple(parts.maybe(list) or []), parts.span)
    }

    event: Name
    payload: tuple[Arg, ...]
    span: Span = field(default=NOWHERE, compare=False)

    def show(self, out: Printer) -> None:
        out.line(f"emit {self.event}", out.args(self.event, self.payload))

    def check(self, scope: Scope) -> plan.Op | None:
        payload: dict[str, Term] = {}
        for arg in self.payload:
            term = check(arg.value, scope, scope.report)
            if arg.name is None:
                scope.report.add(
                    UNNAMED_PAYLOAD, "a value of an event needs a name", arg.span, help="write `name: value`"
                )
            elif arg.name.text in payload:
                scope.report.add(REPEATED_ARGUMENT, f"the value `{arg.name}` is given twice", arg.span)
            else:
                payload[arg.name.text] = term
        step = scope.free_step(self.event.text, self.event.span)
        return plan.Emit(step, self.event.text, tuple(sorted(payload.items())), self.span)


KIND: type[Kind] = Emit
