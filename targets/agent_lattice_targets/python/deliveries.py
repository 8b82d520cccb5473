"""What may come to a run from outside: signals, decisions, and what became of its writes. Here as arguments of `Workflow`."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from agent_lattice import plan

from agent_lattice_targets.python.context_calls import lambda_of
from agent_lattice_targets.python.package_names import PackageNames
from agent_lattice_targets.python.types_module import TypesModule


class Deliveries:
    """The tables of the workflows of a plan. What they use: `checks`, validators and modules of them; `constants` of the
    declarations; the module `static_steps` where `by_child`."""

    def __init__(self, made: plan.Plan, names: PackageNames, checks: TypesModule) -> None:
        self._names = names
        self._checks = checks
        self._workflows = {workflow.name: workflow for workflow in made.workflows}
        self._permissions = dict(made.permissions)
        self._writes = {
            f"{tool.name}.{op.name}" for tool in made.tools for op in tool.operations if op.effect == "write"
        }
        self._resolvable = {
            f"{tool.name}.{op.name}"
            for tool in made.tools
            for op in tool.operations
            if op.doubt is not None and op.doubt.sort == "ask"
        }
        self.checks: set[str] = set()
        self.constants: set[str] = set()
        self.by_child = False

    def keywords(self, workflow: plan.Workflow) -> list[ast.keyword]:
        """The arguments for one workflow; none where nothing comes."""
        written = self._writes & set(self._permissions[workflow.name].total.operations)
        tables = {
            "signals": _table({op.signal: self._check(self._checks.check(op.sent)) for op in self.signals(workflow)}),
            "approvals": self._approvals(workflow),
            "operations": _table({name: self._operation(name) for name in sorted(written)}),
        }
        return [ast.keyword(name, table) for name, table in tables.items() if table is not None]

    def _check(self, function: str) -> ast.expr:
        self.checks.add(function.partition(".")[0])
        return ast.parse(function, mode="eval").body

    def _operation(self, name: str) -> ast.expr:
        constant = self._names.operations[name]
        self.constants.add(constant)
        return ast.Name(constant)

    def signals(self, workflow: plan.Workflow) -> list[plan.Signal]:
        """What the run may wait for, also in workflows that it calls, as they read the same log: a step for each name."""
        ops = (op for one in self._family(workflow.name, {}) for op in plan.walk(one.body))
        found = {op.signal: op for op in ops if isinstance(op, plan.Signal)}
        return [found[name] for name in sorted(found)]

    def asks(self, workflow: plan.Workflow) -> bool:
        """Whether people are asked to approve something, also in workflows that it calls."""
        return any(any(True for _ in _approvals(one)) for one in self._family(workflow.name, {}))

    def doubts(self, workflow: plan.Workflow) -> bool:
        """Whether people are asked what became of a write."""
        return bool(self._resolvable & set(self._permissions[workflow.name].total.operations))

    def _approvals(self, workflow: plan.Workflow) -> ast.expr | None:
        """Roles and validators of the values by step: those of children are looked up in their own tables."""
        own = _table({op.step: self._approval(op) for op in _approvals(workflow)})
        children = {
            step: ast.Constant(child)
            for step, child in self._permissions[workflow.name].calls
            if self.asks(self._workflows[child])
        }
        if not children:
            return own
        self.by_child = True
        inner = ast.Attribute(ast.Subscript(ast.Name("WORKFLOWS"), ast.Name("name")), "approvals")
        steps = ast.Attribute(ast.Name("static_steps"), "Steps")
        return ast.Call(steps, [own or ast.Dict([], []), _filled(children), lambda_of("name", inner)], [])

    def _approval(self, op: plan.Approve) -> ast.expr:
        return ast.Tuple([ast.Constant(op.role), self._check(self._checks.check_values(op))])

    def _family(self, name: str, seen: dict[str, plan.Workflow]) -> list[plan.Workflow]:
        """A workflow and all that it calls, each once."""
        if name not in seen:
            seen[name] = self._workflows[name]
            for _, child in self._permissions[name].calls:
                self._family(child, seen)
        return list(seen.values())


def _approvals(workflow: plan.Workflow) -> Iterator[plan.Approve]:
    return (op for op in plan.walk(workflow.body) if isinstance(op, plan.Approve))


def _table(entries: Mapping[str, ast.expr]) -> ast.expr | None:
    return _filled(entries) if entries else None


def _filled(entries: Mapping[str, ast.expr]) -> ast.expr:
    return ast.Dict([ast.Constant(name) for name in entries], list(entries.values()))
