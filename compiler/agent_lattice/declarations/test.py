"""`test "name" { given … mock … expect … }`: a run with made-up answers and what must hold afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from agent_lattice_runtime.errors import CATALOGUE

from agent_lattice import plan
from agent_lattice.annotations import unquote
from agent_lattice.declarations.doubles import SIGNAL, STEPS, Targets, counted_calls
from agent_lattice.declarations.made_decisions import decision
from agent_lattice.declarations.uses import UseNode, bound_uses
from agent_lattice.diagnostics import Code, Label, Report, did_you_mean
from agent_lattice.expr.tree import Expr, show, shown
from agent_lattice.fitting import UNKNOWN_ARGUMENT, bind, condition, fit
from agent_lattice.kind import Body, Declaration, Scope
from agent_lattice.kinds.fail import check_error_class
from agent_lattice.layout import Doc, Hanging, Listed
from agent_lattice.printer import Braces, Printer
from agent_lattice.program import Module, Symbol
from agent_lattice.records import field, record
from agent_lattice.source import NOWHERE, Span
from agent_lattice.terms import Const, Term
from agent_lattice.tree import Arg, Junk, Name, Parts, Reader, Text
from agent_lattice.types import INT, UNKNOWN, Literal, Optional, Record, Type

MISSING_GIVEN = Code("LAT2450", "test-without-given")
REPEATED_TEST = Code("LAT1215", "repeated-test-name")


@record
class Given:
    """`given refund(order_id: "A1")`."""

    workflow: Name
    args: tuple[Arg, ...]
    span: Span = field(default=NOWHERE, compare=False)

    def show(self, out: Printer) -> None:
        out.line(f"given {self.workflow}", out.args(self.workflow, self.args))


@record
class Target:
    """What a mock stands for: `shop.get_order`, or behind `sort` a step path (`ask`, `run`, `turn`, `approve`) or a `signal`."""

    sort: str
    path: tuple[Name, ...]
    span: Span = field(default=NOWHERE, compare=False)

    def __str__(self) -> str:
        return f"{self.sort} {'.'.join(map(str, self.path))}".lstrip()


@record
class MockNode:
    """`mock target(params) = value, value`, `mock target fails class "message"` or `mock turn step use tool.op(…), …`."""

    target: Target
    params: tuple[Name, ...] | None
    values: tuple[Expr, ...]
    failure: tuple[Name, Text] | None
    uses: tuple[UseNode, ...] = ()
    span: Span = field(default=NOWHERE, compare=False)

    def show(self, out: Printer) -> None:
        params: Doc = "" if self.params is None else Listed("(", tuple(map(str, self.params)), ")", comma=False)
        values = tuple(map(shown, self.values))
        if self.failure:
            out.line(f"mock {self.target}", params, f" fails {self.failure[0]} {self.failure[1].raw}")
        elif self.uses:
            uses = tuple(use.shown for use in self.uses)
            out.line(f"mock {self.target}", params, " use", Hanging(uses) if len(uses) > 1 else (" ", *uses))
        else:
            out.line(f"mock {self.target}", params, " =", Hanging(values) if len(values) > 1 else (" ", *values))


@record
class Expect:
    """`expect condition`."""

    condition: Expr
    span: Span = field(default=NOWHERE, compare=False)

    def show(self, out: Printer) -> None:
        out.line("expect ", shown(self.condition))


@record
class Always:
    """`always condition`: what holds whatever happens, not only with the answers of this test."""

    condition: Expr
    span: Span = field(default=NOWHERE, compare=False)

    def show(self, out: Printer) -> None:
        out.line("always ", shown(self.condition))


@record
class _Names:
    """A parameter list, to tell it from the target's path."""

    names: tuple[Name, ...]


def _read_mock(parts: Parts) -> MockNode:
    params = parts.maybe(_Names)
    failure = (parts.name(), parts.one(Text)) if parts.has("fails") else None
    names = params.names if params else None
    values, uses = tuple(parts.all(Expr)), tuple(parts.all(UseNode))
    return MockNode(parts.one(Target), names, values, failure, uses, parts.span)


def _read_target(parts: Parts) -> Target:
    word = str(parts.children[0])
    is_word = parts.children[0].type != "NAME" and word in (*STEPS, SIGNAL)
    return Target(word if is_word else "", tuple(parts.names()), parts.span)


@record
class Test:
    word: ClassVar[str] = "test"
    summary: ClassVar[str] = "a run with made-up answers and what must hold afterwards"
    syntax: ClassVar[str] = """
        %extend declaration: test
        test: "test" text "{" test_item* "}"
        ?test_item: given | mock | expect | always | junk
        given: "given" NAME "(" arguments? ")"
        mock: "mock" mock_target mock_params? ("=" expr ("," expr)* | "fails" NAME text | "use" mock_use ("," mock_use)*)
        mock_target: ("ask" | "run" | "turn" | "signal" | "approve")? NAME ("." NAME)*
        mock_use: NAME "." NAME "(" arguments? ")"
        mock_params: "(" (NAME ("," NAME)*)? ")"
        expect: "expect" expr
        always: "always" expr
    """
    keys: ClassVar[dict[str, tuple[str, ...]]] = {
        "given": ("workflow", "args"),
        "mock": ("target", "args", "gives", "fails", "message", "use"),
    }
    readers: ClassVar[dict[str, Reader]] = {
        "test": lambda parts: Test(
            parts.one(Text), tuple(c for c in parts if hasattr(c, "show")), parts.braces, parts.span
        ),
        "given": lambda parts: Given(parts.name(), tuple(parts.maybe(list) or []), parts.span),
        "mock": _read_mock,
        "mock_target": _read_target,
        "mock_use": lambda parts: UseNode.read(parts),
        "mock_params": lambda parts: _Names(tuple(parts.names())),
        "expect": lambda parts: Expect(parts.one(Expr), parts.span),
        "always": lambda parts: Always(parts.one(Expr), parts.span),
    }
    sort: ClassVar[str] = ""

    name: Text
    items: tuple[Given | MockNode | Expect | Always | Junk, ...]
    braces: Span = field(default=NOWHERE, compare=False)
    span: Span = field(default=NOWHERE, compare=False)

    def show(self, out: Printer) -> None:
        out.blocks(Braces(f"test {self.name.raw}", self.items, self.braces))

    def names(self) -> Iterable[Name]:
        return ()

    def signature(self, symbol: Symbol, report: Report) -> Any:
        return None

    def check(self, module: Module, report: Report) -> Any:
        given = [item for item in self.items if isinstance(item, Given)]
        if len(given) != 1 or any(isinstance(item, Junk) for item in self.items):
            self._reject(given, report)
            return None
        workflow = module.find(given[0].workflow, "workflow", report)
        if not isinstance(workflow, plan.Workflow):
            return None
        scope = Scope(Body(module, report, workflow.type, workflow.name))
        args = bind(given[0].args, workflow.params, scope, report, given[0].workflow.text, given[0].span)
        targets = Targets(module, workflow, report)
        mocks = tuple(self._mocks(targets))
        expectations = tuple(self._expectations(workflow.type, targets))
        return plan.Test(unquote(self.name.raw), workflow.name, args, mocks, expectations, self.span)

    def _reject(self, given: list[Given], report: Report) -> None:
        if any(isinstance(item, Junk) for item in self.items):
            return
        if given:
            report.add(
                MISSING_GIVEN,
                "a test runs one workflow",
                given[1].span,
                related=(Label(given[0].span, "it already runs this one"),),
            )
            return
        report.add(MISSING_GIVEN, "the test runs nothing", self.name.span, help="add `given workflow(…)`")

    def _mocks(self, targets: Targets) -> Iterator[plan.Mock]:
        report = targets.report
        for node in (item for item in self.items if isinstance(item, MockNode)):
            type, params = targets.find(node.target.sort, node.target.path) or (UNKNOWN, None)
            scope = Scope(Body(targets.module, report, type, str(node.target)))
            for name in node.params or ():
                scope.define(name, _param_type(name, params, node.target, report), "argument")
            values = tuple(_answer(value, type, node.target, scope, report) for value in node.values)
            names = tuple(name.text for name in node.params or ())
            uses = bound_uses(node.uses, node.target.sort, node.target.path, targets, scope)
            target = targets.unique(node.target.sort, node.target.path)
            yield plan.Mock(target, names, values, _failure(node, report), uses)

    def _expectations(self, output: Type, targets: Targets) -> Iterator[plan.Expectation]:
        for node in (item for item in self.items if isinstance(item, Expect | Always)):
            rewritten, calls = counted_calls(node.condition, targets)
            scope = Scope(Body(targets.module, targets.report, output, "test"))
            scope.define(Name("result", node.span), output, "result")
            scope.define(Name("error", node.span), Optional(Literal(tuple(CATALOGUE))), "error")
            for variable, _ in calls:
                scope.define(Name(variable, node.span), INT, "count")
            term = condition(rewritten, scope, targets.report)
            yield plan.Expectation(term, calls, show(node.condition), isinstance(node, Always), node.span)


def _answer(value: Expr, type: Type, target: Target, scope: Scope, report: Report) -> Term:
    if target.sort == "approve":
        return decision(value, type, scope, report) if isinstance(type, Record) else Const(None)
    return fit(value, type, scope, report, f"the answer of `{target}`")


def _param_type(name: Name, params: Iterable[plan.Param] | None, target: Target, report: Report) -> Type:
    """The type of a mock's parameter; one that the operation does not have is reported."""
    known = {param.name: param.type for param in params or ()}
    if params is not None and name.text not in known:
        help, fix = did_you_mean(name.text, known, name.span)
        report.add(UNKNOWN_ARGUMENT, f"`{target}` has no parameter `{name}`", name.span, help=help, fix=fix)
    return known.get(name.text, UNKNOWN)


def _failure(node: MockNode, report: Report) -> tuple[str, str] | None:
    if node.failure is None:
        return None
    check_error_class(node.failure[0], report)
    return node.failure[0].text, unquote(node.failure[1].raw)


DECLARATION: type[Declaration] = Test
