"""`fail not_found "no order {{ id }}"`: end the run with an error."""

from __future__ import annotations

from typing import ClassVar

from agent_lattice_runtime.errors import CATALOGUE

from agent_lattice import plan
from agent_lattice.diagnostics import Code, Report, did_you_mean
from agent_lattice.expr.templates import check_template, parse_template
from agent_lattice.kind import Kind, Scope
from agent_lattice.printer import Printer
from agent_lattice.records import field, record
from agent_lattice.source import NOWHERE, Span
from agent_lattice.tree import Name, Reader, Text

UNKNOWN_ERROR = Code("LAT1212", "unknown-error-class")
DEFAULT = "validation"


@record
class Fail:
    word: ClassVar[str] = "fail"
    summary: ClassVar[str] = "end the run with an error of the catalogue"
    syntax: ClassVar[str] = """
        %extend statement: fail
        fail: "fail" NAME? template
    """
    readers: ClassVar[dict[str, Reader]] = {
        "fail": lambda parts: Fail(parts.name() if parts.token("NAME") else None, parts.one(Text), parts.span)
    }

    code: Name | None
    message: Text
    span: Span = field(default=NOWHERE, compare=False)

    def show(self, out: Printer) -> None:
        out.line(f"fail {self.code} {self.message.raw}" if self.code else f"fail {self.message.raw}")

    def check(self, scope: Scope) -> plan.Op | None:
        if self.code:
            check_error_class(self.code, scope.report)
        message = check_template(parse_template(self.message.span, scope.report), scope, scope.report)
        return plan.Fail(self.code.text if self.code else DEFAULT, message, self.span)


def check_error_class(name: Name, report: Report) -> None:
    """Report a name that is not in the error catalogue."""
    if name.text not in CATALOGUE:
        help, fix = did_you_mean(name.text, CATALOGUE, name.span)
        report.add(
            UNKNOWN_ERROR,
            f"unknown error class `{name}`",
            name.span,
            help=help or f"there are {', '.join(CATALOGUE)}",
            fix=fix,
        )


KIND: type[Kind] = Fail
