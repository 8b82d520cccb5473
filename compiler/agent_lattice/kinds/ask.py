"""`triage = ask fast -> Triage { … }`: a model call with a typed, checked and repaired answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from agent_lattice import plan
from agent_lattice.annotations import Annotation, annotation, resolve, unquote
from agent_lattice.diagnostics import Code, Edit, Fix, Report
from agent_lattice.expr.templates import check_template, parse_template
from agent_lattice.expr.tree import Expr, shown
from agent_lattice.fitting import condition
from agent_lattice.kind import Kind, Scope
from agent_lattice.layout import Chained
from agent_lattice.printer import Braces, Printer
from agent_lattice.records import field, record
from agent_lattice.source import NOWHERE, Span
from agent_lattice.step_clauses import TimeoutNode, limit, single_clauses
from agent_lattice.terms import Template
from agent_lattice.tree import Junk, Name, Number, Parts, Reader, Text
from agent_lattice.types import Type

MISSING_PROMPT = Code("LAT2210", "ask-without-prompt")
TOO_MANY_REPAIRS = Code("LAT2211", "too-many-repairs")

MOST_REPAIRS = 10


@record
class Clause:
    """A clause of an `ask`: `system`, `prompt`, `check`, `repair` or `escalate`, with what follows the word."""

    word: str
    value: Any
    message: Text | None = None
    span: Span = field(default=NOWHERE, compare=False)

    def show(self, out: Printer) -> None:
        value = self.value
        if self.message:
            out.line(f"{self.word} ", Chained(shown(value), ((":", self.message.raw),)))
        else:
            out.line(f"{self.word} {value.raw if isinstance(value, Text | Number) else value}")


@record
class Ask:
    word: ClassVar[str] = "ask"
    summary: ClassVar[str] = "ask a model for a typed value: validated, checked, repaired, escalated"
    syntax: ClassVar[str] = """
        %extend statement: ask
        ask: NAME "=" "ask" NAME "->" type "{" ask_clause* "}"
        ?ask_clause: ask_system | ask_prompt | ask_check | ask_repair | ask_escalate | step_timeout | junk
        ask_system: "system" template
        ask_prompt: "prompt" template
        ask_check: "check" expr ":" text
        ask_repair: "repair" number
        ask_escalate: "escalate" NAME
    """
    keys: ClassVar[dict[str, tuple[str, ...]]] = {
        "ask_check": ("condition", "message"),
    }
    readers: ClassVar[dict[str, Reader]] = {
        "ask": lambda parts: Ask.read(parts),
        "ask_system": lambda parts: Clause("system", parts.one(Text), None, parts.span),
        "ask_prompt": lambda parts: Clause("prompt", parts.one(Text), None, parts.span),
        "ask_check": lambda parts: Clause("check", parts.one(Expr), parts.one(Text), parts.span),
        "ask_repair": lambda parts: Clause("repair", parts.one(Number), None, parts.span),
        "ask_escalate": lambda parts: Clause("escalate", parts.name(), None, parts.span),
    }

    name: Name
    model: Name
    output: Annotation
    clauses: tuple[Clause | TimeoutNode | Junk, ...]
    braces: Span = field(default=NOWHERE, compare=False)
    span: Span = field(default=NOWHERE, compare=False)

    @classmethod
    def read(cls, parts: Parts) -> Ask:
        name, model = parts.names()
        clauses = tuple(child for child in parts if isinstance(child, Clause | TimeoutNode | Junk))
        return cls(name, model, annotation(parts), clauses, parts.braces, parts.span)

    def show(self, out: Printer) -> None:
        words = (f"{self.name} = ask {self.model} -> ", self.output.shown)
        out.blocks(Braces(words, self.clauses, self.braces))

    def check(self, scope: Scope) -> plan.Op | None:
        step = scope.step(self.name)
        type = resolve(self.output, scope.module, scope.report)
        model = scope.module.find(self.model, "model", scope.report)
        single = single_clauses(self.clauses, scope.report)
        op = plan.Ask(
            step,
            self.name.text,
            model.name if isinstance(model, plan.Model) else self.model.text,
            type,
            template(single.get("system"), scope),
            template(single.get("prompt"), scope) or self._missing_prompt(scope),
            answer_checks(self.clauses, self.name, type, scope),
            repairs(single.get("repair"), scope.report),
            self._escalate(single.get("escalate"), scope),
            self.span,
            limit(single.get("timeout"), scope.report),
        )
        scope.define(self.name, type, "step result")
        return op

    def _missing_prompt(self, scope: Scope) -> Template:
        if not any(isinstance(clause, Junk) for clause in self.clauses):
            span = Span(self.span.source, self.name.span.start, self.model.span.end)
            scope.report.add(
                MISSING_PROMPT,
                f"`{self.name}` asks nothing: it has no `prompt`",
                span,
                help='say what the model should answer: `prompt "…"`',
            )
        return Template(())

    def _escalate(self, clause: Clause | None, scope: Scope) -> str | None:
        if clause is None:
            return None
        model = scope.module.find(clause.value, "model", scope.report)
        return model.name if isinstance(model, plan.Model) else None


def template(clause: Clause | None, scope: Scope) -> Template | None:
    """The checked template of a `system` or `prompt`."""
    if clause is None:
        return None
    parsed = parse_template(clause.value.span, scope.report)
    return check_template(parsed, scope, scope.report)


def answer_checks(clauses: Iterable[Any], name: Name, type: Type, scope: Scope) -> tuple[plan.Check, ...]:
    """The `check` clauses, in which the answer is called `name`."""
    checks = [clause for clause in clauses if isinstance(clause, Clause) and clause.word == "check"]
    inner = scope.inner()
    if checks:
        inner.define(name, type, "answer")
    return tuple(
        plan.Check(condition(c.value, inner, scope.report), unquote(c.message.raw)) for c in checks if c.message
    )


def repairs(clause: Clause | None, report: Report) -> int:
    """How often a bad answer may be corrected."""
    if clause is None:
        return 0
    count: int = clause.value.value
    if count > MOST_REPAIRS:
        report.add(
            TOO_MANY_REPAIRS,
            f"at most {MOST_REPAIRS} repairs, not {count}",
            clause.value.span,
            help="a model that fails that often needs another prompt or model",
            fix=Fix(f"repair {MOST_REPAIRS}", (Edit(clause.value.span, str(MOST_REPAIRS)),)),
        )
    return count


KIND: type[Kind] = Ask
