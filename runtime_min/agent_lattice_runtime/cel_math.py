"""The `math` extension of CEL."""

from __future__ import annotations

import math

from .cel import CelError, is_number, kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_LOWEST = -(2**63)
_MASK = 2**64 - 1


def _number(value: Any, function: str) -> Any:
    if is_number(value):
        return value
    raise CelError(f"no such overload: math.{function}({kind(value)})")


def _most(value: Any, function: str, choose: Callable[[list[Any]], Any]) -> Any:
    if not isinstance(value, list):
        return _number(value, function)
    if not value:
        raise CelError(f"math.{function} of an empty list")
    return choose([_number(item, function) for item in value])


def greatest(value: Any) -> Any:
    """The greatest number of a list; of equal ones the first."""
    return _most(value, "greatest", max)


def least(value: Any) -> Any:
    """The least number of a list; of equal ones the first."""
    return _most(value, "least", min)


def absolute(value: Any) -> Any:
    """Without its sign; the least int has no such number."""
    if _number(value, "abs") == _LOWEST and type(value) is int:
        raise CelError("integer overflow")
    return type(value)(abs(value))


def sign(value: Any) -> Any:
    """-1, 0 or 1 of the same type; NaN stays NaN."""
    number = _number(value, "sign")
    if number != number:
        return number
    return type(number)((number > 0) - (number < 0))


def whole(value: float, cut: Callable[[float], int]) -> float:
    """A float cut to a whole number; what has no such number stays, and so does the sign of zero."""
    return math.copysign(float(cut(value)), value) if math.isfinite(value) else value


def ceil(value: float) -> float:
    return whole(value, math.ceil)


def floor(value: float) -> float:
    return whole(value, math.floor)


def trunc(value: float) -> float:
    return whole(value, math.trunc)


def rounded(value: float) -> float:
    """To the nearest whole number, halves away from zero."""
    return whole(value, _nearest)


def _nearest(value: float) -> int:
    low = math.floor(value)
    rest = value - low
    return low + 1 if rest > 0.5 or (rest == 0.5 and value > 0) else low


def is_nan(value: float) -> bool:
    return math.isnan(value)


def is_inf(value: float) -> bool:
    return math.isinf(value)


def is_finite(value: float) -> bool:
    return math.isfinite(value)


def sqrt(value: Any) -> float:
    """The square root; NaN of a negative number."""
    number = _number(value, "sqrt")
    return math.sqrt(number) if number >= 0 else math.nan


def _signed(bits: int) -> int:
    bits &= _MASK
    return bits - 2**64 if bits >= 2**63 else bits


def shift_left(value: int, places: int) -> int:
    """Bits shifted to the left; those beyond 64 are lost, also the sign."""
    return _signed(value << _places("bitShiftLeft", places)) if places < 64 else 0


def shift_right(value: int, places: int) -> int:
    """Bits shifted to the right; zeros come in, also for the sign."""
    return _signed((value & _MASK) >> _places("bitShiftRight", places)) if places < 64 else 0


def _places(function: str, places: int) -> int:
    if places < 0:
        raise CelError(f"math.{function}() invalid negative shift: {places}")
    return places
