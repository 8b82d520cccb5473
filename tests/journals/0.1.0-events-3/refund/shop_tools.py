"""The operations of the tool `shop`: lookups in the order book."""

from __future__ import annotations

from order_book import CATEGORY_RULES, GENERAL_RULES, ORDERS, REFUNDS


def get_order(id: str) -> dict[str, object]:
    """One order; LookupError, which becomes `not_found`, when there is none of that id."""
    if id not in ORDERS:
        raise LookupError(f"no order {id}")
    customer, item, category, total, currency = ORDERS[id]
    return {
        "id": id,
        "customer": customer,
        "item": item,
        "category": category,
        "total": total,
        "currency": currency,
    }


def rules(category: str) -> list[dict[str, str]]:
    """The general rules, then those of the category."""
    applying = GENERAL_RULES | CATEGORY_RULES.get(category, {})
    return [{"id": id, "text": text} for id, text in applying.items()]


def past_refunds(customer: str) -> list[dict[str, object]]:
    """What a customer has been refunded so far, oldest first."""
    return [{"order": order, "amount": amount} for order, amount in REFUNDS.get(customer, [])]
