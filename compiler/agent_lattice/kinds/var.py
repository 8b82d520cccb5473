"""`var tries: int = 0`: declare a variable that `set` may change; `var total: int merge sum = 0` also side by side."""

from __future__ import annotations

from typing import ClassVar

from agent_lattice import plan
from agent_lattice.annotations import Annotation, annotation, resolve
from agent_lattice.diagnostics import Code, Label, did_you_mean
from agent_lattice.expr.tree import Expr, shown
from agent_lattice.fitting import fit
from agent_lattice.kind import Kind, Scope
from agent_lattice.printer import Printer
from agent_lattice.records import field, record
from agent_lattice.source import NOWHERE, Span
from agent_lattice.tree import Name, Parts, Reader
from agent_lattice.types import (
    Bytes,
    Duration,
    Float,
    Int,
    ListType,
    String,
    Timestamp,
    Type,
    Uint,
    Unknown,
    widened,
)

UNKNOWN_POLICY = Code("LAT1217", "unknown-merge-policy")
WRONG_POLICY = Code("LAT4003", "merge-of-wrong-type")

POLICIES: dict[str, tuple[type[Type], ...]] = {
    "sum": (Int, Float),
    "append": (ListType, String, Bytes),
    "max": (Int, Uint, Float, String, Timestamp, Duration),
    "last_by_branch": (),
    "reject": (),
}
"""How the copies of branches are combined, and the types that it works with; () for all."""

_WORDS = {
    "sum": "adds numbers: `int` or `float`",
    "append": "joins lists, texts or bytes: `list<…>`, `string` or `bytes`",
    "max": "takes the greatest: `int`, `uint`, `float`, `string`, `timestamp` or `duration`",
}


@record
class Merge:
    """`merge policy`."""

    policy: Name
    span: Span = field(default=NOWHERE, compare=False)


@record
class Var:
    word: ClassVar[str] = "var"
    summary: ClassVar[str] = "declare a typed variable"
    syntax: ClassVar[str] = """
        %extend statement: var
        var: "var" NAME ":" type merge? "=" expr
        merge: "merge" NAME
    """
    readers: ClassVar[dict[str, Reader]] = {
        "var": lambda parts: Var.read(parts),
        "merge": lambda parts: Merge(parts.name(), parts.span),
    }

    name: Name
    type: Annotation
    merge: Merge | None
    value: Expr
    span: Span = field(default=NOWHERE, compare=False)

    @classmethod
    def read(cls, parts: Parts) -> Var:
        return cls(parts.name(), annotation(parts), parts.maybe(Merge), parts.one(Expr), parts.span)

    def show(self, out: Printer) -> None:
        merge = f" merge {self.merge.policy}" if self.merge else ""
        out.line(f"var {self.name}: ", self.type.shown, f"{merge} = ", shown(self.value))

    def check(self, scope: Scope) -> plan.Op | None:
        type = resolve(self.type, scope.module, scope.report)
        value = fit(self.value, type, scope, scope.report, f"`{self.name}`")
        scope.define(self.name, type, "variable")
        return plan.Var(self.name.text, type, value, self._policy(type, scope), self.span)

    def _policy(self, type: Type, scope: Scope) -> str | None:
        """The merge policy. A wrong one is reported and counts as one that allows everything."""
        if self.merge is None:
            return None
        policy = self.merge.policy
        fitting = POLICIES.get(policy.text)
        if fitting is None:
            help, fix = did_you_mean(policy.text, POLICIES, policy.span)
            known = ", ".join(f"`{known}`" for known in POLICIES)
            scope.report.add(
                UNKNOWN_POLICY,
                f"unknown merge policy `{policy}`",
                policy.span,
                help=help or f"there are {known}",
                fix=fix,
            )
            return "last_by_branch"
        if fitting and not isinstance(widened(type), (*fitting, Unknown)):
            scope.report.add(
                WRONG_POLICY,
                f"`{policy}` {_WORDS[policy.text]}, not `{type}`",
                policy.span,
                related=(Label(self.type.span, "the type of the variable"),),
                help="`last_by_branch` and `reject` work with every type",
            )
        return policy.text


KIND: type[Kind] = Var
