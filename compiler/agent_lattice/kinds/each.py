"""`ys = for x in xs at most 50 parallel 8 { … yield e }`: run steps for each item of a list."""

from __future__ import annotations

from typing import Any, ClassVar

from agent_lattice import plan
from agent_lattice.diagnostics import Code, Edit, Fix, replace
from agent_lattice.expr.check import check
from agent_lattice.expr.tree import Expr, head, shown
from agent_lattice.kind import Kind, Scope
from agent_lattice.printer import Braces, Printer
from agent_lattice.records import field, record
from agent_lattice.source import NOWHERE, Span
from agent_lattice.tree import Bound, Junk, Name, Number, Parts, Reader
from agent_lattice.types import NULL, UNKNOWN, Dyn, ListType, Optional, Type, Unknown, base

UNBOUNDED = Code("LAT3003", "unbounded-loop")
NOT_A_LIST = Code("LAT2230", "for-over-no-list")
MISSING_YIELD = Code("LAT2231", "for-without-yield")
ZERO_BOUND = Code("LAT3004", "bound-of-zero")


@record
class Width:
    """`parallel N`: how many items at a time."""

    number: Number
    span: Span = field(default=NOWHERE, compare=False)


@record
class Yield:
    """`yield e`: what an item gives."""

    value: Expr
    span: Span = field(default=NOWHERE, compare=False)

    def show(self, out: Printer) -> None:
        out.line("yield ", shown(self.value))


@record
class Body:
    """Statements and a final `yield`."""

    statements: tuple[Any, ...]
    value: Yield | None
    span: Span = field(default=NOWHERE, compare=False)


@record
class Each:
    word: ClassVar[str] = "for"
    summary: ClassVar[str] = "run steps for each item of a list, bounded, in order or several at a time"
    syntax: ClassVar[str] = """
        %extend statement: each
        each: (NAME "=")? "for" NAME "in" expr at_most? width? each_body
        width: "parallel" number
        each_body: "{" statement* yield_value? "}"
        yield_value: "yield" expr
    """
    readers: ClassVar[dict[str, Reader]] = {
        "each": lambda parts: Each.read(parts),
        "width": lambda parts: Width(parts.one(Number), parts.span),
        "each_body": lambda parts: Body(
            tuple(c for c in parts if hasattr(c, "span") and not isinstance(c, Yield)), parts.maybe(Yield), parts.span
        ),
        "yield_value": lambda parts: Yield(parts.one(Expr), parts.span),
    }

    name: Name | None
    item: Name
    items: Expr
    bound: Bound | None
    width: Width | None
    body: Body
    span: Span = field(default=NOWHERE, compare=False)

    @classmethod
    def read(cls, parts: Parts) -> Each:
        *name, item = parts.names()
        bound, width = parts.maybe(Bound), parts.maybe(Width)
        return cls(name[0] if name else None, item, parts.one(Expr), bound, width, parts.one(Body), parts.span)

    def show(self, out: Printer) -> None:
        target = f"{self.name} = " if self.name else ""
        bound = f" at most {self.bound.number.raw}" if self.bound else ""
        width = f" parallel {self.width.number.raw}" if self.width else ""
        value = (self.body.value,) if self.body.value else ()
        words = (f"{target}for {self.item} in ", head(self.items), bound, width)
        out.blocks(Braces(words, self.body.statements + value, self.body.span))

    def check(self, scope: Scope) -> plan.Op | None:
        step = scope.step(self.name or Name(f"for_{self.item}", self.item.span))
        items = check(self.items, scope, scope.report)
        item_type = self._item_type(items.type, scope)
        at_most = bound_value(
            self.bound, self.items.span, scope, f"this list may have any number of items: `{self.items.span.text}`"
        )
        width = max(1, self.width.number.value) if self.width else 1
        inner = scope.turn(step, concurrent=width > 1)
        inner.define(self.item, item_type, "loop item")
        body = inner.block(self.body.statements)
        value = check(self.body.value.value, inner, scope.report) if self.body.value else None
        type = ListType(value.type) if value else NULL
        if self.name:
            self._check_yield(scope)
            scope.define(self.name, type if value else UNKNOWN, "step result")
        name = self.name.text if self.name else None
        return plan.Each(step, name, self.item.text, item_type, items, at_most, width, body, value, type, self.span)

    def _item_type(self, items: Type, scope: Scope) -> Type:
        plain = base(items)
        if isinstance(plain, ListType):
            return plain.item
        if not isinstance(plain, Unknown | Dyn):
            help = "test it with `!= null` first" if isinstance(plain, Optional) else ""
            scope.report.add(NOT_A_LIST, f"`for` goes over a list, this is `{items}`", self.items.span, help=help)
        return UNKNOWN

    def _check_yield(self, scope: Scope) -> None:
        if self.body.value is None and not any(isinstance(statement, Junk) for statement in self.body.statements):
            assert self.name is not None
            scope.report.add(
                MISSING_YIELD,
                f"`{self.name}` gets no values: the body has no `yield`",
                self.name.span,
                help="end the body with `yield …`, or leave out the name",
            )


def bound_value(bound: Bound | None, where: Span, scope: Scope, why: str) -> int:
    """The number behind `at most`; its absence, and zero, are reported."""
    if bound is None:
        scope.report.add(
            UNBOUNDED,
            "a loop needs a bound",
            where,
            notes=(why,),
            help="write `at most N`: costs are computed from it, and more fails the run",
            fix=Fix("add `at most 10`", (Edit(where.after(), " at most 10"),), safe=False),
        )
        return 1
    if bound.number.value == 0:
        scope.report.add(
            ZERO_BOUND,
            "a loop of at most 0 turns never runs",
            bound.number.span,
            fix=replace("at most 1", bound.number.span, "1"),
        )
    return max(1, bound.number.value)


KIND: type[Kind] = Each
