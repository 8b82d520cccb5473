"""`if e { … } else if f { … } else { … }`: take one way by a condition."""

from __future__ import annotations

from typing import ClassVar

from agent_lattice import plan
from agent_lattice.expr.narrow import Facts, narrowed
from agent_lattice.expr.tree import Expr, head
from agent_lattice.fitting import condition
from agent_lattice.kind import Kind, Scope
from agent_lattice.printer import Braces, Printer
from agent_lattice.records import field, record
from agent_lattice.source import NOWHERE, Span
from agent_lattice.terms import Term
from agent_lattice.tree import Block, Reader


@record
class Arm:
    """`if e { … }`, also behind an `else`."""

    condition: Expr
    body: Block
    span: Span = field(default=NOWHERE, compare=False)


@record
class If:
    word: ClassVar[str] = "if"
    summary: ClassVar[str] = "take a way by a condition; `else if` chains"
    syntax: ClassVar[str] = """
        %extend statement: if_chain
        if_chain: if_arm ("else" if_arm)* ("else" block)?
        if_arm: "if" expr block
    """
    keys: ClassVar[dict[str, tuple[str, ...]]] = {
        "if_chain": ("", "else_if", "else"),
        "if_arm": ("condition", "then"),
    }
    readers: ClassVar[dict[str, Reader]] = {
        "if_chain": lambda parts: If(tuple(parts.all(Arm)), parts.maybe(Block), parts.span),
        "if_arm": lambda parts: Arm(parts.one(Expr), parts.one(Block), parts.span),
    }

    arms: tuple[Arm, ...]
    otherwise: Block | None
    span: Span = field(default=NOWHERE, compare=False)

    def show(self, out: Printer) -> None:
        chain = [
            Braces(("else if " if at else "if ", head(arm.condition)), arm.body.statements, arm.body.span)
            for at, arm in enumerate(self.arms)
        ]
        if self.otherwise:
            chain.append(Braces("else", self.otherwise.statements, self.otherwise.span))
        out.blocks(*chain)

    def check(self, scope: Scope) -> plan.Op | None:
        checked: list[tuple[Term, plan.Block, Arm]] = []
        here = scope
        for arm in self.arms:
            test = condition(arm.condition, here, scope.report)
            checked.append((test, here.inner(narrowed(test, True)).block(arm.body.statements), arm))
            here = here.inner(narrowed(test, False))
        otherwise = here.block(self.otherwise.statements) if self.otherwise else ()
        for test, then, arm in reversed(checked):
            otherwise = (plan.If(test, then, otherwise, self.span if arm is self.arms[0] else arm.span),)
        scope.facts |= self._outlives(checked)
        (op,) = otherwise
        return op

    def _outlives(self, checked: list[tuple[Term, plan.Block, Arm]]) -> Facts:
        """`if x == null { return … }`: what is known behind a single arm that never falls through."""
        if len(checked) != 1 or self.otherwise or not _leaves(checked[0][1]):
            return frozenset()
        return narrowed(checked[0][0], False)


def _leaves(block: plan.Block) -> bool:
    return bool(block) and isinstance(block[-1], plan.Return | plan.Fail)


KIND: type[Kind] = If
