"""`parallel { a = … b = … }`: run statements side by side, go on when all have ended."""

from __future__ import annotations

from typing import Any, ClassVar

from agent_lattice import plan
from agent_lattice.diagnostics import Code, Label, Severity
from agent_lattice.kind import Kind, Scope
from agent_lattice.printer import Braces, Printer
from agent_lattice.records import field, record
from agent_lattice.source import NOWHERE, Span
from agent_lattice.tree import Block, Junk, Name, Reader

REPEATED_BRANCH = Code("LAT1211", "repeated-branch-name")
LONE_BRANCH = Code("LAT4002", "parallel-with-one-branch", Severity.WARNING)


@record
class Branch:
    """`branch name { … }`: a branch of several steps."""

    name: Name
    body: Block
    span: Span = field(default=NOWHERE, compare=False)

    def show(self, out: Printer) -> None:
        out.block(f"branch {self.name}", self.body)


@record
class Parallel:
    word: ClassVar[str] = "parallel"
    summary: ClassVar[str] = "run statements side by side; go on when all have ended"
    syntax: ClassVar[str] = """
        %extend statement: parallel
        parallel: "parallel" "{" (statement | branch)* "}"
        branch: "branch" NAME block
    """
    readers: ClassVar[dict[str, Reader]] = {
        "parallel": lambda parts: Parallel(tuple(c for c in parts if hasattr(c, "span")), parts.braces, parts.span),
        "branch": lambda parts: Branch(parts.name(), parts.one(Block), parts.span),
    }

    branches: tuple[Any, ...]
    """Statements, each a branch of its own, and `Branch`es."""
    braces: Span = field(default=NOWHERE, compare=False)
    span: Span = field(default=NOWHERE, compare=False)

    def show(self, out: Printer) -> None:
        out.blocks(Braces("parallel", self.branches, self.braces))

    def check(self, scope: Scope) -> plan.Op | None:
        self._check_count(scope)
        names: dict[str, Span] = {}
        checked: list[tuple[Scope, plan.Branch]] = []
        for branch in self.branches:
            inner = scope.branch()
            statements = branch.body.statements if isinstance(branch, Branch) else (branch,)
            body = inner.block(statements)
            own = branch.name if isinstance(branch, Branch) else None
            name = branch_name(own, body, branch.span, names, scope)
            checked.append((inner, plan.Branch(name, body, branch.span)))
        for inner, _ in checked:
            _export(inner, scope)
        return plan.Parallel(tuple(branch for _, branch in checked), self.span)

    def _check_count(self, scope: Scope) -> None:
        if len(self.branches) < 2 and not any(isinstance(branch, Junk) for branch in self.branches):
            count = "one branch" if self.branches else "no branches"
            span = Span(self.span.source, self.span.start, self.span.start + len("parallel"))
            scope.report.add(
                LONE_BRANCH,
                f"a `parallel` with {count} does nothing side by side",
                span,
                help="remove it, or add a branch",
            )


_NAMING = (
    plan.Tool
    | plan.Ask
    | plan.Run
    | plan.Call
    | plan.Each
    | plan.Loop
    | plan.Race
    | plan.Wait
    | plan.Signal
    | plan.Approve
)


def branch_name(name: Name | None, body: plan.Block, at: Span, names: dict[str, Span], scope: Scope) -> str:
    """A branch's own name, that of its first step, or one by its place. One that is in `names` already is reported."""
    first = next((op.step for op in body if isinstance(op, _NAMING)), None)
    found = name.text if name else (first or f"branch_{len(names) + 1}").rpartition(".")[2]
    if name is not None and found in names:
        related = (Label(names[found], "the first one is here"),)
        scope.report.add(REPEATED_BRANCH, f"two branches are named `{found}`", name.span, related=related)
    names.setdefault(found, name.span if name else at)
    return found


def _export(inner: Scope, scope: Scope) -> None:
    """Names of a finished branch are visible behind the `parallel`; the same name in two branches is an error."""
    for binding in inner.own.values():
        known = scope.own.get(binding.name)
        if known is None:
            scope.own[binding.name] = binding
        else:
            scope.define(Name(binding.name, binding.span), binding.type, binding.sort)


KIND: type[Kind] = Parallel
