"""Canonical JSON (RFC 8785): one text per value, for hashing, comparing and storing.

Values of the language that JSON has no form for travel as strings, as the proto3 JSON mapping says: an int beyond
±(2^53-1) as its decimal digits, NaN and the infinities by name, bytes as base64, times as text; and so do all keys.
"""

from __future__ import annotations

import json
from json import encoder as _encoder
from json.encoder import encode_basestring
from re import compile as compile_pattern

from .errors import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

MAX_SAFE = 2**53 - 1  # the largest int that every JSON reader keeps exactly


def _as_text(value: object) -> str:
    """The JSON string of bytes, a timestamp or a duration. Raises TypeError for anything else."""
    if isinstance(value, bytes):
        from binascii import b2a_base64

        return b2a_base64(value, newline=False).decode("ascii")
    if hasattr(value, "cel_text"):
        return str(value.cel_text())
    raise TypeError(f"a {type(value).__name__} is not a JSON value")


def _fast_encoder() -> Callable[[object, int], Iterable[str]]:
    """The C encoder without the per-call set-up of json.dumps, or what stands in for it on other interpreters."""
    c_make_encoder = getattr(_encoder, "c_make_encoder", None)
    if c_make_encoder is not None:
        return c_make_encoder(None, _as_text, encode_basestring, None, ":", ",", True, False, True)  # type: ignore[no-any-return]
    slow = json.JSONEncoder(
        ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False, default=_as_text
    )
    return lambda value, _: slow.iterencode(value)


_chunks = _fast_encoder()
# Python prints 1.0, 1e+16 and 1e-05 where the RFC wants 1, 10000000000000000 and 0.00001, and all digits of an int;
# keys that are ints it sorts by their value.
_unlike_number = compile_pattern(r"[0-9](?:\.0\b|e[-+]|[0-9]{15}|(?<=[\"-][0-9])[0-9]*\":)").search


def canonical(value: object) -> str:
    """The canonical text of a value (None, bool, int, float, str, bytes, times, list, tuple, dict by str, int or bool).

    Raises Failure validation for anything else, for lone surrogates and for values nested too deeply.
    """
    kind = value.__class__
    if kind is int and -MAX_SAFE <= value <= MAX_SAFE:  # type: ignore[operator]
        return str(value)
    try:
        text = "".join(_chunks(value, 0))
        if _unlike_number(text) or "NaN" in text or "Infinity" in text or not (text.isascii() or _is_basic(text)):
            parts: list[str] = []
            _walk(value, parts.append)
            text = "".join(parts)
    except RecursionError:
        raise Failure("validation", "the value is nested too deeply or contains itself") from None
    except (TypeError, ValueError) as error:
        raise Failure("validation", f"the value cannot be stored as JSON: {error}") from None
    return text


def _is_basic(text: str) -> bool:
    """Whether all characters are valid and one UTF-16 unit long; else keys may sort differently as code points."""
    try:
        return len(text.encode("utf-16-le")) == 2 * len(text)
    except UnicodeEncodeError:
        return False


def _walk(value: object, put: Callable[[str], None]) -> None:
    if value is None:
        put("null")
    elif isinstance(value, str):
        put(_string(value))
    elif isinstance(value, bool):
        put("true" if value else "false")
    elif isinstance(value, int):
        put(int.__repr__(value) if -MAX_SAFE <= value <= MAX_SAFE else f'"{int.__repr__(value)}"')
    elif isinstance(value, float):
        put(number(value))
    elif isinstance(value, dict):
        _walk_dict(value, put)
    elif isinstance(value, (list, tuple)):
        separator = "["
        for item in value:
            put(separator)
            _walk(item, put)
            separator = ","
        put("]" if value else "[]")
    else:
        put(_string(_as_text(value)))


def _key(key: object) -> str:
    if isinstance(key, str):
        return key
    if isinstance(key, bool):
        return "true" if key else "false"
    if isinstance(key, int):
        return int.__repr__(key)
    raise TypeError(f"a {type(key).__name__} is not a JSON key")


def _walk_dict(value: dict[object, object], put: Callable[[str], None]) -> None:
    if not all(isinstance(key, str) for key in value):
        value = {_key(key): item for key, item in value.items()}
    separator = "{"
    plain = "".join(map(str, value)).isascii()
    for key in sorted(value, key=str if plain else _utf16):
        put(separator)
        put(_string(key))
        put(":")
        _walk(value[key], put)
        separator = ","
    put("}" if value else "{}")


def _utf16(key: object) -> bytes:
    # big-endian bytes compare as the 16-bit units do; a lone surrogate passes here and is refused by _string
    return str(key).encode("utf-16-be", "surrogatepass")


def _string(value: object) -> str:
    text = str(value)
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise ValueError(f"a string has a lone surrogate at position {error.start}") from None
    return encode_basestring(text)


def number(value: float) -> str:
    """A float as ECMAScript prints it; NaN and the infinities as JSON strings."""
    if value != value:
        return '"NaN"'
    if value in (_INFINITY, -_INFINITY):
        return '"Infinity"' if value > 0 else '"-Infinity"'
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = float.__repr__(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = fraction.rstrip("0")
    point = len(whole) + int(exponent or 0)  # position of the decimal point, counted from the first digit
    digits = whole + fraction
    significant = digits.lstrip("0")
    point -= len(digits) - len(significant)
    return sign + _place(significant.rstrip("0"), point)


def _place(digits: str, point: int) -> str:
    count = len(digits)
    if count <= point <= 21:
        return digits + "0" * (point - count)
    if 0 < point <= 21:
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"0.{'0' * -point}{digits}"
    exponent = point - 1
    head = digits if count == 1 else f"{digits[0]}.{digits[1:]}"
    return f"{head}e{'+' if exponent > 0 else '-'}{abs(exponent)}"


_INFINITY = float("inf")


def parse(text: str | bytes, what: str = "the input") -> object:
    """The value of a JSON text; raises Failure validation, with line and column where there is one."""
    try:
        if isinstance(text, bytes):
            text = text.decode().removeprefix("\ufeff")
        value: object = json.loads(text)
        text.encode()
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Failure("validation", f"{what} is not JSON: {error.msg} ({where})") from None
    except UnicodeError:
        raise Failure("validation", f"{what} is not UTF-8 text") from None
    except RecursionError:
        raise Failure("validation", f"{what} is nested too deeply") from None
    except ValueError as error:
        raise Failure("validation", f"{what} cannot be read: {error}") from None
    return value


def recorded(text: str) -> Any:
    """The value of a canonical text; more digits than an int may have can only be a float there."""
    return json.loads(text, parse_int=_recorded_int) if _unlike_number(text) else json.loads(text)


def _recorded_int(digits: str) -> int | float:
    value = int(digits)
    return value if -MAX_SAFE <= value <= MAX_SAFE else float(digits)
