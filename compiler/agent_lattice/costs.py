"""Costs as rows of numbers, each of which is bounded by itself: sums, and the larger of two number by number."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction

Cost = tuple[int, ...]
PARTS = 4
"""Numbers of a row: requests, calls, tokens of answers, their price. The first row is of all models, then each has one."""


def total(costs: Iterable[Cost]) -> Cost:
    """Of at least one."""
    return tuple(map(sum, zip(*costs, strict=True)))


def largest(costs: Iterable[Cost]) -> Cost:
    """Of at least one."""
    return tuple(map(max, zip(*costs, strict=True)))


def larger(one: Cost | None, other: Cost | None) -> Cost | None:
    """None is no cost at all."""
    if one is None or other is None:
        return one if other is None else other
    return largest([one, other])


def times(count: int, cost: Cost) -> Cost:
    return tuple(count * number for number in cost)


def exact(usd: float) -> int:
    """Millionths of USD, rounded up."""
    return math.ceil(Fraction(repr(usd)) * 10**6)
