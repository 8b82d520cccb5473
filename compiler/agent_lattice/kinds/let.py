"""`let total = order.total * 2.0`: name a value. `let order = body as Order`: what it has to be."""

from __future__ import annotations

from typing import ClassVar

from agent_lattice import plan
from agent_lattice.annotations import Annotation, annotation, maybe_annotation, resolve
from agent_lattice.diagnostics import Code, replace
from agent_lattice.expr.check import check
from agent_lattice.expr.fits import is_unknown
from agent_lattice.expr.tree import Expr, shown
from agent_lattice.fitting import MISMATCH, fit
from agent_lattice.kind import Kind, Scope
from agent_lattice.layout import Doc
from agent_lattice.printer import Printer
from agent_lattice.records import field, record
from agent_lattice.source import NOWHERE, Span
from agent_lattice.tree import Name, Parts, Reader
from agent_lattice.types import AnyValue, assignable
from agent_lattice.unions import alternatives

NEEDLESS_NARROWING = Code("LAT2008", "needless-narrowing")


@record
class As:
    """`as Order`."""

    type: Annotation
    span: Span = field(default=NOWHERE, compare=False)


@record
class Let:
    word: ClassVar[str] = "let"
    summary: ClassVar[str] = "name a value; computed once, never changed"
    syntax: ClassVar[str] = """
        %extend statement: let
        let: "let" NAME (":" type)? "=" expr let_as?
        let_as: "as" type
    """
    readers: ClassVar[dict[str, Reader]] = {
        "let": lambda parts: Let.read(parts),
        "let_as": lambda parts: As(annotation(parts), parts.span),
    }

    name: Name
    type: Annotation | None
    value: Expr
    narrow: As | None = None
    span: Span = field(default=NOWHERE, compare=False)

    @classmethod
    def read(cls, parts: Parts) -> Let:
        return cls(parts.name(), maybe_annotation(parts), parts.one(Expr), parts.maybe(As), parts.span)

    def show(self, out: Printer) -> None:
        type: Doc = (": ", self.type.shown) if self.type else ""
        behind: Doc = (" as ", self.narrow.type.shown) if self.narrow else ""
        out.line(f"let {self.name}", type, " = ", shown(self.value), behind)

    def check(self, scope: Scope) -> plan.Op | None:
        if self.narrow is not None:
            return self._narrow(self.narrow, scope)
        if self.type is None:
            value = check(self.value, scope, scope.report)
            type = value.type
        else:
            type = resolve(self.type, scope.module, scope.report)
            value = fit(self.value, type, scope, scope.report, f"`{self.name}`")
        scope.define(self.name, type, "value")
        return plan.Let(self.name.text, value, self.span)

    def _narrow(self, narrow: As, scope: Scope) -> plan.Op:
        """A value of a union or `any`, as what it has to be."""
        value = check(self.value, scope, scope.report)
        type = resolve(narrow.type, scope.module, scope.report)
        declared = resolve(self.type, scope.module, scope.report) if self.type is not None else type
        options = alternatives(value.type)
        known = isinstance(value.type, AnyValue) or is_unknown(value.type) or is_unknown(type)
        if not assignable(type, declared):
            message = f"`{self.name}` is `{declared}`, this is `{type}`"
            scope.report.add(MISMATCH, message, narrow.span, help="leave one of the two types out")
        elif not known and (assignable(value.type, type) or not any(assignable(part, type) for part in options)):
            always = "always" if assignable(value.type, type) else "never"
            message = f"this is {always} a `{type}`: its type is `{value.type}`"
            help = "leave `as` out" if always == "always" else ""
            fix = replace("remove it", narrow.span, "") if help else None
            scope.report.add(NEEDLESS_NARROWING, message, narrow.span, help=help, fix=fix)
        scope.define(self.name, declared, "value")
        return plan.Narrow(self.name.text, value, declared, self.span)


KIND: type[Kind] = Let
