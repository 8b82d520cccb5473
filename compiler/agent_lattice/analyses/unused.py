"""What is written and never read: values, variables, results of steps that only look, parameters; secrets, models, tools and
agents.

A name that begins with `_` says that nobody reads it. Of a file that others may import nothing declared is unused: what is
declared counts only in the main source, and only where that has a workflow to run.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agent_lattice import plan
from agent_lattice.analyses.touches import Touches
from agent_lattice.dataflow import defined, span_of
from agent_lattice.declarations.model import KEYS
from agent_lattice.diagnostics import Code, Edit, Fix, Report, Severity
from agent_lattice.kind import Binding
from agent_lattice.program import Program, Symbol
from agent_lattice.source import Span

UNUSED_VALUE = Code("LAT1218", "unused-value", Severity.WARNING)
UNUSED_VARIABLE = Code("LAT1219", "unused-variable", Severity.WARNING)
UNUSED_RESULT = Code("LAT1220", "unused-result", Severity.WARNING)
UNUSED_PARAMETER = Code("LAT1221", "unused-parameter", Severity.HINT)
UNUSED_DECLARATION = Code("LAT1222", "unused-declaration", Severity.WARNING)

_SORTS = ("secret", "model", "tool", "agent")
"""Declarations that cost something when nobody uses them, and that are seldom shared for their own sake."""


def unused(program: Program, touches: Touches, report: Report) -> None:
    """Report what a program without errors never uses."""
    for module in program.modules:
        for name, bindings in module.bindings.items():
            unread = [binding for binding in bindings if not binding.used and not binding.name.startswith("_")]
            if unread:
                block = program.workflows[name].body if name in program.workflows else ()  # of an agent
                _Body(block, touches, report).check(unread)
    main = program.main
    if main.main_workflow() is not None:
        for symbol in main.symbols.values():
            if symbol.module is main and symbol.sort in _SORTS and not symbol.used and symbol.name not in KEYS.values():
                _report_declaration(symbol, report)


class _Body:
    """Reports unread names of one workflow, or of an agent, which has no steps."""

    def __init__(self, block: plan.Block, touches: Touches, report: Report) -> None:
        self.touches = touches
        self.report = report
        self.made: dict[str, list[plan.Op]] = {}
        for op in plan.walk(block):
            for name in () if isinstance(op, plan.Parallel) else (*defined(op), *_set(op)):
                self.made.setdefault(name, []).append(op)

    def check(self, unread: list[Binding]) -> None:
        for binding in unread:
            reporter: Any = getattr(self, f"_{binding.sort.replace(' ', '_')}", None)
            if reporter is not None:
                reporter(binding)

    def _parameter(self, binding: Binding) -> None:
        self.report.add(
            UNUSED_PARAMETER,
            f"the parameter `{binding.name}` is never read",
            binding.span,
            help=f"leave it out, or call it `_{binding.name}`",
        )

    def _value(self, binding: Binding) -> None:
        self._add(UNUSED_VALUE, f"`{binding.name}` is never read", binding, self._makers(binding), "remove it")

    def _variable(self, binding: Binding) -> None:
        places = {span.start for span in binding.sets}
        sets = [op for op in self.made.get(binding.name, ()) if isinstance(op, plan.Set) and op.span.start in places]
        what = "set and never read" if sets else "never read"
        gone = [*self._makers(binding), *sets]
        self._add(
            UNUSED_VARIABLE, f"the variable `{binding.name}` is {what}", binding, gone, "remove it and what sets it"
        )

    def _step_result(self, binding: Binding) -> None:
        steps = [op for op in self._makers(binding) if self._only_looks(op)]
        if steps:
            what = "looks at something for nothing" if isinstance(steps[0], plan.Tool) else "asks for nothing"
            text = f"the result of `{binding.name}` is never read: the step {what}"
            help = f"remove it, or call it `_{binding.name}` if it is there to fail"
            self._add(UNUSED_RESULT, text, binding, steps, "remove the step", help)

    def _only_looks(self, op: plan.Op) -> bool:
        """Whether a step does nothing but give a result; an `ask` or an agent with checks may be there to fail."""
        asking = self.touches.agents.get(op.agent) if isinstance(op, plan.Run) else op
        return self.touches.looks(op) and not getattr(asking, "checks", ())

    def _makers(self, binding: Binding) -> list[plan.Op]:
        """The operation that defines a name, which others of that name elsewhere do not contain."""
        return [
            op
            for op in self.made.get(binding.name, ())
            if not isinstance(op, plan.Set) and _contains(span_of(op), binding.span)
        ][:1]

    def _add(self, code: Code, text: str, binding: Binding, gone: list[plan.Op], title: str, help: str = "") -> None:
        edits = tuple(Edit(whole_lines(span_of(op)), "") for op in gone)
        fix = Fix(title, edits, safe=False) if edits else None
        self.report.add(code, text, binding.span, help=help or f"{title}, or call it `_{binding.name}`", fix=fix)


def _set(op: plan.Op) -> Iterator[str]:
    if isinstance(op, plan.Set):
        yield op.name


def _contains(outer: Span, inner: Span) -> bool:
    return outer.source is inner.source and outer.start <= inner.start and inner.end <= outer.end


def _report_declaration(symbol: Symbol, report: Report) -> None:
    fix = Fix("remove it", (Edit(_documented(whole_lines(symbol.declaration.span)), ""),), safe=False)
    report.add(
        UNUSED_DECLARATION,
        f"the {symbol.sort} `{symbol.name}` is never used in this program",
        symbol.span,
        help="remove it, or declare it in a file of its own that others import",
        fix=fix,
    )


def _documented(lines: Span) -> Span:
    """With the lines of documentation in front of it."""
    start = lines.start
    while (before := lines.source.text[: max(start - 1, 0)].rpartition("\n")[2]).lstrip().startswith("///"):
        start -= len(before) + 1
    return Span(lines.source, start, lines.end)


def whole_lines(span: Span) -> Span:
    """The span with its line ends and indentation where nothing else stands on its lines; else with the space behind it."""
    text = span.source.text
    start = text.rfind("\n", 0, span.start) + 1
    end = text.find("\n", span.end)
    end = len(text) if end < 0 else end + 1
    if not text[start : span.start].strip() and not text[span.end : end].strip():
        return Span(span.source, start, end)
    rest = text[span.end : end]
    return Span(span.source, span.start, span.end + len(rest) - len(rest.lstrip(" ")))
