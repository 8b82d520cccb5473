"""What a run can cost at most: how often each model is asked, how much it may answer, and for how much money.

Every loop has a bound, and so have repairs, escalations, fallbacks, turns and retries. So the worst run is found by one walk over the
operations: along the dearest way through choices, in sums over what is done one after the other or side by side. A budget, which is
reserved before each call, is never gone beyond by the workflow that declares it and those that it calls: whatever its ways would
cost, it is no more than that. What takes back steps behind the end asks no model. What a model reads is bounded by nothing else that is
declared, and is no part of the cost.
"""

from __future__ import annotations

from agent_lattice import plan
from agent_lattice.costs import PARTS, Cost, exact, larger, largest, times, total
from agent_lattice.limited_costs import limited
from agent_lattice.records import record
from agent_lattice.worst_ways import PATIENCE, TooMany, Walk

_MILLION = 10**6


@record
class Bound:
    """How much of something: `calls` answers that are asked for, `requests` with those that are repeated after a failure, tokens
    of all answers, and their price in USD; None where a model has no declared price."""

    calls: int
    requests: int
    output_tokens: int
    output_usd: float | int | None


@record
class Bounds:
    """Of a run of a workflow: in total, and of each model that it may ask, by name. The worst of one model need not be of the same
    run as the worst of another, so the total may be less than their sum."""

    total: Bound
    models: tuple[tuple[str, Bound], ...]


def bounds(made: plan.Plan) -> dict[str, Bounds]:
    """The bounds of every workflow of a plan."""
    return _Costs(made).bounds()


class _Costs:
    """Numbers of a cost, four in a row: requests, calls, tokens of answers, their price. First those of all models, then those of each.
    Prices are in millionths of a millionth of a USD: those declared are USD per million tokens."""

    def __init__(self, made: plan.Plan) -> None:
        self.models = {model.name: model for model in made.models}
        self.agents = {agent.name: agent for agent in made.agents}
        self.workflows = {workflow.name: workflow for workflow in made.workflows}
        self.nothing: Cost = (0,) * PARTS * (1 + len(self.models))
        self.weights = {name: self._weight(model) for name, model in self.models.items()}
        self.known: dict[str, tuple[Cost | None, Cost]] = {}

    def bounds(self) -> dict[str, Bounds]:
        return {name: self._bounds(self.workflow(name)[1]) for name in self.workflows}

    def _weight(self, model: plan.Model) -> Cost:
        """The cost of one answer."""
        price = exact(model.output_price or 0)
        one = (1 + model.retries, 1, model.max_tokens, model.max_tokens * price)
        return sum((one if name == model.name else (0,) * PARTS for name in self.models), one)

    def _bounds(self, most: Cost) -> Bounds:
        together, *rows = (most[at : at + PARTS] for at in range(0, len(most), PARTS))
        asked = [(model, row) for model, row in zip(self.models.values(), rows, strict=True) if row[1]]
        each = tuple((model.name, _bound(row, model.output_price is not None)) for model, row in asked)
        return Bounds(_bound(together, all(model.output_price is not None for model, _ in asked)), each)

    def workflow(self, name: str) -> tuple[Cost | None, Cost]:
        """The cost of a workflow with a result (None: it has none), and the most of all, with a failure."""
        if name not in self.known:
            body = self.workflows[name].body
            try:
                ways = Walk(body, self.nothing, self._asked, self.workflow, PATIENCE).ways()
            except TooMany:
                ways = Walk(body, self.nothing, self._asked, self.workflow, None).ways()
            result = larger(largest(ways.through.values()) if ways.through else None, ways.ended)
            self.known[name] = (self._within(name, result) if result else None, self._within(name, ways.most))
        return self.known[name]

    def _within(self, name: str, cost: Cost) -> Cost:
        budget = self.workflows[name].budget
        return limited(cost, budget, list(self.models.values())) if budget is not None else cost

    def _asked(self, op: plan.Ask | plan.Run) -> Cost:
        """A bad answer goes back, then the larger model is asked once; a model that fails gives way to its fallback for good.
        Every turn of an agent has one answer."""
        if isinstance(op, plan.Run):
            agent = self.agents[op.agent]
            return self._chain(agent.model, agent.max_turns - 1)
        cost = self._chain(op.model, op.repair)
        return total([cost, self._chain(op.escalate, 0)]) if op.escalate else cost

    def _chain(self, name: str | None, again: int) -> Cost:
        """A model and all its fallbacks are asked, and the dearest of them so often `again`."""
        weights: dict[str, Cost] = {}
        while name is not None and name not in weights:
            weights[name] = self.weights[name]
            name = self.models[name].fallback
        return total([*weights.values(), times(again, largest(weights.values()))])


def _bound(numbers: Cost, priced: bool) -> Bound:
    requests, calls, tokens, price = numbers
    return Bound(calls, requests, tokens, _usd(price) if priced else None)


def _usd(price: int) -> float | int:
    """A price in USD, rounded up to a millionth, or to a whole one where that is not exact."""
    millionths = -(-price // _MILLION)
    return millionths / _MILLION if millionths < 2**53 else -(-millionths // _MILLION)
