"""Models without a price that a workflow with a budget of money may ask: what they answer counts nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from agent_lattice import plan
from agent_lattice.diagnostics import Code, Label, Report, Severity

UNPRICED = Code("LAT5022", "unpriced-model", Severity.WARNING)


def prices(
    workflows: Mapping[str, plan.Workflow],
    agents: Mapping[str, plan.Agent],
    models: Mapping[str, plan.Model],
    report: Report,
) -> None:
    """Report each workflow with a budget of money once, with the models that have no price."""
    asked: dict[str, frozenset[str]] = {}
    for workflow in workflows.values():
        if workflow.budget is None or workflow.budget.usd is None:
            continue
        names = sorted(_asked(workflow.name, workflows, agents, models, asked))
        free = [models[name] for name in names if models[name].output_price is None]
        if free:
            listed = ", ".join(f"`{model.name}`" for model in free)
            report.add(
                UNPRICED,
                f"the budget of `{workflow.name}` counts no money for {listed}",
                workflow.span,
                related=[Label(model.span, "no price is declared") for model in free],
                help="declare `input_price` and `output_price`, 0.0 where it costs nothing, or limit `tokens`",
            )


def _asked(
    name: str,
    workflows: Mapping[str, plan.Workflow],
    agents: Mapping[str, plan.Agent],
    models: Mapping[str, plan.Model],
    known: dict[str, frozenset[str]],
) -> frozenset[str]:
    """The models that a workflow may ask, with those that it calls."""
    if name not in known:
        known[name] = frozenset()  # for one that calls itself, which is reported elsewhere
        found: set[str] = set()
        for op in plan.walk(workflows[name].body):
            if isinstance(op, plan.Call) and op.workflow in workflows:
                found |= _asked(op.workflow, workflows, agents, models, known)
            else:
                found.update(_with_fallbacks(_models(op, agents), models))
        known[name] = frozenset(found)
    return known[name]


def _models(op: plan.Op, agents: Mapping[str, plan.Agent]) -> Iterable[str | None]:
    match op:
        case plan.Ask(model=model, escalate=escalate):
            return (model, escalate)
        case plan.Run(agent=agent) if agent in agents:
            return (agents[agent].model,)
    return ()


def _with_fallbacks(names: Iterable[str | None], models: Mapping[str, plan.Model]) -> set[str]:
    found: set[str] = set()
    for name in names:
        while name is not None and name in models and name not in found:
            found.add(name)
            name = models[name].fallback
    return found
