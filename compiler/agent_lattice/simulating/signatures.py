"""What a plan says of the steps that a world answers: types by operation and by static step id."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from agent_lattice import plan
from agent_lattice.types import Type

Step = TypeVar("Step", bound=plan.Op)
_DEEPEST = 20  # calls of workflows inside each other


class Signatures:
    """Operations by `tool.op`; asks, agents and what waits for people by the static id of their step."""

    def __init__(self, made: plan.Plan, workflow: str) -> None:
        self._workflows = {one.name: one for one in made.workflows}
        self._agents = {agent.name: agent for agent in made.agents}
        self.operations = {f"{tool.name}.{op.name}": op for tool in made.tools for op in tool.operations}
        self.real = {f"{tool.name}.{op.name}" for tool in made.tools if tool.module for op in tool.operations}
        """Operations that are Python functions."""
        steps = dict(self._steps(workflow, ""))
        self.asks = {id: op for id, op in steps.items() if isinstance(op, plan.Ask)}
        self.agents = {id: self._agents[op.agent] for id, op in steps.items() if isinstance(op, plan.Run)}
        self.approvals = {id: op for id, op in steps.items() if isinstance(op, plan.Approve)}
        self.signals: dict[str, Type] = {op.signal: op.sent for op in steps.values() if isinstance(op, plan.Signal)}
        self.kinds = {type(op) for op in steps.values()}

    def verified(self, operation: str) -> str | None:
        """The write of which a reading operation tells whether it happened."""
        tool, _, name = operation.partition(".")
        for other, op in self.operations.items():
            if op.doubt is not None and op.doubt.operation == name and other.partition(".")[0] == tool:
                return other
        return None

    def _steps(self, workflow: str, prefix: str) -> Iterator[tuple[str, plan.Op]]:
        if workflow not in self._workflows or prefix.count(".") > _DEEPEST:
            return
        for op in plan.walk(self._workflows[workflow].body):
            if step := getattr(op, "step", None):
                yield prefix + step, op
            if isinstance(op, plan.Call):
                yield from self._steps(op.workflow, f"{prefix}{op.step}.")


def static_id(step: str) -> str:
    """The id of a step with this path: without indices and attempts."""
    return ".".join(part.partition("[")[0].partition("#")[0] for part in step.split("."))
