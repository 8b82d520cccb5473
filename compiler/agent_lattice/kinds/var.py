"""`var tries: int = 0`: declare a variable that `set` may change."""

from __future__ import annotations

from typing import ClassVar

from agent_lattice import plan
from agent_lattice.annotations import Annotation, annotation, resolve
from agent_lattice.expr.tree import Expr, shown
from agent_lattice.fitting import fit
from agent_lattice.kind import Kind, Scope
from agent_lattice.printer import Printer
from agent_lattice.records import field, record
from agent_lattice.source import NOWHERE, Span
from agent_lattice.tree import Name, Parts, Reader


@record
class Var:
    word: ClassVar[str] = "var"
    summary: ClassVar[str] = "declare a typed variable"
    syntax: ClassVar[str] = """
        %extend statement: var
        var: "var" NAME ":" type "=" expr
    """
    readers: ClassVar[dict[str, Reader]] = {"var": lambda parts: Var.read(parts)}

    name: Name
    type: Annotation
    value: Expr
    span: Span = field(default=NOWHERE, compare=False)

    @classmethod
    def read(cls, parts: Parts) -> Var:
        return cls(parts.name(), annotation(parts), parts.one(Expr), parts.span)

    def show(self, out: Printer) -> None:
        out.line(f"var {self.name}: ", self.type.shown, " = ", shown(self.value))

    def check(self, scope: Scope) -> plan.Op | None:
        type = resolve(self.type, scope.module, scope.report)
        value = fit(self.value, type, scope, scope.report, f"`{self.name}`")
        scope.define(self.name, type, "variable")
        return plan.Var(self.name.text, type, value, self.span)


KIND: type[Kind] = Var
