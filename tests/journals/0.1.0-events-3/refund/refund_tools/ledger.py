"""The operation of the tool `bank`: a ledger with one line of JSON for each refund."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

LEDGER = Path("ledger.jsonl")  # in the folder the run was started from, as refund.lat permits


def refund(order: str, amount: float, *, idempotency_key: str) -> dict[str, Any]:
    """Write the refund down, once per key: a second call gives the receipt of the first."""
    text = _read()
    entries = {entry.get("key"): entry for entry in map(_entry, text.splitlines())}
    if idempotency_key in entries:
        return dict(entries[idempotency_key]["receipt"])
    receipt = {"id": f"R-{order}", "amount": amount}
    line = json.dumps({"key": idempotency_key, "order": order, "receipt": receipt})
    _append(line if not text or text.endswith("\n") else f"\n{line}")
    return receipt


def _read() -> str:
    try:
        return LEDGER.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def _entry(line: str) -> dict[str, Any]:
    """A line of the ledger; an unfinished one, of a process killed while it wrote, counts as none."""
    try:
        entry = json.loads(line)
    except ValueError:
        return {}
    return entry if isinstance(entry, dict) else {}


def _append(line: str) -> None:
    """The line is on the disk before anybody hears that the money moved."""
    with LEDGER.open("a", encoding="utf-8") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())
