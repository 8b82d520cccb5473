"""What a budget leaves of the worst that a workflow may cost.

Each call is reserved before it is made, at its worst, and counts once among the `calls` of a budget, however often its service is asked.
So a workflow and those that it calls never go beyond their budget, and few calls are few tokens, and few tokens are little money.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from agent_lattice import plan
from agent_lattice.costs import PARTS, Cost, exact, total
from agent_lattice.records import record


@record
class _Asked:
    """Answers of a model at most, and what one of them is worth: requests, tokens, and the price of a token."""

    calls: int
    requests: int
    tokens: int
    price: int


def limited(cost: Cost, budget: plan.Budget, models: Sequence[plan.Model]) -> Cost:
    """The least that is certain of a cost within a budget; `models` are in the order of its rows."""
    together, *rows = (cost[at : at + PARTS] for at in range(0, len(cost), PARTS))
    own = [_row(row, budget, [_asked(model, row[1])]) for model, row in zip(models, rows, strict=True)]
    asked = [_asked(model, row[1]) for model, row in zip(models, own, strict=True)]
    sums = [_row(together, budget, asked), *([total(own)] if own else [])]
    return sum(own, tuple(map(min, zip(*sums, strict=True))))


def _asked(model: plan.Model, calls: int) -> _Asked:
    return _Asked(calls, 1 + model.retries, model.max_tokens, exact(model.output_price or 0))


def _row(row: Cost, budget: plan.Budget, asked: Sequence[_Asked]) -> Cost:
    """The numbers of some models together."""
    requests, calls, tokens, price = row
    if budget.requests is not None:
        limit = budget.requests
        calls = min(calls, limit)
        requests = min(requests, _dearest(limit, ((one.requests, one.calls) for one in asked)))
        tokens = min(tokens, _dearest(limit, ((one.tokens, one.calls) for one in asked)))
        price = min(price, _dearest(limit, ((one.tokens * one.price, one.calls) for one in asked)))
    if budget.tokens is not None:
        tokens = min(tokens, budget.tokens)
        price = min(price, _dearest(tokens, ((one.price, one.calls * one.tokens) for one in asked)))
    if budget.usd is not None:
        price = min(price, exact(budget.usd) * 10**6)
    return requests, calls, tokens, price


def _dearest(limit: int, amounts: Iterable[tuple[int, int]]) -> int:
    """The most that so many cost, of pairs: what one costs, and how many of it there are."""
    most = 0
    for one, count in sorted(amounts, reverse=True):
        taken = min(count, limit)
        most += one * taken
        limit -= taken
    return most
