"""`x = parallel first { … }`, `xs = parallel any 2 { … }`: what ends first counts, the others are stopped."""

from __future__ import annotations

from typing import Any, ClassVar

from agent_lattice import plan
from agent_lattice.dataflow import defined, outer_writes
from agent_lattice.diagnostics import Code, Label
from agent_lattice.expr.check import check
from agent_lattice.kind import Kind, Scope, unnamed_step
from agent_lattice.kinds.each import MISSING_YIELD, Body
from agent_lattice.kinds.parallel import branch_name
from agent_lattice.printer import Braces, Printer
from agent_lattice.records import field, record
from agent_lattice.source import NOWHERE, Span
from agent_lattice.terms import Const, Term, Var
from agent_lattice.tree import Junk, Name, Number, Parts, Reader
from agent_lattice.types import NULL, UNKNOWN, ListType, Type, join
from agent_lattice.unions import united

WRONG_NEED = Code("LAT5009", "race-without-losers")
SET_IN_RACE = Code("LAT5011", "set-in-race")
MIXED_VALUES = Code("LAT5017", "race-of-different-types")


@record
class Contender:
    """`branch name { … yield e }`: a branch of several steps."""

    name: Name
    body: Body
    span: Span = field(default=NOWHERE, compare=False)

    def show(self, out: Printer) -> None:
        value = (self.body.value,) if self.body.value else ()
        out.blocks(Braces(f"branch {self.name}", self.body.statements + value, self.body.span))


@record
class Race:
    word: ClassVar[str] = "race"
    summary: ClassVar[str] = (
        "run statements side by side until the first, or so many of them, have ended; stop the others"
    )
    syntax: ClassVar[str] = """
        %extend statement: race
        race: (NAME "=")? "parallel" ("first" | "any" number) "{" (statement | contender)* "}"
        contender: "branch" NAME each_body
    """
    keys: ClassVar[dict[str, tuple[str, ...]]] = {"race": ("name", "first", "any", "branches")}
    readers: ClassVar[dict[str, Reader]] = {
        "race": lambda parts: Race.read(parts),
        "contender": lambda parts: Contender(parts.name(), parts.one(Body), parts.span),
    }

    name: Name | None
    need: Number | None
    """None for `first`."""
    branches: tuple[Any, ...]
    """Statements, each a branch of its own, and `Contender`s."""
    braces: Span = field(default=NOWHERE, compare=False)
    span: Span = field(default=NOWHERE, compare=False)

    @classmethod
    def read(cls, parts: Parts) -> Race:
        name = parts.name() if parts.token("NAME") else None
        branches = tuple(c for c in parts if hasattr(c, "span") and not isinstance(c, Number))
        return cls(name, parts.maybe(Number), branches, parts.braces, parts.span)

    def show(self, out: Printer) -> None:
        target = f"{self.name} = " if self.name else ""
        words = f"any {self.need.raw}" if self.need else "first"
        out.blocks(Braces(f"{target}parallel {words}", self.branches, self.braces))

    def check(self, scope: Scope) -> plan.Op | None:
        name = self.name or unnamed_step("first", self._head, self.span, scope)
        step = scope.step(name)
        self._check_need(scope)
        names: dict[str, Span] = {}
        branches: list[plan.Branch] = []
        values: list[Term] = []
        for branch in self.branches:
            inner = scope.branch()
            body = inner.block(branch.body.statements if isinstance(branch, Contender) else (branch,))
            own = branch.name if isinstance(branch, Contender) else None
            branches.append(plan.Branch(branch_name(own, body, branch.span, names, scope), body, branch.span))
            values.append(self._value(branch, body, inner))
            _check_sets(body, branches[-1].name, scope)
        value, many = self._type(values, scope), self.need is not None
        type = ListType(value) if many else value
        scope.define(name, type, "step result")
        need = max(1, self.need.value) if self.need else 1
        return plan.Race(step, name.text, need, many, tuple(branches), tuple(values), type, self.span)

    @property
    def _head(self) -> Span:
        """What stands before the braces."""
        text = self.span.source.text[self.span.start : self.braces.start]
        return Span(self.span.source, self.span.start, self.span.start + len(text.rstrip()))

    def _check_need(self, scope: Scope) -> None:
        if any(isinstance(branch, Junk) for branch in self.branches):
            return
        need, count = self.need.value if self.need else 1, len(self.branches)
        at = self.need.span if self.need else self._head
        if need >= count:
            what = "one branch" if count == 1 else f"{count or 'no'} branches"
            help = "write `parallel { … }` to wait for all of them" if count > 1 else "add a branch"
            scope.report.add(WRONG_NEED, f"nobody loses a race for {need} among {what}", at, help=help)
        elif not need:
            scope.report.add(WRONG_NEED, "a race for 0 is over before it starts", at, help="write `parallel first`")

    def _value(self, branch: Any, body: plan.Block, inner: Scope) -> Term:
        """What a branch gives: what it yields, else the result of its only step; null when that has none."""
        if isinstance(branch, Contender) and branch.body.value is not None:
            return check(branch.body.value.value, inner, inner.report)
        if len(body) == 1 and (names := defined(body[0])):
            found = inner.binding(names[0])
            if found is not None and len(names) == 1:
                found.used = True
                return Var(names[0], type=found.type, span=branch.span)
        if isinstance(branch, Contender) and len(body) > 1:
            help = "end the branch with `yield …`"
            inner.report.add(MISSING_YIELD, f"the branch `{branch.name}` gives nothing", branch.name.span, help=help)
        return Const(None, type=UNKNOWN if len(body) != 1 else NULL)

    def _type(self, values: list[Term], scope: Scope) -> Type:
        """A type that the values of all branches fit."""
        found: Type | None = UNKNOWN
        for value in values:
            found = join(found, value.type) if found is not None else None
        found = found or united(value.type for value in values)
        if found is None:
            listed = ", ".join(dict.fromkeys(f"`{value.type}`" for value in values))
            message = "nobody could tell which branch has won: their values are alike and of different types"
            help = "let every branch `yield` a value of one type"
            scope.report.add(MIXED_VALUES, message, self._head, notes=(f"there are {listed}",), help=help)
        return found or UNKNOWN


def _check_sets(body: plan.Block, branch: str, scope: Scope) -> None:
    """A branch that loses has got somewhere, and nobody can say where."""
    changed = outer_writes(body)
    for op in plan.walk(body):
        if isinstance(op, plan.Set) and op.name in changed:
            found = scope.binding(op.name)
            related = (Label(found.span, "declared here"),) if found else ()
            message = f"the branch `{branch}` sets `{op.name}`, whether it wins or not"
            help = "let the branch `yield` the value, and set the variable behind the race"
            scope.report.add(SET_IN_RACE, message, op.span, related=related, help=help)


KIND: type[Kind] = Race
