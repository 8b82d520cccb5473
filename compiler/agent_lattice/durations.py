"""Spans of time as the language writes them: `30s`, `2h`; and the deadline that everything has which waits."""

from __future__ import annotations

from agent_lattice.diagnostics import Code, Edit, Fix, Report
from agent_lattice.expr.check import check
from agent_lattice.expr.tree import Call, Literal
from agent_lattice.kind import Scope
from agent_lattice.records import field, record
from agent_lattice.settings import seconds
from agent_lattice.source import NOWHERE, Span
from agent_lattice.terms import Term
from agent_lattice.tree import Name, Parts

MISSING_DEADLINE = Code("LAT5007", "missing-deadline")
NO_TIME = Code("LAT5008", "limit-of-nothing")

_MOST = 3650 * 86400.0
"""Ten years, in seconds: nothing that a run waits for takes longer."""


@record
class Length:
    """A DURATION as written."""

    raw: str
    span: Span = field(default=NOWHERE, compare=False)

    @property
    def seconds(self) -> float:
        return seconds(self.raw)

    def term(self, scope: Scope) -> Term:
        """The same value as an expression has it: `2h` is `duration("7200s")`."""
        text = f"{seconds(self.raw):.3f}".rstrip("0").rstrip(".") + "s"
        made = Call(None, Name("duration", self.span), (Literal(text, span=self.span),), span=self.span)
        return check(made, scope, scope.report)


def written(time: float) -> str:
    """Seconds in the largest unit that they are whole in: `90s`, `2h`."""
    left = round(time * 1000)
    unit = next((unit for unit in ("d", "h", "m", "s") if left % round(seconds(f"1{unit}") * 1000) == 0), "ms")
    return f"{left // round(seconds(f'1{unit}') * 1000)}{unit}"


def read_length(parts: Parts) -> Length:
    """The first DURATION of a rule."""
    return read_lengths(parts)[0]


def read_lengths(parts: Parts) -> tuple[Length, ...]:
    """All of them, in order."""
    found = (child for child in parts if getattr(child, "type", "") == "DURATION")
    return tuple(Length(str(token), parts.spot(token)) for token in found)


def checked_seconds(length: Length, what: str, report: Report) -> float:
    """The seconds of a limit; one that leaves no time, or more than ten years, is reported. `what` names it."""
    given = length.seconds
    if not 0 < given <= _MOST:
        problem = "leaves no time at all" if not given else "is longer than ten years"
        report.add(NO_TIME, f"{what} {problem}", length.span, help="write a span such as `30s`, `5m`, `2h` or `7d`")
        return 1.0
    return given


def missing_deadline(message: str, at: Span, text: str, report: Report, place: Span | None = None) -> None:
    """Report something that may wait for ever; the fix puts `text` there, or at another place."""
    fix = Fix(f"add `{text.strip()}`", (Edit(place or at, text),), safe=False)
    help = "a run that waits for ever is never missed: say how long, and what then"
    report.add(MISSING_DEADLINE, message, at, help=help, fix=fix)
