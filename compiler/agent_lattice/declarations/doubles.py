"""What the names in a test stand for: operations, steps that ask a model or run an agent, and counted calls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from agent_lattice import plan
from agent_lattice.diagnostics import Code, Report, did_you_mean
from agent_lattice.expr.tree import Call, Expr, Ident, Select
from agent_lattice.program import Module
from agent_lattice.records import fields, is_record, replace
from agent_lattice.source import Span
from agent_lattice.tree import Name
from agent_lattice.types import Type

UNKNOWN_TARGET = Code("LAT2451", "unknown-test-target")

Found = tuple[Type, tuple[plan.Param, ...]]
"""What a target gives, and its parameters."""


STEPS = {"ask": "ask", "run": "run", "turn": "run", "approve": "approve"}
"""The steps that a test may speak of, by the word before them: the kind of step that it is or belongs to."""
SIGNAL = "signal"
"""The word before the name of a signal."""

EVERY_DECISION = "approve"
"""What `calls(approve)` counts."""

Step = plan.Ask | plan.Run | plan.Approve | plan.Signal
_WORDS: dict[type[plan.Op], str] = {plan.Ask: "ask", plan.Run: "run", plan.Approve: "approve", plan.Signal: SIGNAL}


class Targets:
    """The operations, steps and signals that a test of a workflow may speak of."""

    def __init__(self, module: Module, workflow: plan.Workflow, report: Report) -> None:
        self.module = module
        self.report = report
        self.steps = dict(_steps(workflow, module, ""))

    def find(self, sort: str, path: tuple[Name, ...]) -> Found | None:
        """The type and parameters of a target, `sort` is the word before it or ""; None when it is unknown, which is
        reported."""
        text, span = ".".join(map(str, path)), path[0].span.to(path[-1].span)
        if sort == SIGNAL:
            sent = {op.signal: op.sent for op in self.steps.values() if isinstance(op, plan.Signal)}
            if text in sent:
                return sent[text], ()
            self._report("signal", text, sent, span)
            return None
        if sort:
            word = STEPS[sort]
            known = {id: op.type for id, op in self.steps.items() if _word(op) == word}
            if text in known:
                return known[text], ()
            self._report(f"{word} step", text, known, span)
            return None
        operation = self.operation(path)
        if operation is not None:
            return operation.type, operation.params
        self._report("operation", text, self._operations(), span)
        return None

    def agent(self, path: tuple[Name, ...]) -> plan.Agent | None:
        """The agent that a step runs; None for another step, or an agent that is not known here."""
        op = self.steps.get(".".join(map(str, path)))
        modules = {
            id(symbol.module): symbol.module for symbol in self.module.symbols.values()
        }  # of what it imports too
        found = (symbol.value for module in modules.values() for symbol in module.of_sort("agent"))
        return next((agent for agent in found if isinstance(op, plan.Run) and agent.name == op.agent), None)

    def operation(self, path: tuple[Name, ...]) -> plan.Operation | None:
        if len(path) != 2:
            return None
        symbol = self.module.symbols.get(path[0].text)
        if symbol is None or not isinstance(symbol.value, plan.ToolSet):
            return None
        symbol.used = True
        return next((op for op in symbol.value.operations if op.name == path[1].text), None)

    def unique(self, sort: str, path: tuple[Name, ...]) -> str:
        """The target as the plan names it: `tool.operation`, or the word before a step or signal and its name."""
        if sort:
            return f"{sort} {'.'.join(map(str, path))}"
        symbol = self.module.symbols.get(path[0].text)
        return ".".join([symbol.unique if symbol else path[0].text, *map(str, path[1:])])

    def _operations(self) -> Iterable[str]:
        for name, symbol in self.module.symbols.items():
            if isinstance(symbol.value, plan.ToolSet):
                yield from (f"{name}.{op.name}" for op in symbol.value.operations)

    def _report(self, sort: str, text: str, known: Iterable[str], span: Span) -> None:
        help, fix = did_you_mean(text, known, span)
        self.report.add(UNKNOWN_TARGET, f"unknown {sort} `{text}`", span, help=help, fix=fix)


def _word(op: plan.Op) -> str:
    return _WORDS[type(op)]


def _steps(workflow: plan.Workflow, module: Module, prefix: str) -> Iterator[tuple[str, Step]]:
    """Every step that asks a model or people, runs an agent or waits for a signal, and that a run of the workflow may reach, by
    static step id."""
    by_name = {s.value.name: s.value for s in module.symbols.values() if isinstance(s.value, plan.Workflow)}
    for op in plan.walk(workflow.body):
        if isinstance(op, Step):
            yield prefix + op.step, op
        elif isinstance(op, plan.Call) and op.workflow in by_name and prefix.count(".") < 20:
            yield from _steps(by_name[op.workflow], module, f"{prefix}{op.step}.")


def counted_calls(expr: Expr, targets: Targets) -> tuple[Expr, tuple[tuple[str, str], ...]]:
    """The expression with each `calls(target)` as a variable, and what each variable counts."""
    counted: dict[str, str] = {}

    def visit(node: Any) -> Any:
        if isinstance(node, Call) and node.target is None and node.name.text == "calls" and len(node.args) == 1:
            path = _path(node.args[0])
            if [name.text for name in path] == [EVERY_DECISION]:
                counted[f"calls_{EVERY_DECISION}"] = EVERY_DECISION
                return Ident(f"calls_{EVERY_DECISION}", span=node.span)
            if path:
                op = targets.steps.get(".".join(map(str, path))) if targets.operation(path) is None else None
                sort = "" if op is None else _word(op)
                if not sort:
                    targets.find("", path)
                counted["calls_" + "_".join(map(str, path))] = targets.unique(sort, path)
                return Ident("calls_" + "_".join(map(str, path)), span=node.span)
        if isinstance(node, tuple):
            return tuple(map(visit, node))
        if isinstance(node, Expr) and is_record(node):
            return replace(
                node, **{f.name: visit(getattr(node, f.name)) for f in fields(node) if f.name not in ("span", "depth")}
            )
        return node

    return visit(expr), tuple(sorted(counted.items()))


def _path(expr: Expr) -> tuple[Name, ...]:
    """`a.b.c` as names; empty for anything else."""
    if isinstance(expr, Ident):
        return (Name(expr.name, expr.span),)
    if isinstance(expr, Select):
        inner = _path(expr.target)
        return (*inner, expr.name) if inner else ()
    return ()
