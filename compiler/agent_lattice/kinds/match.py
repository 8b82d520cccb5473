"""`match e { case "a" { … } case is Order { … } else { … } }`: one way for each value or type of a closed choice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from agent_lattice import plan
from agent_lattice.annotations import Annotation, annotation, unquote
from agent_lattice.diagnostics import Code, Edit, Fix, Label, did_you_mean
from agent_lattice.expr.check import check
from agent_lattice.expr.fits import present
from agent_lattice.expr.tree import Expr, head
from agent_lattice.kind import Kind, Scope
from agent_lattice.layout import Hanging
from agent_lattice.matching import REPEATED_CASE, WRONG_CASE, Asked, remaining_facts, type_ways, way_scope
from agent_lattice.printer import Braces, Printer
from agent_lattice.records import field, record, replace
from agent_lattice.source import NOWHERE, Span
from agent_lattice.tree import Block, Parts, Reader, written
from agent_lattice.types import (
    BOOL,
    INT,
    NULL,
    STRING,
    AnyValue,
    Literal,
    Null,
    Optional,
    Type,
    Uint,
    Union,
    Unknown,
    assignable,
    base,
    primitive,
)
from agent_lattice.unions import alternatives

NOT_EXHAUSTIVE = Code("LAT2220", "match-not-exhaustive")
NOT_MATCHABLE = Code("LAT2223", "match-on-open-type")

Value = str | int | bool | None
_UNHANDLED = '{ fail "not handled yet" }'


@record
class CaseValue:
    """A literal behind `case`."""

    value: Value
    span: Span = field(default=NOWHERE, compare=False)

    def __str__(self) -> str:
        return "null" if self.value is None else str(Literal((self.value,)))


@record
class CaseType:
    """`is Order` behind `case`."""

    type: Annotation
    span: Span = field(default=NOWHERE, compare=False)


@record
class Case:
    """`case a, b { … }`."""

    values: tuple[CaseValue | CaseType, ...]
    body: Block
    span: Span = field(default=NOWHERE, compare=False)

    def show(self, out: Printer) -> None:
        shown = tuple(
            ("is ", value.type.shown) if isinstance(value, CaseType) else written(value.span, str(value))
            for value in self.values
        )
        out.block(("case", Hanging(shown)), self.body)


@record
class Otherwise:
    """`else { … }`."""

    body: Block
    span: Span = field(default=NOWHERE, compare=False)

    def show(self, out: Printer) -> None:
        out.block("else", self.body)


def _read_value(parts: Parts) -> CaseValue:
    value: Any
    if token := parts.token("STRING"):
        value = unquote(str(token))
    elif token := parts.token("INT"):
        value = int(str(token)) * (-1 if parts.has("-") else 1)
    else:
        value = None if parts.has("null") else parts.has("true")
    return CaseValue(value, parts.span)


@record
class Match:
    word: ClassVar[str] = "match"
    summary: ClassVar[str] = "one way for each value or type of a closed choice; must cover them all"
    syntax: ClassVar[str] = """
        %extend statement: match_statement
        match_statement: "match" expr "{" case* otherwise? "}"
        case: "case" case_item ("," case_item)* block
        ?case_item: case_value | case_type
        case_value: STRING | "-"? INT | "true" | "false" | "null"
        case_type: "is" type
        otherwise: "else" block
    """
    keys: ClassVar[dict[str, tuple[str, ...]]] = {
        "case": ("values", "body"),
    }
    readers: ClassVar[dict[str, Reader]] = {
        "match_statement": lambda parts: Match(
            parts.one(Expr), tuple(parts.all(Case)), parts.maybe(Otherwise), parts.braces, parts.span
        ),
        "case": lambda parts: Case(
            tuple(part for part in parts if isinstance(part, CaseValue | CaseType)), parts.one(Block), parts.span
        ),
        "case_type": lambda parts: CaseType(annotation(parts), parts.span),
        "case_value": _read_value,
        "otherwise": lambda parts: Otherwise(parts.one(Block), parts.span),
    }

    subject: Expr
    cases: tuple[Case, ...]
    otherwise: Otherwise | None
    braces: Span = field(default=NOWHERE, compare=False)
    span: Span = field(default=NOWHERE, compare=False)

    def show(self, out: Printer) -> None:
        ways = (*self.cases, self.otherwise) if self.otherwise else self.cases
        out.blocks(Braces(("match ", head(self.subject)), ways, self.braces))

    def check(self, scope: Scope) -> plan.Op | None:
        subject = check(self.subject, scope, scope.report)
        if self._asks_for_types(subject.type):
            ways = type_ways(subject, [list(map(_asked, case.values)) for case in self.cases], scope)
        else:
            ways = [plan.Case(values, ()) for values in self._values(subject.type, scope)]
        self._check_cover(subject.type, ways, scope)
        cases = tuple(
            replace(way, body=way_scope(subject, way, scope).block(case.body.statements))
            for case, way in zip(self.cases, ways, strict=True)
        )
        otherwise = None
        if self.otherwise:
            otherwise = scope.inner(remaining_facts(subject, ways)).block(self.otherwise.body.statements)
        return plan.Match(subject, cases, otherwise, self.span)

    def _asks_for_types(self, subject: Type) -> bool:
        asked = any(isinstance(value, CaseType) for case in self.cases for value in case.values)
        return asked or isinstance(present(subject), Union | AnyValue)

    def _values(self, subject: Type, scope: Scope) -> Iterator[tuple[Value, ...]]:
        """The values of each case, checked."""
        seen: dict[tuple[type, Value], Span] = {}
        for case in self.cases:
            values = [value for value in case.values if isinstance(value, CaseValue)]
            for value in values:
                key = (type(value.value), value.value)
                if key in seen:
                    related = (Label(seen[key], "first here"),)
                    scope.report.add(REPEATED_CASE, f"the case `{value}` stands twice", value.span, related=related)
                elif not _fits(value.value, subject):
                    self._reject(value, subject, scope)
                seen.setdefault(key, value.span)
            yield tuple(value.value for value in values)

    def _reject(self, value: CaseValue, subject: Type, scope: Scope) -> None:
        choices = [f'"{v}"' for v in _choices(subject) or () if isinstance(v, str)]
        help, fix = did_you_mean(str(value), choices, value.span)
        scope.report.add(WRONG_CASE, f"`{value}` is never a value of `{subject}`", value.span, help=help, fix=fix)

    def _check_cover(self, subject: Type, ways: Sequence[plan.Case], scope: Scope) -> None:
        """Report values that no case is for; where the run would go with them is not known."""
        if self.otherwise or isinstance(subject, Unknown):
            return
        choices = _choices(subject)
        scope.body.unclear |= choices is None
        at = Span(self.span.source, self.span.end - 1, self.span.end - 1)
        if choices is None:
            fix = Fix("add an `else` that fails", (_last_case(at, f"else {_UNHANDLED}"),))
            scope.report.add(
                NOT_MATCHABLE,
                f"`{subject}` has no closed set of values",
                self.subject.span,
                help="add an `else` for all other values",
                fix=fix,
            )
            return
        missing = _missing(choices, ways)
        if missing:
            scope.body.unclear = True
            listed = ", ".join(f"`{value.removeprefix('is ')}`" for value in missing)
            fix = Fix(
                f"add a case for {listed} that fails",
                (_last_case(at, f"case {', '.join(missing)} {_UNHANDLED}"),),
            )
            scope.report.add(
                NOT_EXHAUSTIVE,
                f"the cases leave out {listed}",
                self.subject.span,
                label=f"this is `{subject}`",
                help="say what happens then, or add an `else`",
                fix=fix,
            )


def _last_case(at: Span, text: str) -> Edit:
    """Puts a case before the closing brace at `at`: on a line of its own where the brace has one."""
    line = at.source.text[at.source.text.rfind("\n", 0, at.start) + 1 : at.start]
    return Edit(at, f"  {text}\n{line}" if not line.strip() else f"{text} ")


def _asked(value: CaseValue | CaseType) -> Asked:
    return Asked(value.span, value.type, None) if isinstance(value, CaseType) else Asked(value.span, None, value.value)


def _missing(choices: tuple[Value | Type, ...], ways: Sequence[plan.Case]) -> list[str]:
    """The choices that no case is for, as a case has them."""
    given = {(type(value), value) for way in ways for value in (*way.values, *way.types)}
    missing = [choice for choice in choices if (type(choice), choice) not in given]
    return [
        f"is {choice}"
        if isinstance(choice, Type) and choice != NULL
        else str(CaseValue(choice if not isinstance(choice, Type) else None))
        for choice in missing
    ]


def _choices(subject: Type) -> tuple[Value | Type, ...] | None:
    """All values of a closed type, or all types that a union has; None for an open one."""
    plain = base(subject)
    if isinstance(present(subject), Union):
        return tuple(alternatives(subject))
    if isinstance(plain, Optional):
        inner = _choices(plain.inner)
        return None if inner is None else (*inner, None)
    if isinstance(plain, Literal):
        return plain.values
    return (True, False) if plain == BOOL else (None,) if isinstance(plain, Null) else None


def _fits(value: Value, subject: Type) -> bool:
    choices = _choices(subject)
    if choices is not None:
        return any(value == choice and type(value) is type(choice) for choice in choices)
    if isinstance(base(subject), Uint):
        return type(value) is int and 0 <= value < 2**64
    source = NULL if value is None else primitive(value)
    return source in (STRING, INT, NULL) and assignable(source, base(subject))


KIND: type[Kind] = Match
