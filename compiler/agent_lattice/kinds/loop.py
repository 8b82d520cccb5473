"""`done = loop at most 5 { … until e }`: repeat until a condition holds."""

from __future__ import annotations

from typing import Any, ClassVar

from agent_lattice import plan
from agent_lattice.expr.tree import Expr, shown
from agent_lattice.fitting import condition
from agent_lattice.kind import Kind, Scope
from agent_lattice.kinds.each import bound_value
from agent_lattice.printer import Braces, Printer
from agent_lattice.records import field, record
from agent_lattice.source import NOWHERE, Span
from agent_lattice.tree import Bound, Name, Reader
from agent_lattice.types import BOOL


@record
class Until:
    """`until e`: the turn after which the loop ends."""

    condition: Expr
    span: Span = field(default=NOWHERE, compare=False)

    def show(self, out: Printer) -> None:
        out.line("until ", shown(self.condition))


@record
class Body:
    """Statements and a final `until`."""

    statements: tuple[Any, ...]
    until: Until | None
    span: Span = field(default=NOWHERE, compare=False)


@record
class Loop:
    word: ClassVar[str] = "loop"
    summary: ClassVar[str] = "repeat until a condition holds, bounded; its value says whether it held"
    syntax: ClassVar[str] = """
        %extend statement: loop
        loop: (NAME "=")? "loop" at_most? loop_body
        loop_body: "{" statement* until? "}"
        until: "until" expr
    """
    readers: ClassVar[dict[str, Reader]] = {
        "loop": lambda parts: Loop(
            parts.name() if parts.token("NAME") else None, parts.maybe(Bound), parts.one(Body), parts.span
        ),
        "loop_body": lambda parts: Body(
            tuple(c for c in parts if hasattr(c, "span") and not isinstance(c, Until)), parts.maybe(Until), parts.span
        ),
        "until": lambda parts: Until(parts.one(Expr), parts.span),
    }

    name: Name | None
    bound: Bound | None
    body: Body
    span: Span = field(default=NOWHERE, compare=False)

    def show(self, out: Printer) -> None:
        target = f"{self.name} = " if self.name else ""
        bound = f" at most {self.bound.number.raw}" if self.bound else ""
        until = (self.body.until,) if self.body.until else ()
        out.blocks(Braces(f"{target}loop{bound}", self.body.statements + until, self.body.span))

    def check(self, scope: Scope) -> plan.Op | None:
        step = scope.step(self.name or Name("loop", self._word))
        at_most = bound_value(self.bound, self._word, scope, "nothing else says that it ends")
        inner = scope.turn(step, concurrent=False)
        body = inner.block(self.body.statements)
        until = condition(self.body.until.condition, inner, scope.report) if self.body.until else None
        if self.name:
            scope.define(self.name, BOOL, "step result")
        return plan.Loop(step, self.name.text if self.name else None, at_most, body, until, self.span)

    @property
    def _word(self) -> Span:
        """Where `loop` stands."""
        text = self.span.text
        at = self.span.start + text.index("loop", len(self.name.text) if self.name else 0)
        return Span(self.span.source, at, at + len("loop"))


KIND: type[Kind] = Loop
