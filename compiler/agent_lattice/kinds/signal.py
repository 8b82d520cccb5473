"""`paid = signal payment: Payment within 1d else null`: wait for a value that somebody sends the run."""

from __future__ import annotations

from typing import ClassVar

from agent_lattice import plan
from agent_lattice.annotations import Annotation, annotation, resolve
from agent_lattice.diagnostics import Label
from agent_lattice.durations import Length, checked_seconds, missing_deadline, read_length
from agent_lattice.expr.check import check
from agent_lattice.expr.tree import Expr, shown
from agent_lattice.fitting import MISMATCH
from agent_lattice.kind import Kind, Scope, unnamed_step
from agent_lattice.printer import Printer
from agent_lattice.records import field, record
from agent_lattice.source import NOWHERE, Span
from agent_lattice.terms import Const, Term
from agent_lattice.tree import Name, Parts, Reader
from agent_lattice.types import DURATION, NULL, Null, Optional, Type, Unknown, assignable, optional


@record
class Within:
    """`within 1d else null`."""

    length: Length
    otherwise: Expr | None
    span: Span = field(default=NOWHERE, compare=False)


@record
class Signal:
    word: ClassVar[str] = "signal"
    summary: ClassVar[str] = (
        "wait for a value from outside, sent under a name; what it is instead when none comes in time"
    )
    syntax: ClassVar[str] = """
        %extend statement: signal
        signal: (NAME "=")? "signal" NAME ":" type signal_within?
        signal_within: "within" DURATION ("else" expr)?
    """
    keys: ClassVar[dict[str, tuple[str, ...]]] = {"signal": ("name", "signal", "type", "")}
    readers: ClassVar[dict[str, Reader]] = {
        "signal": lambda parts: Signal.read(parts),
        "signal_within": lambda parts: Within(read_length(parts), parts.maybe(Expr), parts.span),
    }

    name: Name | None
    signal: Name
    type: Annotation
    within: Within | None
    span: Span = field(default=NOWHERE, compare=False)

    @classmethod
    def read(cls, parts: Parts) -> Signal:
        *name, signal = parts.names()
        return cls(name[0] if name else None, signal, annotation(parts), parts.maybe(Within), parts.span)

    def show(self, out: Printer) -> None:
        target = f"{self.name} = " if self.name else ""
        within = f" within {self.within.length.raw}" if self.within else ""
        otherwise = self.within.otherwise if self.within else None
        behind = (" else ", shown(otherwise)) if otherwise else ""
        out.line(f"{target}signal {self.signal}: ", self.type.shown, within, behind)

    def check(self, scope: Scope) -> plan.Op | None:
        name = self.name or unnamed_step(self.signal.text, self.span, self.span, scope)
        step = scope.step(name)
        sent = resolve(self.type, scope.module, scope.report)
        otherwise = self._otherwise(sent, scope)
        type = _covering(sent, otherwise.type)
        scope.define(name, type, "step result")
        return plan.Signal(step, name.text, self.signal.text, sent, self._length(scope), otherwise, type, self.span)

    def _length(self, scope: Scope) -> Term:
        if self.within is None:
            message = f"nothing says how long to wait for `{self.signal}`"
            missing_deadline(message, self.span.after(), " within 1d else null", scope.report)
            return Const(None, type=DURATION)
        checked_seconds(self.within.length, "this deadline", scope.report)
        return self.within.length.term(scope)

    def _otherwise(self, sent: Type, scope: Scope) -> Term:
        """What it is when nothing comes in time: of the type that is sent, or null."""
        if self.within is None or self.within.otherwise is None:
            if self.within is not None:
                message = f"nothing says what `{self.signal}` is when none comes in time"
                missing_deadline(message, self.within.span.after(), " else null", scope.report)
            return Const(None, type=NULL)
        value = check(self.within.otherwise, scope, scope.report, optional(sent))
        if not assignable(value.type, optional(sent)):
            scope.report.add(
                MISMATCH,
                f"the signal `{self.signal}` is `{sent}`, this is `{value.type}`",
                self.within.otherwise.span,
                label=f"expected `{optional(sent)}`",
                related=(Label(self.type.span, "what is sent"),),
            )
        return value


def _covering(sent: Type, otherwise: Type) -> Type:
    """The type of what is sent or its replacement."""
    may_be_null = isinstance(otherwise, Null | Optional) and not isinstance(sent, Unknown)
    return optional(sent) if may_be_null else sent


KIND: type[Kind] = Signal
