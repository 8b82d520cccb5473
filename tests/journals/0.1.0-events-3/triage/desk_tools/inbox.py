"""The operations of the tool `inbox`: the tickets of a folder, whatever bytes they are made of."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path("tickets")  # in the folder the run was started from, as inbox.lat permits
LONGEST = 6000  # characters of a ticket that a model gets to see


def names() -> list[str]:
    """The names of all tickets, in order."""
    return sorted(path.name for path in FOLDER.iterdir() if path.suffix == ".txt")


def read(file: str) -> dict[str, str]:
    """One ticket. Its text is UTF-8, or else what old mail programs send; a very long one is cut."""
    raw = (FOLDER / file).read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]}\n[{len(text) - LONGEST} more characters]"
    return {"file": file, "text": text}
