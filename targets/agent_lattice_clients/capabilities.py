"""What a way to carry a workflow out makes of each operation, and what a workflow loses by that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from agent_lattice import plan
from agent_lattice.records import record
from agent_lattice.source import NOWHERE
from agent_lattice.target import Loss, Place, Strength


@record
class Capability:
    """How a feature is carried, and why it is not native."""

    strength: Strength
    why: str = ""


Table = Mapping[str, Capability]
"""By feature; every one of FEATURES."""

FEATURES = {
    "read": "calls of operations that change nothing",
    "write": "calls of operations that change something",
    "ask": "asking a model for a typed value",
    "checks": "checks of what a model says, with repair and escalation",
    "run": "agents that call tools",
    "call": "workflows that call workflows",
    "values": "`let`, `var` and `set`: expressions over values",
    "narrow": "`let … as T` of a value that may be of several types",
    "branches": "`if` and `match`",
    "parallel": "steps side by side, and how their changes are merged",
    "each": "`for … at most N`",
    "loop": "`loop at most N`, and cycles of a graph",
    "race": "`parallel first` and `parallel any N`: the others are stopped",
    "try": "ways to go on after a failure, and what comes last in any case",
    "wait": "`wait`, for however long, without a process",
    "signal": "values that are sent to a run",
    "approve": "decisions of people, on exactly what they were shown",
    "retry": "further tries of a step, with pauses",
    "timeout": "limits on the time of a step",
    "compensate": "what takes a step back when the run fails later",
    "budget": "limits on money, tokens, calls and time of a run",
    "ends": "`return` and `fail`",
    "emit": "events of the author",
    "types": "arguments and results are of their types",
    "models": "the declared models are asked",
    "permissions": "a step touches what it was granted and nothing else",
    "secrets": "secrets stay out of logs and of models",
    "log": "every step is in a log that survives being killed",
    "once": "a committed write is never repeated",
    "doubt": "what follows when nobody knows whether a write was made",
    "replay": "a run can be replayed from its log",
}
"""What is carried, or not: the operations of the plan, and what is promised of every run."""

_OPERATIONS: tuple[tuple[tuple[type[plan.Op], ...], str], ...] = (
    ((plan.Ask,), "ask"),
    ((plan.Run,), "run"),
    ((plan.Call,), "call"),
    ((plan.Let, plan.Var, plan.Set), "values"),
    ((plan.Narrow,), "narrow"),
    ((plan.If, plan.Match), "branches"),
    ((plan.Parallel,), "parallel"),
    ((plan.Each,), "each"),
    ((plan.Loop,), "loop"),
    ((plan.Race,), "race"),
    ((plan.Try,), "try"),
    ((plan.Wait,), "wait"),
    ((plan.Signal,), "signal"),
    ((plan.Approve,), "approve"),
    ((plan.Return, plan.Fail), "ends"),
    ((plan.Emit,), "emit"),
)
_ALWAYS = ("types", "permissions", "log", "replay")


def table(entries: Mapping[str, tuple[Strength, str]]) -> Table:
    """A whole table: what is not said is native."""
    unknown = set(entries) - set(FEATURES)
    if unknown:
        raise ValueError(f"no such features: {sorted(unknown)}")
    return {name: Capability(*entries.get(name, (Strength.NATIVE,))) for name in FEATURES}


def losses(made: plan.Plan, carried: Table) -> tuple[Loss, ...]:
    """What the plan uses that is not carried natively, in the order of FEATURES."""
    used = features(made)
    return tuple(
        Loss(name, carried[name].strength, carried[name].why, used[name])
        for name in FEATURES
        if name in used and carried[name].strength is not Strength.NATIVE
    )


def features(made: plan.Plan) -> dict[str, tuple[Place, ...]]:
    """What a plan uses, each with the places where it does."""
    found: dict[str, list[Place]] = {name: [] for name in _ALWAYS}
    for name, place in _used(made):
        places = found.setdefault(name, [])
        if place is not None and place not in places:
            places.append(place)
    return {name: tuple(found[name]) for name in FEATURES if name in found}


def writes(made: plan.Plan) -> Iterator[tuple[Place, str]]:
    """Every place that may make a write, with the operation."""
    effects = {f"{tool.name}.{op.name}": op.effect for tool in made.tools for op in tool.operations}
    for workflow in reached(made):
        for op in plan.walk(workflow.body):
            for operation in operations_of(made, op):
                if effects[operation] == "write":
                    yield _place(made, workflow, op), operation


def operations_of(made: plan.Plan, op: plan.Op) -> tuple[str, ...]:
    """What an operation of the plan may call."""
    match op:
        case plan.Tool(operation=operation, undo=undo):
            return (operation, undo.operation) if undo is not None else (operation,)
        case plan.Run(agent=agent):
            return tuple(offer.operation for offer in agent_of(made, agent).offers)
    return ()


def _used(made: plan.Plan) -> Iterator[tuple[str, Place | None]]:
    effects = {f"{tool.name}.{op.name}": op.effect for tool in made.tools for op in tool.operations}
    if made.grants.total.secrets:
        yield "secrets", None
    doubted = {f"{tool.name}.{op.name}" for tool in made.tools for op in tool.operations if op.doubt is not None}
    for workflow in reached(made):
        if workflow.budget is not None:
            yield "budget", Place("budget" if workflow.name == made.main else f"{workflow.name}.budget", workflow.span)
        for op in plan.walk(workflow.body):
            place = _place(made, workflow, op)
            yield from ((feature, place) for feature in _safeguards(op))
            yield from (("doubt", place) for operation in operations_of(made, op) if operation in doubted)
            yield from ((feature, place) for kinds, feature in _OPERATIONS if isinstance(op, kinds))
            for operation in operations_of(made, op):
                yield from _effect(effects[operation], place)
            if isinstance(op, plan.Ask | plan.Run):
                yield "models", place
            if (isinstance(op, plan.Ask) and (op.checks or op.escalate)) or (
                isinstance(op, plan.Run) and _checked(made, op)
            ):
                yield "checks", place


def _safeguards(op: plan.Op) -> Iterator[str]:
    """What is said of a step besides what it does."""
    if isinstance(op, plan.Tool):
        yield from ["retry"] if op.retry is not None else []
        yield from ["compensate"] if op.undo is not None else []
    if isinstance(op, plan.Tool | plan.Ask | plan.Call | plan.Run) and op.timeout is not None:
        yield "timeout"


def _effect(effect: str, place: Place) -> Iterator[tuple[str, Place]]:
    yield ("write" if effect == "write" else "read"), place
    if effect == "write":
        yield "once", place


def _checked(made: plan.Plan, op: plan.Run) -> bool:
    return bool(agent_of(made, op.agent).checks)


def _place(made: plan.Plan, workflow: plan.Workflow, op: plan.Op) -> Place:
    """Where an operation stands: its step, else what it is; steps of other workflows with their workflow."""
    name = getattr(op, "step", None) or getattr(op, "name", None) or type(op).__name__.lower()
    return Place(str(name) if workflow.name == made.main else f"{workflow.name}.{name}", getattr(op, "span", NOWHERE))


def agent_of(made: plan.Plan, name: str) -> plan.Agent:
    """The agent of a plan by its name."""
    return next(agent for agent in made.agents if agent.name == name)


def reached(made: plan.Plan) -> tuple[plan.Workflow, ...]:
    """The main workflow and those it calls, in the plan's order."""
    by_name = {workflow.name: workflow for workflow in made.workflows}
    found, waiting = {made.main}, [made.main]
    while waiting:
        for op in plan.walk(by_name[waiting.pop()].body):
            if isinstance(op, plan.Call) and op.workflow not in found:
                found.add(op.workflow)
                waiting.append(op.workflow)
    return tuple(workflow for workflow in made.workflows if workflow.name in found)
