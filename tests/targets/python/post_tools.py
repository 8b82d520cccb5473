"""A tool that looks closely at what it is given."""

from datetime import UTC, datetime, timedelta


def scan(parcel, at, wait, n):
    assert isinstance(at, datetime) and at.tzinfo is UTC and isinstance(wait, timedelta) and type(n) is int
    assert isinstance(parcel["label"], bytes) and isinstance(parcel["sent"], datetime) and type(parcel["id"]) is int
    assert all(type(key) is int and isinstance(item, timedelta) for key, item in parcel["by"].items())
    assert all(type(key) is int for key in parcel["weights"])
    return {**parcel, "seen": [at + wait, "2026-01-01T00:00:00.123456789Z"]}


def due(id, at):
    return at + timedelta(hours=1)
