"""The operation of the tool `bank`: a ledger with one line of JSON for each refund."""

from __future__ import annotations

import json
import os

LEDGER = "ledger.jsonl"  # in the folder the run was started from, as refund.lat permits


def refund(order: str, amount: float, *, idempotency_key: str) -> dict[str, object]:
    """Write the refund down, once per key: a second call gives the receipt of the first."""
    text = _read()
    for line in text.splitlines():
        entry = _entry(line)
        if entry.get("key") == idempotency_key:
            return entry["receipt"]
    receipt = {"id": f"R-{order}", "amount": amount}
    line = json.dumps({"key": idempotency_key, "order": order, "receipt": receipt})
    _append(line if not text or text.endswith("\n") else f"\n{line}")
    return receipt


def _read() -> str:
    try:
        with open(LEDGER, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def _entry(line: str) -> dict:
    """A line of the ledger; an unfinished one, of a process killed while it wrote, counts as none."""
    try:
        return json.loads(line)
    except ValueError:
        return {}


def _append(line: str) -> None:
    """The line is on the disk before anybody hears that the money moved."""
    with open(LEDGER, "a", encoding="utf-8") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())
