"""Timestamps and durations of CEL, in whole nanoseconds."""

from __future__ import annotations

import re
from datetime import UTC

from .cel import CelError, kind
from .cel_convert import shown, to_string

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime, timedelta, tzinfo
    from typing import Any

_SECOND = 1_000_000_000
_FIRST, _LAST = -62_135_596_800 * _SECOND, 253_402_300_800 * _SECOND - 1
_LONGEST = 315_576_000_000 * _SECOND + _SECOND - 1
_UNITS = {"h": 3600 * _SECOND, "m": 60 * _SECOND, "s": _SECOND, "ms": 1_000_000, "us": 1000, "µs": 1000, "ns": 1}
_TIMESTAMP = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII
)
_PART = re.compile(r"(\d*)(?:\.(\d*))?(h|ms|m|s|us|µs|ns)", re.ASCII)
_SECONDS = re.compile(r"(-?)(\d{1,12})(?:\.(\d{1,9}))?s", re.ASCII)
_OFFSET = re.compile(r"([+-]?)(\d\d):(\d\d)", re.ASCII)


class _Time:
    __slots__ = ("nanos",)

    cel_ordered = True
    cel_kind = ""

    def __init__(self, nanos: int) -> None:
        self.nanos = nanos

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Time) and self.cel_kind == other.cel_kind and self.nanos == other.nanos

    def __repr__(self) -> str:
        return to_string(self)

    def __hash__(self) -> int:
        return hash((self.cel_kind, self.nanos))

    def __lt__(self, other: _Time) -> bool:
        return self.nanos < other.nanos

    def __le__(self, other: _Time) -> bool:
        return self.nanos <= other.nanos

    def __gt__(self, other: _Time) -> bool:
        return self.nanos > other.nanos

    def __ge__(self, other: _Time) -> bool:
        return self.nanos >= other.nanos

    def cel_calc(self, operator: str, other: Any) -> Any:
        """`self + other` or `self - other`, of values of any type."""
        if operator in ("+", "-") and isinstance(other, _Time):
            return add(self, other) if operator == "+" else sub(self, other)
        raise CelError(f"no such overload: _{operator}_({kind(self)}, {kind(other)})")


class Timestamp(_Time):
    """A moment between the years 1 and 9999: nanoseconds since 1970."""

    __slots__ = ()

    cel_kind = "google.protobuf.Timestamp"

    def __init__(self, nanos: int) -> None:
        if not _FIRST <= nanos <= _LAST:
            raise CelError("timestamp overflow")
        super().__init__(nanos)

    def plain(self) -> datetime:
        """For Python's own library, in UTC: nanoseconds are cut to microseconds."""
        from datetime import timedelta

        return _local(self, "") + timedelta(microseconds=self.nanos % _SECOND // 1000)

    def cel_seconds(self) -> int:
        """Whole seconds since 1970."""
        return self.nanos // _SECOND

    def cel_text(self) -> str:
        """RFC 3339 in UTC, with no, three, six or nine digits behind the seconds."""
        at = _local(self, "")
        return f"{at.year:04}-{at.isoformat()[5:19]}{_fraction(self.nanos % _SECOND)}Z"


class Duration(_Time):
    """A span of at most about 10,000 years."""

    __slots__ = ()

    cel_kind = "google.protobuf.Duration"

    def __init__(self, nanos: int) -> None:
        if abs(nanos) > _LONGEST:
            raise CelError("duration overflow")
        super().__init__(nanos)

    def plain(self) -> timedelta:
        """For Python's own library: nanoseconds are cut to microseconds, toward zero."""
        from datetime import timedelta

        return timedelta(microseconds=abs(self.nanos) // 1000) * (-1 if self.nanos < 0 else 1)

    def cel_text(self) -> str:
        """Seconds, as `1.500s`."""
        seconds, nanos = divmod(abs(self.nanos), _SECOND)
        return f"{'-' if self.nanos < 0 else ''}{seconds}{_fraction(nanos)}s"


def _fraction(nanos: int) -> str:
    if not nanos:
        return ""
    digits = f"{nanos:09}"
    return f".{digits[:3] if digits.endswith('000000') else digits[:6] if digits.endswith('000') else digits}"


def timestamp(value: Any) -> Timestamp:
    """`timestamp(value)`: of a text as in RFC 3339, or of seconds since 1970."""
    if isinstance(value, Timestamp):
        return value
    if type(value) is int:
        return Timestamp(value * _SECOND)
    if not isinstance(value, str):
        raise CelError(f"no such overload: timestamp({kind(value)})")
    found = _TIMESTAMP.fullmatch(value)
    if found is None:
        raise CelError(f"cannot convert string to timestamp: {shown(value)}")
    from datetime import datetime

    fraction, sign, hours, minutes = found.group(7, 8, 9, 10)
    try:
        year, month, day, hour, minute, second = map(int, found.group(1, 2, 3, 4, 5, 6))
        at = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        raise CelError(f"cannot convert string to timestamp: {shown(value)}") from None
    if sign and not (int(hours) < 24 and int(minutes) < 60):
        raise CelError(f"cannot convert string to timestamp: {shown(value)}")
    away = (int(hours) * 3600 + int(minutes) * 60) * (-1 if sign == "-" else 1) if sign else 0
    since = at - datetime(1970, 1, 1, tzinfo=UTC)
    seconds = since.days * 86400 + since.seconds - away
    return Timestamp(seconds * _SECOND + int((fraction or "0").ljust(9, "0")))


def of_datetime(value: datetime) -> Timestamp:
    """The moment of a `datetime`. Raises CelError for one without a time zone."""
    from datetime import datetime, timedelta

    if value.tzinfo is None:
        raise CelError("a datetime without a time zone is no moment")
    return Timestamp((value - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000)


def of_timedelta(value: timedelta) -> Duration:
    from datetime import timedelta

    return Duration(value // timedelta(microseconds=1) * 1000)


def of_seconds(text: str) -> Duration:
    """The span of its JSON form, `3.5s`. Raises CelError."""
    found = _SECONDS.fullmatch(text)
    if found is None:
        raise CelError(f"cannot convert string to duration: {shown(text)}")
    sign, seconds, fraction = found.groups()
    nanos = int(seconds) * _SECOND + int((fraction or "").ljust(9, "0"))
    return Duration(-nanos if sign else nanos)


def duration(value: Any) -> Duration:
    """`duration(value)`: of a text such as `1h30m`, `-1.5s`, `250ms`."""
    if isinstance(value, Duration):
        return value
    if not isinstance(value, str):
        raise CelError(f"no such overload: duration({kind(value)})")
    text = value[1:] if value[:1] in ("+", "-") else value
    nanos = at = 0
    while at < len(text) and text != "0":
        found = _PART.match(text, at)
        if found is None or not (found.group(1) or found.group(2)) or found.end() - at > 40:
            raise CelError(f"cannot convert string to duration: {shown(value)}")
        digits = found.group(2) or ""
        nanos += int(found.group(1) + digits or "0") * _UNITS[found.group(3)] // 10 ** len(digits)
        at = found.end()
    if not text:
        raise CelError(f"cannot convert string to duration: {shown(value)}")
    return Duration(-nanos if value[0] == "-" else nanos)


def add(left: Any, right: Any) -> Any:
    """A duration added to a timestamp or a duration, on either side."""
    if isinstance(left, Timestamp) and isinstance(right, Timestamp):
        raise CelError(f"no such overload: _+_({kind(left)}, {kind(right)})")
    sort = Timestamp if isinstance(left, Timestamp) or isinstance(right, Timestamp) else Duration
    return sort(left.nanos + right.nanos)


def sub(left: Any, right: Any) -> Any:
    """The duration between two timestamps, or a duration taken away."""
    if isinstance(right, Timestamp) and not isinstance(left, Timestamp):
        raise CelError(f"no such overload: _-_({kind(left)}, {kind(right)})")
    sort = Timestamp if isinstance(left, Timestamp) and isinstance(right, Duration) else Duration
    return sort(left.nanos - right.nanos)


def as_time(value: Any) -> Any:
    """A timestamp or a duration."""
    if isinstance(value, _Time):
        return value
    raise CelError(f"expected timestamp or duration, found {kind(value)}")


_PLACES = {"getFullYear": "year", "getHours": "hour", "getMinutes": "minute", "getSeconds": "second"}


def get(value: Any, name: str, zone: str = "") -> int:
    """A part of a timestamp in a time zone (UTC when empty), or a whole duration in a unit."""
    if isinstance(value, Duration):
        return _whole(value, name)
    at = _local(value, zone)
    if name == "getMilliseconds":
        return int(value.nanos % _SECOND // 1_000_000)
    if name in _PLACES:
        return int(getattr(at, _PLACES[name]))
    return {
        "getMonth": at.month - 1,
        "getDate": at.day,
        "getDayOfMonth": at.day - 1,
        "getDayOfWeek": at.isoweekday() % 7,
        "getDayOfYear": at.timetuple().tm_yday - 1,
    }[name]


def _whole(value: Duration, name: str) -> int:
    units = {"getHours": 3600 * _SECOND, "getMinutes": 60 * _SECOND, "getSeconds": _SECOND}
    if name == "getMilliseconds":
        count = abs(value.nanos) % _SECOND // 1_000_000
    elif name in units:
        count = abs(value.nanos) // units[name]
    else:
        raise CelError(f"no such overload: {name}({kind(value)})")
    return -count if value.nanos < 0 else count


def _local(value: Timestamp, zone: str) -> datetime:
    from datetime import datetime, timedelta

    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=value.nanos // _SECOND)
    try:
        return at.astimezone(_zone(zone)) if zone else at
    except OverflowError:
        raise CelError("timestamp overflow") from None


def _zone(name: str) -> tzinfo:
    """A time zone by its name or as an offset such as `-05:30`."""
    from datetime import timedelta, timezone

    found = _OFFSET.fullmatch(name)
    if found and int(found.group(2)) < 24 and int(found.group(3)) < 60:
        away = timedelta(hours=int(found.group(2)), minutes=int(found.group(3)))
        return timezone(-away if found.group(1) == "-" else away)
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        raise CelError(f"invalid time zone: {shown(name)}") from None
