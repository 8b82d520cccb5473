"""The operations that a body names: `bank.refund`."""

from __future__ import annotations

from agent_lattice import plan
from agent_lattice.diagnostics import Code, did_you_mean
from agent_lattice.kind import Scope
from agent_lattice.tree import Name

UNKNOWN_OPERATION = Code("LAT2201", "unknown-operation")


def find_operation(tool: Name, operation: Name, scope: Scope) -> plan.Operation | None:
    """An operation of a declared tool; None when there is none, which is reported."""
    found = scope.module.find(tool, "tool", scope.report)
    if not isinstance(found, plan.ToolSet):
        return None
    known = scope.module.operations
    if tool.text not in known:
        known[tool.text] = {op.name: op for op in reversed(found.operations)}  # of two of a name the first one
    if operation.text not in known[tool.text]:
        _report(tool, operation, found, scope)
    return known[tool.text].get(operation.text)


def _report(tool: Name, operation: Name, owner: plan.ToolSet, scope: Scope) -> None:
    names = [op.name for op in owner.operations]
    help, fix = did_you_mean(operation.text, names, operation.span)
    scope.report.add(
        UNKNOWN_OPERATION,
        f"`{tool}` has no operation `{operation}`",
        operation.span,
        help=help or f"it has {', '.join(f'`{name}`' for name in names)}",
        fix=fix,
    )


def unique_operation(tool: Name, operation: Name, scope: Scope) -> str:
    """The operation as the plan names it."""
    symbol = scope.module.symbols.get(tool.text)
    return f"{symbol.unique if symbol else tool}.{operation}"
