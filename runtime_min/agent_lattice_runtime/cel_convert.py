"""The conversions of CEL: `int(x)`, `uint(x)`, `double(x)`, `bool(x)`, `string(x)`; and what a value is in a text."""

from __future__ import annotations

from .cel import HIGHEST, LOWEST, CelError, fit, no_overload

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .uint import Uint


def to_int(value: Any) -> int:
    """`int(value)`: a double is cut toward zero, a string is a decimal number."""
    if isinstance(value, int) and not isinstance(value, bool):
        return fit(int(value))
    if type(value) is float:
        if not float(LOWEST) < value < float(HIGHEST):
            raise CelError("double out of int range")
        return int(value)
    if hasattr(value, "cel_seconds"):
        return int(value.cel_seconds())
    if not isinstance(value, str):
        no_overload("int", value)
    number = _whole(value, value[1:] if value[:1] in ("+", "-") else value, "int")
    return fit(-number if value[0] == "-" else number)


def _whole(value: str, digits: str, sort: str) -> int:
    """The number of decimal digits, or one beyond every limit when there are too many; `value` is for the message."""
    if not (digits.isascii() and digits.isdigit()):
        raise CelError(f"cannot convert string to {sort}: {shown(value)}")
    digits = digits.lstrip("0") or "0"
    return int(digits) if len(digits) <= 20 else 10**20


def to_uint(value: Any) -> Uint:
    """`uint(value)`: a double is cut toward zero, a string is a decimal number."""
    from .uint import MOST, Uint

    if isinstance(value, str):
        value = _whole(value, value, "uint")
    elif isinstance(value, bool) or not isinstance(value, (int, float)):
        no_overload("uint", value)
    if not 0 <= value <= MOST or (type(value) is float and value > 1.8446744073709550e19):
        raise CelError("unsigned integer overflow")
    return Uint(value)


def to_double(value: Any) -> float:
    """`double(value)`: a string is a decimal number, `NaN` or `Infinity`."""
    if type(value) is float:
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, str):
        no_overload("double", value)
    named = value.lower().lstrip("+-") in ("nan", "inf", "infinity")
    if value.strip("0123456789+-.eE") and not named:
        raise CelError(f"cannot convert string to double: {shown(value)}")
    try:
        number = float(value)
    except ValueError:
        raise CelError(f"cannot convert string to double: {shown(value)}") from None
    if number in (float("inf"), float("-inf")) and not named:
        raise CelError(f"number out of double range: {shown(value)}")
    return number


def to_bool(value: Any) -> bool:
    """`bool(value)`."""
    if isinstance(value, bool):
        return value
    if not isinstance(value, str):
        no_overload("bool", value)
    if value in ("1", "t", "true", "TRUE", "True"):
        return True
    if value in ("0", "f", "false", "FALSE", "False"):
        return False
    raise CelError(f"cannot convert string to bool: {shown(value)}")


def to_string(value: Any) -> str:
    """`string(value)`: bytes are read as UTF-8, a double prints as in JSON (1.0 as `1`), with `NaN`, `Infinity` and `-Infinity`."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, bytes):
        return _decoded(value)
    if hasattr(value, "cel_text"):
        return str(value.cel_text())
    if not isinstance(value, float):
        no_overload("string", value)
    from .canonical import number

    return number(value).strip('"')


def _decoded(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        raise CelError("invalid UTF-8 in bytes, which cannot be converted to string") from None


def text(value: Any) -> str:
    """A value in a template: a string as it is, anything else as in JSON; null is an error."""
    if value is None:
        raise CelError("null has no text")
    if isinstance(value, str):
        return value
    made = json_text(value)
    return made if isinstance(value, (list, dict)) else made.strip('"')


def json_text(value: Any) -> str:
    """A value in a template, as JSON whatever it is."""
    from .canonical import canonical
    from .errors import Failure

    try:
        return canonical(value)
    except Failure as failure:
        raise CelError(failure.message) from None


def shown(value: str) -> str:
    """A string for a message: quoted, and shortened when long."""
    from .cel_strings import quote

    return quote(value if len(value) <= 60 else f"{value[:57]}...")
