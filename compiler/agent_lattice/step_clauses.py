"""What may stand in the braces of a step: `retry 3 backoff 2s..1m on timeout`, `timeout 30s`, `compensate bank.void(id: paid.id)`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from agent_lattice_runtime.errors import CATALOGUE

from agent_lattice import plan
from agent_lattice.called_operations import find_operation, unique_operation
from agent_lattice.diagnostics import Code, Edit, Fix, Label, Report
from agent_lattice.durations import Length, checked_seconds, read_length, read_lengths
from agent_lattice.fitting import bind
from agent_lattice.kind import Scope
from agent_lattice.kinds.fail import check_error_class
from agent_lattice.layout import Doc
from agent_lattice.printer import Braces, Printer
from agent_lattice.records import field, record
from agent_lattice.source import NOWHERE, Span
from agent_lattice.tree import Arg, Junk, Name, Number, Parts, Reader

REPEATED_CLAUSE = Code("LAT1209", "repeated-clause")
WRONG_RETRY = Code("LAT5002", "retry-cannot-help")
WRONG_COMPENSATION = Code("LAT5006", "wrong-compensation")
REPEATED_WRITE = Code("LAT5020", "repeated-write")

SYNTAX = """
step_clauses: "{" step_clause* "}"
?step_clause: step_retry | step_timeout | step_compensate | junk
step_retry: "retry" number retry_backoff? retry_on?
retry_backoff: "backoff" DURATION ".." DURATION
retry_on: "on" NAME ("," NAME)*
step_timeout: "timeout" DURATION
step_compensate: "compensate" NAME "." NAME "(" arguments? ")" undo_clauses?
undo_clauses: "{" step_retry "}"
limits: "{" step_timeout "}"
"""

USUAL_PAUSES = 1.0, 60.0
"""Seconds before the first retry, and at most, where no `backoff` says otherwise."""
MOST_RETRIES = 100


@record
class Clauses:
    """The clauses of a step, between braces."""

    items: tuple[Any, ...]
    span: Span = field(default=NOWHERE, compare=False)


@record
class Backoff:
    """`backoff 2s..1m`: the pause before the first retry, and the longest."""

    first: Length
    longest: Length
    span: Span = field(default=NOWHERE, compare=False)


@record
class RetryNode:
    """`retry 3 backoff 2s..1m on timeout, unavailable`."""

    word: ClassVar[str] = "retry"

    times: Number
    backoff: Backoff | None
    codes: tuple[Name, ...]
    span: Span = field(default=NOWHERE, compare=False)

    @property
    def text(self) -> str:
        backoff = f" backoff {self.backoff.first.raw}..{self.backoff.longest.raw}" if self.backoff else ""
        codes = f" on {', '.join(map(str, self.codes))}" if self.codes else ""
        return f"retry {self.times.raw}{backoff}{codes}"

    def show(self, out: Printer) -> None:
        out.line(self.text)

    def checked(self, report: Report) -> plan.Retry:
        """The retry of the plan; what cannot work is reported."""
        for code in self.codes:
            check_error_class(code, report)
        self._check_times(report)
        first, longest = USUAL_PAUSES
        if self.backoff is not None:
            first = checked_seconds(self.backoff.first, "this pause", report)
            longest = checked_seconds(self.backoff.longest, "this pause", report)
            self._check_pauses(self.backoff, report)
        codes = tuple(dict.fromkeys(code.text for code in self.codes))
        return plan.Retry(self.times.value, first, longest, codes or RETRYABLE)

    def _check_times(self, report: Report) -> None:
        if not 1 <= self.times.value <= MOST_RETRIES:
            message = f"`retry` takes a number from 1 to {MOST_RETRIES}, not {self.times.raw}"
            help = "leave it out if nothing is to be tried again"
            report.add(WRONG_RETRY, message, self.times.span, help=help if not self.times.value else "")

    def _check_pauses(self, backoff: Backoff, report: Report) -> None:
        if backoff.first.seconds > backoff.longest.seconds:
            turned = f"{backoff.longest.raw}..{backoff.first.raw}"
            edit = Edit(backoff.first.span.to(backoff.longest.span), turned)
            message = "the first pause is longer than the longest one"
            report.add(WRONG_RETRY, message, backoff.span, fix=Fix(f"change to `{turned}`", (edit,)))


RETRYABLE = tuple(code for code, (retryable, _) in CATALOGUE.items() if retryable)
"""What is tried again where no `on` says otherwise: failures that may pass."""


@record
class TimeoutNode:
    """`timeout 30s`."""

    word: ClassVar[str] = "timeout"

    length: Length
    span: Span = field(default=NOWHERE, compare=False)

    def show(self, out: Printer) -> None:
        out.line(f"timeout {self.length.raw}")


@record
class Compensate:
    """`compensate bank.void(id: paid.id) { retry 5 }`."""

    word: ClassVar[str] = "compensate"

    tool: Name
    operation: Name
    args: tuple[Arg, ...]
    retry: Clauses | None
    span: Span = field(default=NOWHERE, compare=False)

    @classmethod
    def read(cls, parts: Parts) -> Compensate:
        tool, operation = parts.names()
        return cls(tool, operation, tuple(parts.maybe(list) or []), parts.maybe(Clauses), parts.span)

    def show(self, out: Printer) -> None:
        words = (f"compensate {self.tool}.{self.operation}", out.args(self.operation, self.args, self.retry))
        show_clauses(words, self.retry, out)

    def checked(self, scope: Scope) -> plan.Undo | None:
        """The operation that takes back; `scope` knows the result of the step."""
        operation = find_operation(self.tool, self.operation, scope)
        if operation is None:
            return None
        callee = f"{self.tool}.{self.operation}"
        args = bind(self.args, operation.params, scope, scope.report, callee, self.span)
        self._check(operation, callee, scope.report)
        retry = self.retry.items[0].checked(scope.report) if self.retry else None
        return plan.Undo(unique_operation(self.tool, self.operation, scope), args, retry, self.span)

    def _check(self, operation: plan.Operation, callee: str, report: Report) -> None:
        """It runs until it has succeeded, also in another process: then it must not matter how often it has."""
        at = self.tool.span.to(self.operation.span)
        if operation.effect != "write":
            message = f"`{callee}` takes nothing back: its effect is `{operation.effect}`"
            report.add(WRONG_COMPENSATION, message, at, help="name an operation that writes")
        elif operation.key is None:
            message = f"`{callee}` cannot be tried again, as a compensation is"
            help = "let it have a parameter by which a repeated call is known: `idempotent_by`"
            report.add(WRONG_COMPENSATION, message, at, help=help)


@record
class _On:
    """`on timeout, unavailable`."""

    codes: tuple[Name, ...]
    span: Span = field(default=NOWHERE, compare=False)


def _read_retry(parts: Parts) -> RetryNode:
    on = parts.maybe(_On)
    return RetryNode(parts.one(Number), parts.maybe(Backoff), on.codes if on else (), parts.span)


def check_clauses(clauses: Clauses, single: dict[str, Any], operation: plan.Operation, report: Report) -> None:
    """Report a retry that could write twice, and a compensation of what writes nothing."""
    retry, compensate = single.get("retry"), single.get("compensate")
    if retry is not None and operation.effect == "write" and operation.key is None:
        gone = clauses.span if len(clauses.items) == 1 else retry.span
        report.add(
            REPEATED_WRITE,
            f"`{operation.name}` may have happened although it failed, and would happen twice",
            retry.span,
            help="let it have a parameter by which a repeated call is known (`idempotent_by`), or leave `retry` out",
            fix=Fix("remove it", (Edit(gone, ""),), safe=False),
        )
    if compensate is not None and operation.effect != "write":
        message = f"`{operation.name}` changes nothing that could be taken back: its effect is `{operation.effect}`"
        report.add(WRONG_COMPENSATION, message, compensate.span, help="leave `compensate` out")


def _read_backoff(parts: Parts) -> Backoff:
    first, longest = read_lengths(parts)
    return Backoff(first, longest, parts.span)


def show_clauses(words: Doc, clauses: Clauses | None, out: Printer) -> None:
    """An item that may have clauses behind it."""
    if clauses is None:
        out.line(words)
    else:
        out.blocks(Braces(words, clauses.items, clauses.span))


def single_clauses(clauses: Iterable[Any], report: Report) -> dict[str, Any]:
    """The clauses that may stand once, by word; a second one is reported."""
    found: dict[str, Any] = {}
    for clause in clauses:
        if isinstance(clause, Junk) or clause.word == "check":
            continue
        if clause.word in found:
            related = (Label(found[clause.word].span, "the first one is here"),)
            report.add(REPEATED_CLAUSE, f"`{clause.word}` stands twice", clause.span, related=related)
        found.setdefault(clause.word, clause)
    return found


def timeout_of(clauses: Clauses | None, report: Report) -> float | None:
    """The seconds of a `timeout` among clauses."""
    return limit(single_clauses(clauses.items, report).get("timeout"), report) if clauses else None


def limit(clause: TimeoutNode | None, report: Report) -> float | None:
    """The seconds of a `timeout`."""
    return checked_seconds(clause.length, "this timeout", report) if clause else None


READERS: dict[str, Reader] = {
    "step_clauses": lambda parts: Clauses(tuple(c for c in parts if hasattr(c, "show")), parts.span),
    "step_retry": _read_retry,
    "retry_backoff": _read_backoff,
    "retry_on": lambda parts: _On(tuple(parts.names()), parts.span),
    "step_timeout": lambda parts: TimeoutNode(read_length(parts), parts.span),
    "step_compensate": lambda parts: Compensate.read(parts),
    "undo_clauses": lambda parts: Clauses((parts.one(RetryNode),), parts.span),
    "limits": lambda parts: Clauses((parts.one(TimeoutNode),), parts.span),
}
