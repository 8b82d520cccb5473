"""`try { … } catch timeout, auth as err { … } finally { … }`: go on after a failure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from agent_lattice import plan
from agent_lattice.dataflow import leaves
from agent_lattice.decisions import caught_type
from agent_lattice.diagnostics import Code, Label
from agent_lattice.kind import Kind, Scope
from agent_lattice.kinds.fail import check_error_class
from agent_lattice.layout import Doc, Hanging
from agent_lattice.printer import Braces, Printer
from agent_lattice.records import field, record
from agent_lattice.source import NOWHERE, Span
from agent_lattice.tree import Block, Name, Parts, Reader

NOTHING_CAUGHT = Code("LAT5013", "try-without-catch")
NEVER_TAKEN = Code("LAT5016", "catch-never-taken")
RETURN_IN_FINALLY = Code("LAT5018", "return-in-finally")

NOT_ANY = frozenset({"cancelled", "in_doubt"})
"""What a `catch` without classes leaves alone."""


@record
class As:
    """`as err`."""

    name: Name
    span: Span = field(default=NOWHERE, compare=False)


@record
class Catch:
    """`catch timeout, auth as err { … }`."""

    codes: tuple[Name, ...]
    name: Name | None
    body: Block
    span: Span = field(default=NOWHERE, compare=False)

    @classmethod
    def read(cls, parts: Parts) -> Catch:
        alias = parts.maybe(As)
        return cls(tuple(parts.names()), alias.name if alias else None, parts.one(Block), parts.span)

    @property
    def head(self) -> Doc:
        return (
            "catch",
            Hanging(tuple(map(str, self.codes))) if self.codes else "",
            f" as {self.name}" if self.name else "",
        )


@record
class Finally:
    """`finally { … }`."""

    body: Block
    span: Span = field(default=NOWHERE, compare=False)


@record
class Attempt:
    word: ClassVar[str] = "try"
    summary: ClassVar[str] = "go on after failures of some classes; `finally` comes last whatever happens"
    syntax: ClassVar[str] = """
        %extend statement: try_statement
        try_statement: "try" block catch* finally?
        catch: "catch" (NAME ("," NAME)*)? catch_name? block
        catch_name: "as" NAME
        finally: "finally" block
    """
    keys: ClassVar[dict[str, tuple[str, ...]]] = {
        "try_statement": ("", "catch", "finally"),
        "catch": ("on", "as", "do"),
    }
    readers: ClassVar[dict[str, Reader]] = {
        "try_statement": lambda parts: Attempt(
            parts.one(Block), tuple(parts.all(Catch)), parts.maybe(Finally), parts.span
        ),
        "catch": lambda parts: Catch.read(parts),
        "catch_name": lambda parts: As(parts.name(), parts.span),
        "finally": lambda parts: Finally(parts.one(Block), parts.span),
    }

    body: Block
    catches: tuple[Catch, ...]
    finish: Finally | None
    span: Span = field(default=NOWHERE, compare=False)

    def show(self, out: Printer) -> None:
        chain = [Braces("try", self.body.statements, self.body.span)]
        chain += [Braces(catch.head, catch.body.statements, catch.body.span) for catch in self.catches]
        if self.finish:
            chain.append(Braces("finally", self.finish.body.statements, self.finish.body.span))
        out.blocks(*chain)

    def check(self, scope: Scope) -> plan.Op | None:
        if not self.catches and self.finish is None:
            word = Span(self.span.source, self.span.start, self.span.start + len("try"))
            help = "add `catch timeout { … }` or `finally { … }`, or leave `try` out"
            scope.report.add(NOTHING_CAUGHT, "nothing follows when this fails", word, help=help)
        inner = scope.inner()
        body = inner.block(self.body.statements)
        self._check_order(scope)
        handlers = tuple(self._handler(catch, scope) for catch in self.catches)
        finish = self._finish(self.finish, scope) if self.finish else ()
        if all(leaves(handler.body) for handler in handlers):
            for binding in inner.own.values():  # whoever comes behind has been through the whole body
                scope.own.setdefault(binding.name, binding)
        return plan.Try(body, handlers, (), self.span, finish)

    def _handler(self, catch: Catch, scope: Scope) -> plan.Handler:
        for code in catch.codes:
            check_error_class(code, scope.report)
        inner = scope.inner()
        if catch.name is not None:
            inner.define(catch.name, caught_type(scope), "failure")
        body = inner.block(catch.body.statements)
        codes = tuple(dict.fromkeys(code.text for code in catch.codes))
        return plan.Handler(codes, body, catch.name.text if catch.name else None)

    def _finish(self, node: Finally, scope: Scope) -> plan.Block:
        made = scope.inner().block(node.body.statements)
        for op in plan.walk(made):
            if isinstance(op, plan.Return):
                message = "a `return` here would hide what happened before"
                help = "return behind the `try`: what failed is still to be told"
                scope.report.add(RETURN_IN_FINALLY, message, op.span, help=help)
        return made

    def _check_order(self, scope: Scope) -> None:
        """Handlers are tried in their order: each class is for the first that names it."""
        first: dict[str, Span] = {}
        for catch in self.catches:
            for code in catch.codes:
                before = first.get(code.text) or (first.get("") if code.text not in NOT_ANY else None)
                if before is not None:
                    self._report(f"`{code}` never comes here", code.span, before, scope)
                first.setdefault(code.text, code.span)
            if not catch.codes:
                at = Span(catch.span.source, catch.span.start, catch.span.start + len("catch"))
                if "" in first:
                    self._report("this is never taken", at, first[""], scope)
                first.setdefault("", at)

    @staticmethod
    def _report(message: str, at: Span, before: Span, scope: Scope) -> None:
        related: Iterable[Label] = (Label(before, "this one takes it"),)
        help = "the first `catch` that fits is taken: put what is special before what is general"
        scope.report.add(NEVER_TAKEN, message, at, related=related, help=help)


KIND: type[Kind] = Attempt
