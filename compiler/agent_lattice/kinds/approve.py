"""`sign = approve "refunds" { ask "Refund {{ total }}?"  edit amount: total  within 24h else reject }`: let a person decide."""

from __future__ import annotations

from typing import ClassVar

from agent_lattice import plan
from agent_lattice.annotations import unquote
from agent_lattice.decisions import OUTCOMES, OWN_FIELDS, decision_type
from agent_lattice.diagnostics import Code, did_you_mean
from agent_lattice.durations import Length, checked_seconds, missing_deadline, read_length
from agent_lattice.expr.check import check
from agent_lattice.expr.fits import has_dyn, held, is_inner
from agent_lattice.expr.templates import check_template, parse_template
from agent_lattice.expr.tree import Expr, shown
from agent_lattice.fitting import REPEATED_ARGUMENT
from agent_lattice.kind import Kind, Scope, unnamed_step
from agent_lattice.printer import Braces, Printer
from agent_lattice.records import field, record
from agent_lattice.source import NOWHERE, Span
from agent_lattice.step_clauses import single_clauses
from agent_lattice.terms import Const, Template, Term
from agent_lattice.tree import Junk, Name, Parts, Reader, Text
from agent_lattice.types import DURATION, Dyn, ListType, MapType, Type

WRONG_APPROVAL = Code("LAT5015", "wrong-approval")


@record
class Question:
    """`ask "…"`: what the person reads."""

    word: ClassVar[str] = "ask"
    text: Text
    span: Span = field(default=NOWHERE, compare=False)

    def show(self, out: Printer) -> None:
        out.line(f"ask {self.text.raw}")


@record
class EditNode:
    """`edit amount: order.total`: a value that the person sees and may change."""

    word: ClassVar[str] = "edit"
    name: Name
    value: Expr
    span: Span = field(default=NOWHERE, compare=False)

    def show(self, out: Printer) -> None:
        out.line(f"edit {self.name}: ", shown(self.value))


@record
class Within:
    """`within 24h else reject`."""

    word: ClassVar[str] = "within"
    length: Length
    otherwise: Name | None
    span: Span = field(default=NOWHERE, compare=False)

    def show(self, out: Printer) -> None:
        out.line(f"within {self.length.raw}{f' else {self.otherwise}' if self.otherwise else ''}")


def _read_within(parts: Parts) -> Within:
    return Within(read_length(parts), parts.name() if parts.token("NAME") else None, parts.span)


@record
class Approve:
    word: ClassVar[str] = "approve"
    summary: ClassVar[str] = (
        "ask people in a role; they see values and may change them, and a missing answer counts as something"
    )
    syntax: ClassVar[str] = """
        %extend statement: approve
        approve: (NAME "=")? "approve" text "{" approve_clause* "}"
        ?approve_clause: approve_ask | approve_edit | approve_within | junk
        approve_ask: "ask" template
        approve_edit: "edit" NAME ":" expr
        approve_within: "within" DURATION ("else" NAME)?
    """
    keys: ClassVar[dict[str, tuple[str, ...]]] = {
        "approve": ("name", "role", ""),
        "approve_edit": ("name", "value"),
        "approve_within": ("time", "else"),
    }
    readers: ClassVar[dict[str, Reader]] = {
        "approve": lambda parts: Approve.read(parts),
        "approve_ask": lambda parts: Question(parts.one(Text), parts.span),
        "approve_edit": lambda parts: EditNode(parts.name(), parts.one(Expr), parts.span),
        "approve_within": _read_within,
    }

    name: Name | None
    role: Text
    clauses: tuple[Question | EditNode | Within | Junk, ...]
    braces: Span = field(default=NOWHERE, compare=False)
    span: Span = field(default=NOWHERE, compare=False)

    @classmethod
    def read(cls, parts: Parts) -> Approve:
        name = parts.name() if parts.token("NAME") else None
        clauses = tuple(child for child in parts if isinstance(child, Question | EditNode | Within | Junk))
        return cls(name, parts.one(Text), clauses, parts.braces, parts.span)

    def show(self, out: Printer) -> None:
        target = f"{self.name} = " if self.name else ""
        out.blocks(Braces(f"{target}approve {self.role.raw}", self.clauses, self.braces))

    def check(self, scope: Scope) -> plan.Op | None:
        name = self.name or unnamed_step("decision", self.role.span, self.span, scope)
        step = scope.step(name)
        single = single_clauses((c for c in self.clauses if not isinstance(c, EditNode)), scope.report)
        args = self._values(scope)
        type = decision_type(scope, step, args)
        role = unquote(self.role.raw)
        if not role.strip():
            scope.report.add(WRONG_APPROVAL, "nobody is asked: the role is empty", self.role.span, help="name one")
        within: Within | None = single.get("within")
        op = plan.Approve(
            step,
            name.text,
            role,
            self._question(single.get("ask"), scope),
            args,
            self._length(within, scope),
            self._otherwise(within, scope),
            type,
            self.span,
        )
        scope.define(name, type, "step result")
        return op

    @property
    def _is_broken(self) -> bool:
        return any(isinstance(clause, Junk) for clause in self.clauses)

    def _question(self, clause: Question | None, scope: Scope) -> Template:
        if clause is not None:
            return check_template(parse_template(clause.text.span, scope.report), scope, scope.report)
        if not self._is_broken:
            help = 'say what the person decides: `ask "Refund {{ total }}?"`'
            scope.report.add(WRONG_APPROVAL, "this asks nothing", self.role.span, help=help)
        return Template(())

    def _values(self, scope: Scope) -> plan.Args:
        found: dict[str, Term] = {}
        for clause in (clause for clause in self.clauses if isinstance(clause, EditNode)):
            value = check(clause.value, scope, scope.report)
            if clause.name.text in OWN_FIELDS:
                message = f"every decision has a `{clause.name}` of its own"
                scope.report.add(WRONG_APPROVAL, message, clause.name.span, help="call the value something else")
            elif clause.name.text in found:
                message = f"the value `{clause.name}` is given twice"
                scope.report.add(REPEATED_ARGUMENT, message, clause.name.span)
            elif _is_open(value.type):
                message = f"nobody can say what may be entered for `{clause.name}`: its type is `{value.type}`"
                help = "name it first: `let value: T = …`"
                scope.report.add(WRONG_APPROVAL, message, clause.value.span, help=help)
            else:
                found[clause.name.text] = value
        return tuple(found.items())

    def _length(self, within: Within | None, scope: Scope) -> Term:
        if within is None:
            if not self._is_broken:
                end = Span(self.braces.source, self.braces.end - 1, self.braces.end - 1)
                message, text = "nothing says how long to wait for an answer", " within 24h else reject "
                missing_deadline(message, self.role.span, text, scope.report, end)
            return Const(None, type=DURATION)
        checked_seconds(within.length, "this deadline", scope.report)
        return within.length.term(scope)

    def _otherwise(self, within: Within | None, scope: Scope) -> str:
        if within is None:
            return OUTCOMES[0]
        if within.otherwise is None:
            message = "nothing says what a missing answer counts as"
            missing_deadline(message, within.span.after(), " else reject", scope.report)
        elif within.otherwise.text not in OUTCOMES:
            help, fix = did_you_mean(within.otherwise.text, OUTCOMES, within.otherwise.span)
            known = ", ".join(f"`{outcome}`" for outcome in OUTCOMES)
            message = f"a missing answer cannot count as `{within.otherwise}`"
            scope.report.add(WRONG_APPROVAL, message, within.otherwise.span, help=help or f"there are {known}", fix=fix)
        else:
            return within.otherwise.text
        return OUTCOMES[0]


def _is_open(type: Type) -> bool:
    """Whether no declaration says what a value of the type may be."""
    empty = isinstance(type, ListType | MapType) and isinstance(held(type), Dyn)
    return empty or has_dyn(type) or is_inner(type)


KIND: type[Kind] = Approve
