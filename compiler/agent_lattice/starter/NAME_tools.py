"""The tools of NAME: plain functions, called with the arguments that NAME.lat declares."""

from __future__ import annotations

NOTES = {
    "n1": {"title": "Opening hours", "text": "Are you open on Saturday afternoon?"},
    "n2": {"title": "Broken door", "text": "The door of the shop does not close any more."},
}


def read(id: str) -> dict[str, str]:
    """The note of that id; LookupError, which becomes `not_found`, when there is none."""
    if id not in NOTES:
        raise LookupError(f"there is no note {id}")
    return NOTES[id]
