"""What people have to know, and perhaps to do, about runs that wait, that are limited, or whose writes are in doubt: rows of tables of
the README."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agent_lattice import plan
from agent_lattice.expr.spelled import spelled
from agent_lattice.terms import Term

from agent_lattice_targets.python.waits import approved_values, limits, seconds

_OTHERWISE = {"approve": "counts as approved", "reject": "counts as rejected", "fail": "is a failure, `timeout`"}
_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
_DOUBTS = {
    "verify": "the operation `{operation}` is asked",
    "ask": "the role `{role}` is asked, for {within} at most: `resolve`",
    "assume": "it is taken for made",
    "fail": "the run fails with `in_doubt`",
}


def waiting_rows(workflows: Sequence[plan.Workflow], main: str) -> Iterator[tuple[str, str, str, str]]:
    """Each step that waits: what for, how long, and what follows when nothing comes."""
    for workflow in workflows:
        for op in plan.walk(workflow.body):
            name = getattr(op, "step", "") if workflow.name == main else f"{getattr(op, 'step', '')} of {workflow.name}"
            match op:
                case plan.Wait(value=value):
                    yield f"`{name}`", "time to pass", length(value), "it goes on"
                case plan.Signal(signal=signal, sent=sent, within=within, otherwise=otherwise):
                    yield (
                        f"`{name}`",
                        f"the signal `{signal}`: `{sent}`",
                        length(within),
                        f"it is `{spelled(otherwise)}`",
                    )
                case plan.Approve(role=role, within=within, otherwise=otherwise):
                    values = ", ".join(f"`{param.name}`" for param in approved_values(op))
                    shown = f"; may change {values}" if values else ""
                    yield f"`{name}`", f"somebody in the role `{role}`{shown}", length(within), _OTHERWISE[otherwise]


def doubt_rows(made: plan.Plan) -> Iterator[tuple[str, str]]:
    """Each write that is not repeated as it is, with what follows when nobody knows whether it was made."""
    for tool in made.tools:
        for op in tool.operations:
            if op.doubt is not None:
                within = span(op.doubt.within or 0)
                text = _DOUBTS[op.doubt.sort].format(operation=op.doubt.operation, role=op.doubt.role, within=within)
                yield f"`{tool.name}.{op.name}`", text


def budget_text(workflow: plan.Workflow) -> str:
    """The limits of a run in words; empty where there are none."""
    words = {"usd": "{:g} USD", "tokens": "{:,} tokens", "calls": "{:,} calls of models and operations"}
    found = limits(workflow.budget)
    parts = [words[name].format(limit) for name, limit in found.items() if name in words]
    return ", ".join([*parts, *([span(found["time"])] if "time" in found else [])])


def length(term: Term) -> str:
    """How long a step waits: fixed, or as the source says it."""
    fixed = seconds(term)
    return f"`{spelled(term)}`" if fixed is None else span(fixed)


def span(time: float) -> str:
    """Seconds in the largest unit that fits them: `36 hours`."""
    for size, word in _UNITS:
        if time >= size and time % size == 0:
            count = int(time // size)
            return f"{count} {word}{'s' if count != 1 else ''}"
    return f"{time:g} seconds"


def reached(made: plan.Plan) -> list[plan.Workflow]:
    """The main workflow first, then those that it calls, by name."""
    grants = dict(made.permissions)
    names, queue = {made.main: None}, [made.main]
    while queue:
        for _, child in grants[queue.pop()].calls:
            if child not in names:
                names[child] = None
                queue.append(child)
    by_name = {workflow.name: workflow for workflow in made.workflows}
    return [by_name[made.main], *(by_name[name] for name in sorted(names) if name != made.main)]
