"""Timestamps and durations as rows of the function table."""

from __future__ import annotations

from agent_lattice.expr.overload import Function, Overload, dynamic, method, row
from agent_lattice.types import DURATION, INT, STRING, TIMESTAMP

SUMS = (
    row("add_timestamp", (TIMESTAMP, DURATION), TIMESTAMP, "cel_time.add(_0, _1)", True),
    row("add_to_duration", (DURATION, TIMESTAMP), TIMESTAMP, "cel_time.add(_0, _1)", True),
    row("add_duration", (DURATION, DURATION), DURATION, "cel_time.add(_0, _1)", True),
)
DIFFERENCES = (
    row("sub_timestamp", (TIMESTAMP, TIMESTAMP), DURATION, "cel_time.sub(_0, _1)", True),
    row("sub_from_timestamp", (TIMESTAMP, DURATION), TIMESTAMP, "cel_time.sub(_0, _1)", True),
    row("sub_duration", (DURATION, DURATION), DURATION, "cel_time.sub(_0, _1)", True),
)


def _part(name: str, doc: str, *more: Overload) -> Function:
    """A part of a timestamp, in UTC or in a time zone."""
    utc = row(name, (TIMESTAMP,), INT, f"cel_time.get(_0, {name!r})", True)
    zoned = row(f"{name}_in", (TIMESTAMP, STRING), INT, f"cel_time.get(_0, {name!r}, _1)", True)
    return method(name, doc, utc, zoned, *more)


def _unit(name: str, doc: str) -> Function:
    """As `_part`, also of a duration."""
    return _part(name, doc, row(f"{name}_of", (DURATION,), INT, f"cel_time.get(_0, {name!r})", True))


TIMES = (
    Function(
        "timestamp",
        "the moment of a text as in RFC 3339, or of seconds since 1970",
        (
            row("timestamp_string", (STRING,), TIMESTAMP, "cel_time.timestamp(_0)", True),
            row("timestamp_int", (INT,), TIMESTAMP, "cel_time.timestamp(_0)", True),
            row("timestamp_timestamp", (TIMESTAMP,), TIMESTAMP, "_0"),
        ),
        dynamic("timestamp_dyn", 1, TIMESTAMP, "cel_time.timestamp(_0)"),
        free=True,
    ),
    Function(
        "duration",
        "the span of a text such as `1h30m` or `-1.5s`",
        (
            row("duration_string", (STRING,), DURATION, "cel_time.duration(_0)", True),
            row("duration_duration", (DURATION,), DURATION, "_0"),
        ),
        dynamic("duration_dyn", 1, DURATION, "cel_time.duration(_0)"),
        free=True,
    ),
    _part("getFullYear", "the year"),
    _part("getMonth", "the month, from 0"),
    _part("getDate", "the day of the month, from 1"),
    _part("getDayOfMonth", "the day of the month, from 0"),
    _part("getDayOfWeek", "the day of the week, from 0 for Sunday"),
    _part("getDayOfYear", "the day of the year, from 0"),
    _unit("getHours", "the hour, or the whole hours of a duration"),
    _unit("getMinutes", "the minute, or the whole minutes of a duration"),
    _unit("getSeconds", "the second, or the whole seconds of a duration"),
    _unit("getMilliseconds", "the milliseconds behind the second"),
)
