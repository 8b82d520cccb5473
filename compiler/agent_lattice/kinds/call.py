"""`reply = call answer(ticket: t)`: run another workflow as a child."""

from __future__ import annotations

from typing import ClassVar

from agent_lattice import plan
from agent_lattice.fitting import bind
from agent_lattice.kind import Kind, Scope
from agent_lattice.printer import Printer
from agent_lattice.records import field, record
from agent_lattice.source import NOWHERE, Span
from agent_lattice.tree import Arg, Name, Parts, Reader
from agent_lattice.types import UNKNOWN


@record
class Call:
    word: ClassVar[str] = "call"
    summary: ClassVar[str] = "run another workflow as a child; its steps live under this step's name"
    syntax: ClassVar[str] = """
        %extend statement: call_step
        call_step: NAME "=" "call" NAME "(" arguments? ")"
    """
    readers: ClassVar[dict[str, Reader]] = {"call_step": lambda parts: Call.read(parts)}

    name: Name
    workflow: Name
    args: tuple[Arg, ...]
    span: Span = field(default=NOWHERE, compare=False)

    @classmethod
    def read(cls, parts: Parts) -> Call:
        name, workflow = parts.names()
        return cls(name, workflow, tuple(parts.maybe(list) or []), parts.span)

    def show(self, out: Printer) -> None:
        out.line(f"{self.name} = call {self.workflow}", out.args(self.workflow, self.args))

    def check(self, scope: Scope) -> plan.Op | None:
        step = scope.step(self.name)
        found = scope.module.find(self.workflow, "workflow", scope.report)
        workflow = found if isinstance(found, plan.Workflow) else None
        args = bind(self.args, workflow.params, scope, scope.report, self.workflow.text, self.span) if workflow else ()
        type = workflow.type if workflow else UNKNOWN
        scope.define(self.name, type, "step result")
        return plan.Call(step, self.name.text, workflow.name if workflow else self.workflow.text, args, type, self.span)


KIND: type[Kind] = Call
