"""The operation of the tool `risk`."""

from __future__ import annotations

from typing import Any


def score(order: dict[str, Any], past: list[dict[str, Any]]) -> float:
    """How unusual a refund would be, from 0 to 1: dear orders and frequent refunds add up."""
    price = min(order["total"] / 1000, 0.5)
    habit = min(0.2 * len(past), 0.8)
    return round(min(price + habit, 1.0), 3)
