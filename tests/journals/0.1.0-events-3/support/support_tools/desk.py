"""The operations of the tool `desk`: two files with a line of JSON for each ticket."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

OUTBOX = Path("outbox.jsonl")  # in the folder the run was started from, as support.lat permits
QUEUE = Path("queue.jsonl")


def send(ticket: str, text: str, *, idempotency_key: str) -> str:
    """Put the answer into the outbox, once per key; the number of the letter."""
    return f"L-{_place(OUTBOX, idempotency_key, {'ticket': ticket, 'text': text})}"


def queue(ticket: str, reason: str, *, idempotency_key: str) -> int:
    """Put the ticket into the queue, once per key; its place there."""
    return _place(QUEUE, idempotency_key, {"ticket": ticket, "reason": reason})


def _place(path: Path, key: str, content: dict[str, str]) -> int:
    """The place of a line in a file, from 1 on; a line of a new key is written behind all others."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    keys = [_key(line) for line in text.splitlines()]
    if key not in keys:
        line = json.dumps({"key": key, **content})
        _append(path, line if not text or text.endswith("\n") else f"\n{line}")
        keys = [*keys, key]
    return keys.index(key) + 1


def _key(line: str) -> Any:
    """The key of a line; none of an unfinished one, of a process killed while it wrote."""
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry.get("key") if isinstance(entry, dict) else None


def _append(path: Path, line: str) -> None:
    """The line is on the disk before anybody hears of it."""
    with path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())
