"""`finding = run researcher(question: q)`: let a declared agent work until it answers."""

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
class Run:
    word: ClassVar[str] = "run"
    summary: ClassVar[str] = "let an agent work until it answers; its turns live under this step's name"
    syntax: ClassVar[str] = """
        %extend statement: run_step
        run_step: NAME "=" "run" NAME "(" arguments? ")"
    """
    readers: ClassVar[dict[str, Reader]] = {"run_step": lambda parts: Run.read(parts)}

    name: Name
    agent: Name
    args: tuple[Arg, ...]
    span: Span = field(default=NOWHERE, compare=False)

    @classmethod
    def read(cls, parts: Parts) -> Run:
        name, agent = parts.names()
        return cls(name, agent, tuple(parts.maybe(list) or []), parts.span)

    def show(self, out: Printer) -> None:
        out.line(f"{self.name} = run {self.agent}", out.args(self.agent, self.args))

    def check(self, scope: Scope) -> plan.Op | None:
        step = scope.step(self.name)
        found = scope.module.find(self.agent, "agent", scope.report)
        agent = found if isinstance(found, plan.Agent) else None
        args = bind(self.args, agent.params, scope, scope.report, self.agent.text, self.span) if agent else ()
        type = agent.type if agent else UNKNOWN
        scope.define(self.name, type, "step result")
        return plan.Run(step, self.name.text, agent.name if agent else self.agent.text, args, type, self.span)


KIND: type[Kind] = Run
