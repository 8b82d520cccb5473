"""The steps of a plan's workflows by their static ids: which there are, and which a run comes to first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from agent_lattice import plan

_STEPS = plan.Tool | plan.Ask | plan.Run | plan.Emit | plan.Wait | plan.Signal | plan.Approve
"""Operations that always leave something in the log under their own step."""

Workflows = Mapping[str, plan.Workflow]


def step_of(op: plan.Op) -> str:
    """The static step id of an operation in its workflow; empty for one that is no step."""
    step: str = getattr(op, "step", "")
    return step


def steps_of(ops: Iterable[plan.Op], workflows: Workflows, prefix: str = "") -> Iterator[str]:
    """The static ids of all steps of operations, with those of the workflows they call; `prefix` is "" or ends with a dot."""
    for op in plan.walk(tuple(ops)):
        if step := step_of(op):
            yield prefix + step
        if isinstance(op, plan.Call):
            yield from steps_of(workflows[op.workflow].body, workflows, f"{prefix}{op.step}.")


def first_steps(ops: Iterable[plan.Op], workflows: Workflows, prefix: str = "") -> tuple[list[str], bool]:
    """The steps of which a run that comes to these operations leaves one first, and whether it surely leaves one before it is
    through with them."""
    found: list[str] = []
    for op in ops:
        more, sure = _first(op, workflows, prefix)
        found += [step for step in more if step not in found]
        if sure:
            return found, True
    return found, False


def _first(op: plan.Op, workflows: Workflows, prefix: str) -> tuple[list[str], bool]:
    match op:
        case plan.Call(step=step, workflow=name):
            return first_steps(workflows[name].body, workflows, f"{prefix}{step}.")
        case plan.Return() | plan.Fail():
            return [], False
        case plan.Each() | plan.Loop():
            return first_steps(op.body, workflows, prefix)[0], False
        case plan.Try(body=body, finish=finish):
            return first_steps((*body, *finish), workflows, prefix)
    if isinstance(op, _STEPS):
        return [prefix + step_of(op)], True
    inside = [first_steps(block, workflows, prefix) for block in plan.blocks(op)]
    found = list(dict.fromkeys(step for steps, _ in inside for step in steps))
    if isinstance(op, plan.Parallel | plan.Race):
        return found, any(sure for _, sure in inside)
    covered = not isinstance(op, plan.Match) or op.otherwise is None or len(inside) > len(op.cases)
    return found, covered and bool(inside) and all(sure for _, sure in inside)
