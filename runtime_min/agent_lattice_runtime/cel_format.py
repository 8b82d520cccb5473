"""`format` of the `strings` extension of CEL: `"%s has %d items".format([name, count])`."""

from __future__ import annotations

import math

from .cel import CelError, is_number, kind
from .cel_convert import to_string

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MOST_DIGITS = 1000


def formatted(form: Any, values: Any) -> str:
    """The text with every clause replaced by the next value. A value too many is ignored, one too few an error."""
    if not isinstance(form, str) or not isinstance(values, list):
        raise CelError(f"no such overload: format({kind(form)}, {kind(values)})")
    made: list[str] = []
    at = used = 0
    while (sign := form.find("%", at)) >= 0:
        made.append(form[at:sign])
        precision, letter, at = _clause(form, sign + 1)
        if letter == "%":
            made.append("%")
            continue
        if used >= len(values):
            raise CelError(f"index {used} out of range")
        made.append(_shown(letter, precision, values[used]))
        used += 1
    return "".join([*made, form[at:]])


def _clause(form: str, at: int) -> tuple[int | None, str, int]:
    """The precision, the letter and the place behind the clause that begins at a place."""
    precision = None
    if form[at : at + 1] == ".":
        start = at = at + 1
        while form[at : at + 1].isascii() and form[at : at + 1].isdigit():
            at += 1
        if not start < at <= start + 6:
            raise CelError("unable to convert precision specifier to integer")
        precision = int(form[start:at])
        if precision > _MOST_DIGITS:
            raise CelError(f"precision specifier exceeds maximum of {_MOST_DIGITS}")
    if at >= len(form):
        raise CelError("unexpected end of format string")
    if form[at] not in "%sdfebxXo":
        raise CelError(f'unrecognized formatting clause "{form[at]}"')
    return precision, form[at], at + 1


def _shown(letter: str, precision: int | None, value: Any) -> str:
    if letter == "s":
        return _text(value)
    if letter in "fe" or (letter == "d" and type(value) is float):
        return _real("f" if letter == "d" else letter, 6 if precision is None else precision, value)
    if letter == "b" and isinstance(value, bool):
        return "1" if value else "0"
    if letter in "xX" and isinstance(value, (str, bytes)):
        digits = (value if isinstance(value, bytes) else value.encode("utf-8")).hex()
        return digits.upper() if letter == "X" else digits
    if isinstance(value, int) and not isinstance(value, bool):
        return format(int(value), letter)
    raise CelError(f"no formatting clause %{letter} for {kind(value)}")


def _real(letter: str, precision: int, value: Any) -> str:
    if not is_number(value):
        raise CelError(f"no formatting clause %{letter} for {kind(value)}")
    return format(float(value), f".{precision}{letter}") if math.isfinite(value) else to_string(float(value))


def _text(value: Any) -> str:
    """Text of any value; lists and maps (by their keys) are walked with a stack, so that no depth is too deep."""
    made: list[str] = []
    waiting: list[tuple[bool, Any]] = [(False, value)]
    while waiting:
        fixed, found = waiting.pop()
        if fixed:
            made.append(found)
        elif isinstance(found, (list, dict)):
            waiting.extend(reversed(_inside(found)))
        else:
            made.append(_scalar(found))
    return "".join(made)


def _scalar(value: Any) -> str:
    if value is None:
        return "null"
    if kind(value) == "type":
        return repr(value)
    text = to_string(value)
    return f"{text[:-1].rstrip('0')}Z" if kind(value) == "google.protobuf.Timestamp" and "." in text else text


def _inside(value: Any) -> list[tuple[bool, Any]]:
    """A container as fixed text and the values in between."""
    is_list = isinstance(value, list)
    made: list[tuple[bool, Any]] = [(True, "[" if is_list else "{")]
    for place, item in enumerate(value if is_list else sorted(value, key=to_string)):
        made.append((True, ", " if place else ""))
        made += [(False, item)] if is_list else [(False, item), (True, ": "), (False, value[item])]
    return [*made, (True, "]" if is_list else "}")]
