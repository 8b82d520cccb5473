"""What workflows do to tools: each read and write of theirs and of the workflows they call, as small as it can be said."""

from __future__ import annotations

from collections.abc import Iterator

from agent_lattice import plan
from agent_lattice.analyses.areas import Areas, Roots, Step, Survey
from agent_lattice.program import Program
from agent_lattice.records import record, replace
from agent_lattice.source import Span
from agent_lattice.terms import Const

_MOST = 32
"""So many different touches of a tool by a workflow are told apart where it is called."""


@record
class Touch:
    """An operation that reads or writes through a tool. `roots` is what tells it from others: what its key comes from, or
    without a key all its arguments; `key` is the key's value when it is known."""

    tool: str
    operation: str
    writes: bool
    key: Const | None
    roots: Roots
    span: Span

    @property
    def kind(self) -> tuple[object, ...]:
        """What matters where the workflow is called."""
        return self.tool, self.writes, self.key, self.roots


@record
class Placed:
    """A touch where it happens in a workflow; `step` is the operation there, perhaps a call of another workflow."""

    touch: Touch
    areas: Areas
    step: plan.Op


class Touches:
    """The touches of the workflows of a program; `surveys` are by workflow."""

    def __init__(self, program: Program, surveys: dict[str, Survey]) -> None:
        self.surveys = surveys
        self.operations: dict[str, plan.Operation] = {}
        self.agents: dict[str, plan.Agent] = {}
        for module in program.modules:
            self.agents |= {s.value.name: s.value for s in module.of_sort("agent") if isinstance(s.value, plan.Agent)}
            for symbol in module.of_sort("tool"):
                if isinstance(symbol.value, plan.ToolSet):
                    self.operations |= {f"{symbol.value.name}.{op.name}": op for op in symbol.value.operations}
        self._known: dict[str, tuple[Touch, ...]] = {}
        for name in _callees_first(surveys):
            found = {placed.touch.kind: placed.touch for placed in reversed(list(self.of(name)))}
            self._known[name] = tuple(reversed([_seen_outside(touch) for touch in found.values()][:_MOST]))

    def of(self, workflow: str) -> Iterator[Placed]:
        """Every touch of a workflow, in source order; those of calls stand where the call stands."""
        for step in self.surveys[workflow].steps:
            for touch in self._step(step):
                yield Placed(touch, step.areas, step.op)

    def looks(self, op: plan.Op) -> bool:
        """Whether a step only looks: it asks a model, or nothing that it calls or lets an agent call writes."""
        match op:
            case plan.Ask():
                return True
            case plan.Tool(operation=name):
                called = [name]
            case plan.Run(agent=name) if name in self.agents:
                called = [offer.operation for offer in self.agents[name].offers]
            case _:
                return False
        return all(name in self.operations and self.operations[name].effect != "write" for name in called)

    def _step(self, step: Step) -> Iterator[Touch]:
        if isinstance(step.op, plan.Tool) and step.op.operation in self.operations:
            operation = self.operations[step.op.operation]
            if operation.effect != "pure":
                yield _touch(step, step.op, operation)
        elif isinstance(step.op, plan.Run) and step.op.agent in self.agents:
            yield from self._offered(step, self.agents[step.op.agent])
        elif isinstance(step.op, plan.Call):
            for touch in self._known.get(step.op.workflow, ()):
                roots = frozenset[str | int]().union(*(step.roots.get(str(root), ()) for root in touch.roots))
                yield replace(touch, roots=roots)

    def _offered(self, step: Step, agent: plan.Agent) -> Iterator[Touch]:
        """What the model of an agent may call, with arguments that it makes of what the agent is given."""
        roots = frozenset[str | int]().union(*step.roots.values())
        for offer in agent.offers:
            operation = self.operations.get(offer.operation)
            if operation is not None and operation.effect != "pure":
                tool = offer.operation.partition(".")[0]
                yield Touch(tool, offer.operation, operation.effect == "write", None, roots, agent.span)


def _touch(step: Step, op: plan.Tool, operation: plan.Operation) -> Touch:
    key = dict(op.args).get(operation.key) if operation.key else None
    roots = step.roots.get(operation.key or "") if operation.key else frozenset().union(*step.roots.values())
    known = key if isinstance(key, Const) else None
    tool = op.operation.partition(".")[0]
    return Touch(tool, op.operation, operation.effect == "write", known, roots or frozenset(), op.span)


def _seen_outside(touch: Touch) -> Touch:
    """Items of the workflow's own loops mean nothing to its caller."""
    return replace(touch, roots=frozenset(root for root in touch.roots if isinstance(root, str)))


def _callees_first(surveys: dict[str, Survey]) -> list[str]:
    """Workflows behind those that they call; what calls itself, which is reported elsewhere, once."""
    ordered: dict[str, None] = {}
    begun: set[str] = set()
    stack = [(name, False) for name in reversed(surveys)]
    while stack:
        name, done = stack.pop()
        if done:
            ordered[name] = None
        elif name not in begun:
            begun.add(name)
            stack.append((name, True))
            called = [step.op.workflow for step in surveys[name].steps if isinstance(step.op, plan.Call)]
            stack += [(child, False) for child in reversed(called) if child in surveys]
    return list(ordered)
