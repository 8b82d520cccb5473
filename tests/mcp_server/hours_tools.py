"""The tools of `hours.lat`."""

from pathlib import Path


def pay(order, idempotency_key):
    with Path("book").open("a", encoding="utf-8") as book:
        book.write(f"pay {order}\n")
    return f"r-{order}"


def reach(order, times):
    """Fails so many times before it answers."""
    calls = Path("calls")
    before = calls.read_text(encoding="utf-8").count(order) if calls.exists() else 0
    with calls.open("a", encoding="utf-8") as book:
        book.write(f"{order}\n")
    if before < times:
        raise ConnectionError("nobody is there yet")
    return order
