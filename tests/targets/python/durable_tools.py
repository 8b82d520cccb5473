"""A bank that remembers what it has done, by the name of the order what it is to do."""

from __future__ import annotations

from typing import Any

DONE: list[tuple[str, Any]] = []


def total(order: str) -> float:
    return 12.5


def refund(order: str, amount: float, key: str) -> dict[str, Any]:
    tries = sum(1 for name, _ in DONE if name == "refund")
    DONE.append(("refund", amount))
    if order == "shaky" and tries < 2:
        raise ConnectionError("the bank is asleep")
    return {"id": f"p-{key}", "amount": amount}


def void(id: str) -> str:
    DONE.append(("void", id))
    return "void"


def book(order: str, key: str) -> dict[str, Any]:
    DONE.append(("book", key))
    return {"id": key, "amount": 1.0}


def paid_back(key: str) -> None:
    return None


def rate(place: str) -> int:
    return ord(place)


def tell(text: str) -> str:
    if text == "lost":
        raise LookupError("nobody there")
    return {"p-stop": "stop", "p-broken": "broken"}.get(text, text)
