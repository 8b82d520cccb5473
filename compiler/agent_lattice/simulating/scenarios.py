"""What is simulated: a workflow with any values, or with those of one of its tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from agent_lattice_runtime.testing import Computed

from agent_lattice import plan
from agent_lattice.expr.evaluate import value_of
from agent_lattice.records import record
from agent_lattice.simulating.signatures import Signatures
from agent_lattice.testing import replies_of

if TYPE_CHECKING:
    from agent_lattice_runtime.models import Workflow

Replies = Mapping[str, Sequence[object]]


@record(eq=False)
class Scenario:
    """A test with its arguments and replies, or without a `test` any arguments and answers."""

    name: str
    test: plan.Test | None
    arguments: Mapping[str, Any]
    replies: Replies


@record(eq=False)
class Subject:
    """A workflow, ready to run, and the scenarios it is simulated in, the one with any values first. `known` are values that
    its tests answer with, by what they stand for."""

    workflow: Workflow
    declared: plan.Workflow
    signatures: Signatures
    scenarios: tuple[Scenario, ...]
    known: Mapping[str, Sequence[object]]
    tools: str
    concurrent: bool
    """Whether several of its steps may go on at once."""


def subject_of(made: plan.Plan, name: str, workflow: Workflow, tools: str) -> Subject:
    """What there is to simulate of a workflow of the plan; `tools` is the folder of Python tools. Raises CelError when a test
    has no value to start with."""
    declared = next(one for one in made.workflows if one.name == name)
    tests = [_scenario(test) for test in made.tests if test.workflow == name]
    known: dict[str, list[object]] = {}
    for scenario in tests:
        for target, replies in scenario.replies.items():
            known.setdefault(target, []).extend(reply for reply in replies if _is_value(reply))
    signatures = Signatures(made, name)
    scenarios = (Scenario("any values", None, {}, {}), *tests)
    side_by_side = (plan.Parallel, plan.Race, plan.Run)
    concurrent = bool(signatures.agents) or any(
        isinstance(op, side_by_side) or (isinstance(op, plan.Each) and op.width > 1)
        for one in made.workflows
        for op in plan.walk(one.body)
    )
    return Subject(workflow, declared, signatures, scenarios, known, tools, concurrent)


def _scenario(test: plan.Test) -> Scenario:
    arguments = {name: value_of(term, {}) for name, term in test.args}
    return Scenario(f'test "{test.name}"', test, arguments, replies_of(test))


def _is_value(reply: object) -> bool:
    return isinstance(reply, Computed) or not type(reply).__module__.endswith(".testing")
