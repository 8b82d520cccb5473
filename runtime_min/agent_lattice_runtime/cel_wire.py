"""Validators of what JSON has no form of its own for: unsigned ints, bytes, times, maps whose keys are no strings.

They are as those in `checks`. The forms are those of the proto3 JSON mapping; a value that is already decoded passes, and
so does what Python's standard library has for it, where a tool gives that.
"""

from __future__ import annotations

from .cel import CelError
from .checks import HIGHEST, LOWEST, MAX_SAFE, expected, kind
from .uint import MOST, Uint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .cel_time import Duration, Timestamp


def uint(value: object, path: str, errors: list[str]) -> Uint:
    """An int from 0 to 2^64-1; one beyond 2^53-1 may come as its decimal digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        if 0 <= value <= MOST:
            return Uint(value)
        errors.append(f"{path}: the uint {'is negative' if value < 0 else 'does not fit 64 bits'}")
    elif isinstance(value, str) and (number := _digits(value)) is not None and MAX_SAFE < number <= MOST:
        return Uint(number)
    else:
        expected("uint", value, path, errors)
    return Uint(0)


def _digits(text: str) -> int | None:
    """The number that a text shows in its only form: no sign but a minus, no zeros in front."""
    plain = text.removeprefix("-")
    usual = len(plain) <= 20 and plain.isascii() and plain.isdigit() and (plain[0] != "0" or text == "0")
    return int(text) if usual else None


def binary(value: object, path: str, errors: list[str]) -> bytes:
    """Bytes, from base64 of either alphabet, with padding or without."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    if not isinstance(value, str):
        expected("bytes (a base64 string)", value, path, errors)
        return b""
    from .cel_bytes import decode

    try:
        return decode(value.replace("-", "+").replace("_", "/"))
    except CelError:
        errors.append(f"{path}: expected bytes, the string is not base64")
        return b""


def timestamp(value: object, path: str, errors: list[str]) -> Timestamp:
    """A moment, from RFC 3339 or from a `datetime` with a time zone."""
    from datetime import datetime

    from .cel_time import Timestamp, of_datetime, timestamp

    try:
        if isinstance(value, (Timestamp, str)):
            return timestamp(value)
        if isinstance(value, datetime):
            return of_datetime(value)
        expected("timestamp", value, path, errors)
    except CelError as error:
        errors.append(f"{path}: expected timestamp such as 2026-01-31T12:30:00Z: {error}")
    return Timestamp(0)


def duration(value: object, path: str, errors: list[str]) -> Duration:
    """A span, from seconds such as `3.5s` or from a `timedelta`."""
    from datetime import timedelta

    from .cel_time import Duration, of_seconds, of_timedelta

    try:
        if isinstance(value, Duration):
            return value
        if isinstance(value, str):
            return of_seconds(value)
        if isinstance(value, timedelta):
            return of_timedelta(value)
        expected("duration", value, path, errors)
    except CelError as error:
        errors.append(f"{path}: expected duration in seconds such as 3.5s: {error}")
    return Duration(0)


def int_entries(value: object, path: str, errors: list[str]) -> dict[int, Any]:
    """A map by int, not yet its values, in the order of its keys."""
    return _entries(value, _int_key, "int", path, errors)


def uint_entries(value: object, path: str, errors: list[str]) -> dict[int, Any]:
    """A map by uint, as `int_entries`."""
    return _entries(value, _uint_key, "uint", path, errors)


def bool_entries(value: object, path: str, errors: list[str]) -> dict[bool, Any]:
    """A map by bool, as `int_entries`."""
    return _entries(value, _bool_key, "bool", path, errors)


def _entries(value: object, read: Callable[[object], Any], what: str, path: str, errors: list[str]) -> dict[Any, Any]:
    if not isinstance(value, dict):
        expected("object", value, path, errors)
        return {}
    keys = {key: read(key) for key in value}
    for key, found in keys.items():
        if found is None:
            shown = repr(key) if isinstance(key, (str, int)) and len(str(key)) <= 40 else kind(key)
            errors.append(f"{path}: expected {what} keys, found {shown}")
            return {}
    return {found: value[key] for key, found in sorted(keys.items(), key=lambda pair: pair[1])}


def _int_key(key: object) -> int | None:
    number = _digits(key) if isinstance(key, str) else key
    fits = isinstance(number, int) and not isinstance(number, bool) and LOWEST <= number <= HIGHEST
    return int(number) if fits else None  # type: ignore[call-overload]


def _uint_key(key: object) -> Uint | None:
    number = _digits(key) if isinstance(key, str) else key
    fits = isinstance(number, int) and not isinstance(number, bool) and 0 <= number <= MOST
    return Uint(number) if fits else None  # type: ignore[call-overload]


def _bool_key(key: object) -> bool | None:
    return {"true": True, "false": False}.get(key) if isinstance(key, str) else key if isinstance(key, bool) else None
