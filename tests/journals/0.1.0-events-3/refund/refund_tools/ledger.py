"""The operations of the tool `bank`: a ledger with one line of JSON for each refund, and for each that is taken back."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

LEDGER = Path("ledger.jsonl")  # in the folder the run was started from, as bank.lat permits

Entry = dict[str, Any]


def refund(order: str, amount: float, *, idempotency_key: str) -> dict[str, Any]:
    """Write the refund down, once per key: a second call gives the receipt of the first, ValueError if that was taken back."""
    entries = _entries()
    known = next((entry["receipt"] for entry in entries if entry.get("key") == idempotency_key), None)
    if known is None:
        receipt = {"id": f"R-{order}", "amount": amount}
        _append({"key": idempotency_key, "order": order, "receipt": receipt})
        return receipt
    if any(entry.get("void") == known["id"] for entry in entries):
        raise ValueError(f"the refund {known['id']} was taken back")
    return dict(known)


def void(id: str) -> dict[str, Any]:
    """Take a refund back, once; its receipt. LookupError, which becomes `not_found`, when there is none of that id."""
    entries = _entries()
    receipt = next((entry["receipt"] for entry in entries if entry.get("receipt", {}).get("id") == id), None)
    if receipt is None:
        raise LookupError(f"no refund {id}")
    if not any(entry.get("void") == id for entry in entries):
        _append({"void": id})
    return dict(receipt)


def _entries() -> list[Entry]:
    text = LEDGER.read_text(encoding="utf-8") if LEDGER.exists() else ""
    return [_entry(line) for line in text.splitlines()]


def _entry(line: str) -> Entry:
    """A line of the ledger; an unfinished one, of a process killed while it wrote, counts as none."""
    try:
        entry = json.loads(line)
    except ValueError:
        return {}
    return entry if isinstance(entry, dict) else {}


def _append(entry: Entry) -> None:
    """The line is on the disk before anybody hears that the money moved; it never continues an unfinished one."""
    with LEDGER.open("a+", encoding="utf-8") as file:
        file.seek(0)
        text = file.read()
        file.write(("\n" if text and not text.endswith("\n") else "") + json.dumps(entry) + "\n")
        file.flush()
        os.fsync(file.fileno())
