"""What steps have in common that run something declared elsewhere: `name = word callee(arguments)`."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from agent_lattice import plan
from agent_lattice.fitting import bind
from agent_lattice.kind import Scope
from agent_lattice.printer import Printer
from agent_lattice.records import field, record
from agent_lattice.source import NOWHERE, Span
from agent_lattice.step_clauses import Clauses, show_clauses, timeout_of
from agent_lattice.tree import Arg, Name, Parts
from agent_lattice.types import UNKNOWN


@record
class Invocation:
    """Of a workflow or an agent: both have parameters and give a value."""

    word: ClassVar[str]
    sort: ClassVar[str]
    """What the callee is."""
    operation: ClassVar[Any]
    """Takes what `plan.Call` and `plan.Run` take."""

    name: Name
    callee: Name
    args: tuple[Arg, ...]
    limits: Clauses | None = None
    span: Span = field(default=NOWHERE, compare=False)

    @classmethod
    def read(cls, parts: Parts) -> Self:
        name, callee = parts.names()
        return cls(name, callee, tuple(parts.maybe(list) or []), parts.maybe(Clauses), parts.span)

    def show(self, out: Printer) -> None:
        words = (f"{self.name} = {self.word} {self.callee}", out.args(self.callee, self.args, self.limits))
        show_clauses(words, self.limits, out)

    def check(self, scope: Scope) -> plan.Op | None:
        step = scope.step(self.name)
        found = scope.module.find(self.callee, self.sort, scope.report)
        known = found if isinstance(found, plan.Workflow | plan.Agent) else None
        args = bind(self.args, known.params, scope, scope.report, self.callee.text, self.span) if known else ()
        type = known.type if known else UNKNOWN
        scope.define(self.name, type, "step result")
        callee, timeout = known.name if known else self.callee.text, timeout_of(self.limits, scope.report)
        op: plan.Op = self.operation(step, self.name.text, callee, args, type, self.span, timeout=timeout)
        return op
