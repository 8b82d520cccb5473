"""`set tries = tries + 1`: change a variable."""

from __future__ import annotations

from typing import ClassVar

from agent_lattice import plan
from agent_lattice.diagnostics import Code, Label, did_you_mean
from agent_lattice.expr.check import check
from agent_lattice.expr.tree import Expr, shown
from agent_lattice.fitting import fit
from agent_lattice.kind import Kind, Scope
from agent_lattice.printer import Printer
from agent_lattice.records import field, record
from agent_lattice.source import NOWHERE, Span
from agent_lattice.tree import Name, Parts, Reader

NOT_A_VARIABLE = Code("LAT1210", "set-of-no-variable")


@record
class Set:
    word: ClassVar[str] = "set"
    summary: ClassVar[str] = "change a variable"
    syntax: ClassVar[str] = """
        %extend statement: set
        set: "set" NAME "=" expr
    """
    readers: ClassVar[dict[str, Reader]] = {"set": lambda parts: Set.read(parts)}

    name: Name
    value: Expr
    span: Span = field(default=NOWHERE, compare=False)

    @classmethod
    def read(cls, parts: Parts) -> Set:
        return cls(parts.name(), parts.one(Expr), parts.span)

    def show(self, out: Printer) -> None:
        out.line(f"set {self.name} = ", shown(self.value))

    def check(self, scope: Scope) -> plan.Op | None:
        binding = scope.binding(self.name.text)
        if binding is None or binding.sort != "variable":
            check(self.value, scope, scope.report)
            self._reject(scope)
            return None
        read = binding.used
        value = fit(
            self.value,
            binding.type,
            scope,
            scope.report,
            f"the variable `{self.name}`",
            (Label(binding.span, "declared here"),),
        )
        binding.used = read  # what only makes its own next value is not read
        binding.sets.append(self.span)
        scope.forget(self.name.text)
        return plan.Set(self.name.text, value, self.span)

    def _reject(self, scope: Scope) -> None:
        binding, name = scope.binding(self.name.text), self.name.text
        if binding is None and scope.is_poisoned(name):
            return
        variables = [known for known in scope.known() if (b := scope.binding(known)) and b.sort == "variable"]
        help, fix = did_you_mean(name, variables, self.name.span)
        related = (Label(binding.span, f"`{name}` is a {binding.sort}"),) if binding else ()
        text = "is not a variable" if binding else "is not declared"
        scope.report.add(
            NOT_A_VARIABLE,
            f"`{name}` {text}",
            self.name.span,
            related=related,
            help=help or f"declare it: `var {name}: … = …`",
            fix=fix,
        )


KIND: type[Kind] = Set
