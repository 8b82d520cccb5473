"""What the names in a test stand for: operations, ask steps, and counted calls."""

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


class Targets:
    """The operations and ask steps that a test of a workflow may speak of."""

    def __init__(self, module: Module, workflow: plan.Workflow, report: Report) -> None:
        self.module = module
        self.report = report
        self.asks = dict(_asks(workflow, module, ""))

    def find(self, ask: bool, path: tuple[Name, ...]) -> Found | None:
        """The type and parameters of a target; None when it is unknown, which is reported."""
        text, span = ".".join(map(str, path)), path[0].span.to(path[-1].span)
        if ask and text in self.asks:
            return self.asks[text], ()
        operation = None if ask else self.operation(path)
        if operation is not None:
            return operation.type, operation.params
        self._report("ask step" if ask else "operation", text, self.asks if ask else self._operations(), span)
        return None

    def operation(self, path: tuple[Name, ...]) -> plan.Operation | None:
        if len(path) != 2:
            return None
        symbol = self.module.symbols.get(path[0].text)
        if symbol is None or not isinstance(symbol.value, plan.ToolSet):
            return None
        symbol.used = True
        return next((op for op in symbol.value.operations if op.name == path[1].text), None)

    def unique(self, ask: bool, path: tuple[Name, ...]) -> str:
        """The target as the plan names it: `ask step` or `tool.operation`."""
        if ask:
            return f"ask {'.'.join(map(str, path))}"
        symbol = self.module.symbols.get(path[0].text)
        return ".".join([symbol.unique if symbol else path[0].text, *map(str, path[1:])])

    def _operations(self) -> Iterable[str]:
        for name, symbol in self.module.symbols.items():
            if isinstance(symbol.value, plan.ToolSet):
                yield from (f"{name}.{op.name}" for op in symbol.value.operations)

    def _report(self, sort: str, text: str, known: Iterable[str], span: Span) -> None:
        help, fix = did_you_mean(text, known, span)
        self.report.add(UNKNOWN_TARGET, f"unknown {sort} `{text}`", span, help=help, fix=fix)


def _asks(workflow: plan.Workflow, module: Module, prefix: str) -> Iterator[tuple[str, Type]]:
    """Every ask step a run of the workflow may reach, by static step id."""
    by_name = {s.value.name: s.value for s in module.symbols.values() if isinstance(s.value, plan.Workflow)}
    for op in plan.walk(workflow.body):
        if isinstance(op, plan.Ask):
            yield prefix + op.step, op.type
        elif isinstance(op, plan.Call) and op.workflow in by_name and prefix.count(".") < 20:
            yield from _asks(by_name[op.workflow], module, f"{prefix}{op.step}.")


def counted_calls(expr: Expr, targets: Targets) -> tuple[Expr, tuple[tuple[str, str], ...]]:
    """The expression with each `calls(target)` as a variable, and what each variable counts."""
    counted: dict[str, str] = {}

    def visit(node: Any) -> Any:
        if isinstance(node, Call) and node.target is None and node.name.text == "calls" and len(node.args) == 1:
            path = _path(node.args[0])
            if path:
                ask = targets.operation(path) is None and ".".join(map(str, path)) in targets.asks
                if not ask:
                    targets.find(False, path)
                counted["calls_" + "_".join(map(str, path))] = targets.unique(ask, path)
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
