"""What a run can cost at most: how often each model is asked, how much it may answer, and for how much money.

Every loop has a bound, and so have repairs, escalations, fallbacks, turns and retries. So the worst run is found by one walk over the
operations: along the dearest way through choices, in sums over what is done one after the other or side by side. What a model reads is
bounded by nothing that is declared, and is no part of the cost.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction

from agent_lattice import plan
from agent_lattice.records import record

Cost = tuple[int, ...]
"""Requests, calls, tokens of answers, their price, then the calls of each model; each number the worst by itself. Prices are in
millionths of a millionth of a USD: those declared are USD per million tokens."""
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


@record
class _Worst:
    """The cost of a block, where it is left behind its end (`through`), with a result (`ended`), or by a failure anywhere in it
    (`most`, which is also the most of all). None: it is never left in this way."""

    through: Cost | None
    ended: Cost | None
    most: Cost


class _Costs:
    def __init__(self, made: plan.Plan) -> None:
        self.models = {model.name: model for model in made.models}
        self.agents = {agent.name: agent for agent in made.agents}
        self.workflows = {workflow.name: workflow for workflow in made.workflows}
        self.nothing: Cost = (0,) * (4 + len(self.models))
        self.free = _Worst(self.nothing, None, self.nothing)
        self.weights = {name: self._weight(model) for name, model in self.models.items()}
        self.known: dict[str, _Worst] = {}

    def bounds(self) -> dict[str, Bounds]:
        return {name: self._bounds(self.workflow(name).most) for name in self.workflows}

    def _weight(self, model: plan.Model) -> Cost:
        """The cost of one answer."""
        price = math.ceil(Fraction(repr(model.output_price or 0)) * _MILLION)
        own = (int(name == model.name) for name in self.models)
        return (1 + model.retries, 1, model.max_tokens, model.max_tokens * price, *own)

    def _bounds(self, most: Cost) -> Bounds:
        requests, calls, tokens, price, *each = most
        asked = {name: count for name, count in zip(self.models, each, strict=True) if count}
        priced = all(self.models[name].output_price is not None for name in asked)
        total = Bound(calls, requests, tokens, _usd(price) if priced else None)
        return Bounds(total, tuple((name, self._bound(name, count)) for name, count in asked.items()))

    def _bound(self, name: str, calls: int) -> Bound:
        requests, _, tokens, price, *_ = _times(calls, self.weights[name])
        return Bound(calls, requests, tokens, _usd(price) if self.models[name].output_price is not None else None)

    def workflow(self, name: str) -> _Worst:
        """As an operation that calls it sees it: its result is where it goes on."""
        if name not in self.known:
            body = self.block(self.workflows[name].body)
            self.known[name] = _Worst(_larger(body.through, body.ended), None, body.most)
        return self.known[name]

    def block(self, block: plan.Block) -> _Worst:
        """Operations one after the other."""
        found = self.free
        for op in block:
            worst = self.op(op)
            if worst is not self.free:
                found = _then(found, worst)
            if found.through is None:
                break
        return found

    def op(self, op: plan.Op) -> _Worst:
        match op:
            case plan.Ask():
                return self._ask(op)
            case plan.Run(agent=name):
                return self._agent(self.agents[name])
            case plan.Call(workflow=name):
                return self.workflow(name)
            case plan.Return():
                return _Worst(None, self.nothing, self.nothing)
            case plan.Fail():
                return _Worst(None, None, self.nothing)
            case plan.Parallel(branches=branches):
                return self._side_by_side([self.block(branch.body) for branch in branches])
            case plan.Each() | plan.Loop():
                return self._repeated(op, self.block(op.body))
            case plan.Try():
                return self._tried(op)
            case plan.If() | plan.Match():
                return self._chosen(op)
        return self.free

    def _ask(self, op: plan.Ask) -> _Worst:
        """A bad answer goes back, then the larger model is asked once; a model that fails gives way to its fallback for good."""
        cost = self._chain(op.model, op.repair)
        return self._certain(_sum([cost, self._chain(op.escalate, 0)]) if op.escalate else cost)

    def _agent(self, agent: plan.Agent) -> _Worst:
        """Every turn has one answer."""
        return self._certain(self._chain(agent.model, agent.max_turns - 1))

    def _chain(self, name: str | None, again: int) -> Cost:
        """A model and all its fallbacks are asked, and the dearest of them so often `again`."""
        asked = []
        while name is not None and name not in asked:
            asked.append(name)
            name = self.models[name].fallback
        weights = [self.weights[name] for name in asked]
        return _sum([*weights, _times(again, _largest(weights))])

    def _certain(self, cost: Cost) -> _Worst:
        return _Worst(cost, None, cost)

    def _chosen(self, op: plan.If | plan.Match) -> _Worst:
        worst = [self.block(block) for block in plan.blocks(op)]
        if all(one is self.free for one in worst):
            return self.free
        through = ended = None
        for one in worst:
            through, ended = _larger(through, one.through), _larger(ended, one.ended)
        return _Worst(through, ended, _largest([one.most for one in worst]))

    def _side_by_side(self, worst: list[_Worst]) -> _Worst:
        if all(one is self.free for one in worst):
            return self.free
        through = [one.through for one in worst if one.through is not None]
        most = _sum([one.most for one in worst])
        ended = most if any(one.ended is not None for one in worst) else None
        return _Worst(_sum(through) if len(through) == len(worst) else None, ended, most)

    def _repeated(self, op: plan.Each | plan.Loop, body: _Worst) -> _Worst:
        """Every turn but those that leave the loop goes through; so many as go on side by side may fail together."""
        if body is self.free:
            return self.free
        last = min(op.width, op.at_most) if isinstance(op, plan.Each) else 1
        if body.through is None:
            through = self.nothing if isinstance(op, plan.Each) else None  # a list may be empty
            return _Worst(through, body.ended, _times(last, body.most))
        before = _times(op.at_most - 1, body.through)
        ended = _sum([before, body.ended]) if body.ended is not None else None
        most = _sum([_times(op.at_most - last, body.through), _times(last, body.most)])
        return _Worst(_times(op.at_most, body.through), ended, most)

    def _tried(self, op: plan.Try) -> _Worst:
        """The body and what follows its end, or all of the body up to a failure and a handler."""
        body = self.block(op.body)
        found = _then(body, self.block(op.otherwise))
        failed = _Worst(body.most, None, body.most)
        for handler in op.handlers:
            handled = _then(failed, self.block(handler.body))
            through, ended = _larger(found.through, handled.through), _larger(found.ended, handled.ended)
            found = _Worst(through, ended, _largest([found.most, handled.most]))
        return found


def _then(first: _Worst, second: _Worst) -> _Worst:
    if first.through is None:
        return first
    through = _sum([first.through, second.through]) if second.through is not None else None
    ended = _sum([first.through, second.ended]) if second.ended is not None else None
    return _Worst(through, _larger(first.ended, ended), _largest([first.most, _sum([first.through, second.most])]))


def _sum(costs: Iterable[Cost]) -> Cost:
    return tuple(map(sum, zip(*costs, strict=True)))


def _largest(costs: Iterable[Cost]) -> Cost:
    return tuple(map(max, zip(*costs, strict=True)))


def _larger(one: Cost | None, other: Cost | None) -> Cost | None:
    if one is None or other is None:
        return one if other is None else other
    return _largest([one, other])


def _times(count: int, cost: Cost) -> Cost:
    return tuple(count * number for number in cost)


def _usd(price: int) -> float | int:
    """A price in USD, rounded up to a millionth, or to a whole one where that is not exact."""
    millionths = -(-price // _MILLION)
    return millionths / _MILLION if millionths < 2**53 else -(-millionths // _MILLION)
