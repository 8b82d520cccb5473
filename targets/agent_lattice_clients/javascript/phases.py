"""The phases of a script: the statements of the main workflow that have sub-agents at work, each named after its steps."""

from __future__ import annotations

from collections.abc import Mapping

from agent_lattice import plan

_WORK = plan.Tool | plan.Ask | plan.Call | plan.Run
_MOST_NAMED = 3


def phases(workflow: plan.Workflow) -> Mapping[int, str]:
    """The title of each phase by the place of its statement in the body; no two are the same."""
    found: dict[int, str] = {}
    for at, op in enumerate(workflow.body):
        steps = [one.step.rpartition(".")[2] for one in plan.walk((op,)) if isinstance(one, _WORK)]
        if not steps:
            continue
        title = ", ".join(steps[:_MOST_NAMED]) + (", …" if len(steps) > _MOST_NAMED else "")
        count = 1
        while (wanted := title if count == 1 else f"{title} ({count})") in found.values():
            count += 1
        found[at] = wanted
    return found
