"""Writes without a key that are made again although they may have happened: by what goes on from `in_doubt`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from agent_lattice import plan
from agent_lattice.dataflow import leaves, span_of
from agent_lattice.diagnostics import Label, Report
from agent_lattice.source import Span
from agent_lattice.step_clauses import REPEATED_WRITE

Writes = dict[str, list[Span]]
"""Operations that write without a key, each with the steps that do."""


def repeats(
    workflows: Mapping[str, plan.Workflow],
    operations: Mapping[str, plan.Operation],
    agents: Mapping[str, plan.Agent],
    report: Report,
) -> None:
    """Report writes that a handler of `in_doubt` repeats, a turn of a loop behind one, or a node behind a way for it."""
    finder = _Finder(workflows, operations, agents)
    reported: set[Span] = set()

    def repeated(again: Writes, before: Writes) -> None:
        for name in sorted(again.keys() & before.keys()):
            for span in again[name]:
                if span not in reported:
                    reported.add(span)
                    _report(name, span, before[name][0], report)

    for workflow in workflows.values():
        for op in plan.walk(workflow.body):
            if isinstance(op, plan.Loop):
                for attempt in _attempts(plan.walk(op.body)):
                    if not all(leaves(handler.body) for handler in _doubtful(attempt)):
                        written = finder.writes(attempt.body)
                        repeated(written, written)
        for attempt in _attempts(plan.walk(workflow.body)):
            for handler in _doubtful(attempt):
                repeated(finder.writes(handler.body), finder.writes(attempt.body))
        for node, behind in _behind(workflow.flow):
            repeated(finder.writes(behind), finder.writes(node.body))


def _attempts(ops: Iterable[plan.Op]) -> Iterator[plan.Try]:
    return (op for op in ops if isinstance(op, plan.Try) and _doubtful(op))


def _doubtful(attempt: plan.Try) -> list[plan.Handler]:
    return [handler for handler in attempt.handlers if "in_doubt" in handler.codes]


def _behind(flow: plan.Flow | None) -> Iterator[tuple[plan.FlowNode, plan.Block]]:
    """The nodes of a graph that have a way for `in_doubt`, with what may be done behind it."""
    nodes = {node.name: node for node in flow.nodes} if flow is not None else {}
    for node in nodes.values():
        targets = [name for way in node.ways if "in_doubt" in (way.codes or ()) for name in way.targets]
        seen: dict[str, None] = {}
        while targets:
            name = targets.pop()
            if name not in seen:
                seen[name] = None
                targets += [target for way in nodes[name].ways for target in way.targets]
        if seen:
            yield node, tuple(op for name in seen for op in nodes[name].body)


class _Finder:
    def __init__(
        self,
        workflows: Mapping[str, plan.Workflow],
        operations: Mapping[str, plan.Operation],
        agents: Mapping[str, plan.Agent],
    ) -> None:
        self._workflows = workflows
        self._operations = operations
        self._agents = agents
        self._known: dict[str, Writes] = {}

    def writes(self, block: plan.Block) -> Writes:
        """The writes of a block, of the agents that it runs and of the workflows that it calls."""
        found: Writes = {}
        for op in plan.walk(block):
            for name in self._names(op):
                found.setdefault(name, []).append(span_of(op))
        return found

    def _names(self, op: plan.Op) -> Iterable[str]:
        match op:
            case plan.Tool(operation=name):
                called = [name]
            case plan.Run(agent=name) if name in self._agents:
                called = [offer.operation for offer in self._agents[name].offers]
            case plan.Call(workflow=name) if name in self._workflows:
                if name not in self._known:
                    self._known[name] = {}  # for one that calls itself, which is reported elsewhere
                    self._known[name] = self.writes(self._workflows[name].body)
                return self._known[name]
            case _:
                return ()
        return [name for name in called if self._is_single(name)]

    def _is_single(self, name: str) -> bool:
        operation = self._operations.get(name)
        return operation is not None and operation.effect == "write" and operation.key is None


def _report(name: str, again: Span, before: Span, report: Report) -> None:
    operation = name.partition(".")[2]
    report.add(
        REPEATED_WRITE,
        f"`{operation}` may have happened when it is in doubt, and would happen twice",
        again,
        related=[Label(before, "this may have happened")] if before != again else [],
        help="let it have a parameter by which a repeated call is known (`idempotent_by`), or go on without it",
    )
