"""Approvals whose answer nobody reads: the run would go on as if nobody had been asked."""

from __future__ import annotations

from collections.abc import Iterator

from agent_lattice import plan
from agent_lattice.dataflow import all_terms
from agent_lattice.diagnostics import Code, Edit, Fix, Report, Severity
from agent_lattice.source import Span
from agent_lattice.terms import FieldOf, Template, Term, Var, parts, template_terms

UNREAD_DECISION = Code("LAT5023", "decision-not-read", Severity.WARNING)
UNREAD_CHANGE = Code("LAT5024", "change-not-read", Severity.WARNING)


def decisions(body: plan.Block, report: Report, *, mend: bool) -> None:
    """Report approvals of which nothing reads whether people have said yes, and values that they change for nothing. Whoever
    reads a decision as a whole has read all of it; a name that begins with `_` says that nobody does. With `mend` a statement
    that reads it can stand behind it."""
    asked = [op for op in plan.walk(body) if isinstance(op, plan.Approve) and not op.name.startswith("_")]
    read = set(_read(body)) if asked else set()
    for op in asked:
        at = Span(op.span.source, op.span.start, op.span.start + len(op.name))
        if (op.name, "") in read or at.text != op.name:  # a step without a name is reported as such
            continue
        if (op.name, "approved") not in read:
            report.add(
                UNREAD_DECISION,
                f"nothing reads whether `{op.name}` was approved",
                at,
                help="without that the run goes on when people say no",
                fix=_stop(op) if mend else None,
            )
        for name, _ in op.args:
            if (op.name, name) not in read:
                message = f"nothing reads what people make of `{name}`"
                report.add(UNREAD_CHANGE, message, at, help=f"read `{op.name}.{name}`, or show it in the question only")


def _read(block: plan.Block) -> Iterator[tuple[str, str]]:
    """The fields that are read of variables, by name and field; the field "" is the whole."""
    stack: list[Term] = []
    for value in all_terms(block):
        stack += template_terms(value) if isinstance(value, Template) else [value]
    while stack:
        term = stack.pop()
        match term:
            case FieldOf(record=Var(name=name), name=field):
                yield name, field
            case Var(name=name):
                yield name, ""
            case _:
                stack += parts(term)


def _stop(op: plan.Approve) -> Fix:
    """Behind the statement, on lines of their own."""
    text = op.span.source.text
    line = text.rfind("\n", 0, op.span.start) + 1
    indent = text[line : op.span.start] if not text[line : op.span.start].strip() else ""
    refused = f'{indent}if !{op.name}.approved {{\n{indent}  fail refused "{{{{ {op.name}.reason }}}}"\n{indent}}}'
    end = Span(op.span.source, op.span.end, op.span.end)
    return Fix("fail when people say no", (Edit(end, f"\n{refused}"),), safe=False)
