"""What people bring to runs of a workflow: the tools of its server that do that, and what a model is told of them."""

from __future__ import annotations

from agent_lattice import plan

from agent_lattice_clients.capabilities import features, reached

_MEANINGS = {
    "approve": "says yes to what a step asks: the `run_id`, `by` whom, the `step` where several ask, and `values` that the person changes",
    "reject": "says no to it, perhaps with a `reason`",
    "signal": "sends the run a value: the `run_id`, the `name` of the signal, the `value`",
    "resolve": "says what became of a write in doubt: the `step`, and `as` `done` with the result as `value`, `redo`, or `fail`",
}


def deliveries(made: plan.Plan) -> tuple[str, ...]:
    """The last words of the tools that deliver something to a run, in a fixed order."""
    used = features(made)
    found = ["approve", "reject"] if "approve" in used else []
    found += ["signal"] if "signal" in used else []
    return (*found, *(["resolve"] if _asks_in_doubt(made) else []))


def _asks_in_doubt(made: plan.Plan) -> bool:
    granted = set(made.grants.total.operations)
    doubts = (op.doubt for tool in made.tools for op in tool.operations if f"{tool.name}.{op.name}" in granted)
    return any(doubt is not None and doubt.sort == "ask" for doubt in doubts)


def waits(made: plan.Plan) -> bool:
    """Whether a run of the workflow may end for now, waiting."""
    used = features(made)
    return bool({"wait", "signal", "approve"} & used.keys()) or _asks_in_doubt(made)


def going_on(made: plan.Plan, tool: str) -> str:
    """What a skill says of a run that waits; empty for a workflow whose runs never do."""
    if not waits(made):
        return ""
    lines = [
        "",
        "## When it waits",
        "",
        "With the status `waiting` nothing goes on until what it says under `waits` has come, or its time is over. Tell the "
        "person what it waits for, and until when. When its time is over, it goes on by itself; "
        f"`{tool}_status` with its `run_id` tells how it stands.",
    ]
    if words := deliveries(made):
        lines += [
            "",
            "These speak for a person, and the run then goes on. Show the question and the values that `waits` has; call one only when "
            "the person has said so in this conversation, with exactly what was said. The client asks once more. Never decide yourself.",
            "",
            *(f"- `{tool}_{word}` {_MEANINGS[word]}." for word in words),
            *_roles(made),
        ]
    return "\n".join(lines) + "\n"


def _roles(made: plan.Plan) -> list[str]:
    """Who is asked what."""
    asked = [op for workflow in reached(made) for op in plan.walk(workflow.body) if isinstance(op, plan.Approve)]
    if not asked:
        return []
    steps = ", ".join(f"`{op.step}` the role `{op.role}`" for op in asked)
    return ["", f"Who decides: {steps}. Ask the person whether they have that role."]
