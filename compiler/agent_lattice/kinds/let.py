"""`let total = order.total * 2.0`: name a value."""

from __future__ import annotations

from typing import ClassVar

from agent_lattice import plan
from agent_lattice.annotations import Annotation, maybe_annotation, resolve
from agent_lattice.expr.check import check
from agent_lattice.expr.tree import Expr, shown
from agent_lattice.fitting import fit
from agent_lattice.kind import Kind, Scope
from agent_lattice.layout import Doc
from agent_lattice.printer import Printer
from agent_lattice.records import field, record
from agent_lattice.source import NOWHERE, Span
from agent_lattice.tree import Name, Parts, Reader


@record
class Let:
    word: ClassVar[str] = "let"
    summary: ClassVar[str] = "name a value; computed once, never changed"
    syntax: ClassVar[str] = """
        %extend statement: let
        let: "let" NAME (":" type)? "=" expr
    """
    readers: ClassVar[dict[str, Reader]] = {"let": lambda parts: Let.read(parts)}

    name: Name
    type: Annotation | None
    value: Expr
    span: Span = field(default=NOWHERE, compare=False)

    @classmethod
    def read(cls, parts: Parts) -> Let:
        return cls(parts.name(), maybe_annotation(parts), parts.one(Expr), parts.span)

    def show(self, out: Printer) -> None:
        type: Doc = (": ", self.type.shown) if self.type else ""
        out.line(f"let {self.name}", type, " = ", shown(self.value))

    def check(self, scope: Scope) -> plan.Op | None:
        if self.type is None:
            value = check(self.value, scope, scope.report)
            type = value.type
        else:
            type = resolve(self.type, scope.module, scope.report)
            value = fit(self.value, type, scope, scope.report, f"`{self.name}`")
        scope.define(self.name, type, "value")
        return plan.Let(self.name.text, value, self.span)


KIND: type[Kind] = Let
