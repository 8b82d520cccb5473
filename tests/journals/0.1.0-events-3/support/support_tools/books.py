"""The operations of the tool `books`: lookups in plain data."""

from __future__ import annotations

CUSTOMERS = {
    "mira@example.com": {"name": "Mira Okafor", "since": 2019},
    "jonas@example.com": {"name": "Jonas Brandt", "since": 2024},
}
ORDERS = {
    "A1001": {"id": "A1001", "item": "toy robot", "state": "sent"},
    "A1002": {"id": "A1002", "item": "desk lamp", "state": "lost"},
}


def customer(email: str) -> dict[str, object]:
    """Who writes; a stranger is a customer since this year."""
    return dict(CUSTOMERS.get(email, {"name": email, "since": 2026}))


def order(id: str) -> dict[str, str]:
    """One order; LookupError, which becomes `not_found`, when there is none of that number."""
    if id not in ORDERS:
        raise LookupError(f"no order {id}")
    return ORDERS[id]


def incidents() -> list[str]:
    """What is out of order today."""
    return ["Signing in with a code by text message takes up to ten minutes."]
