"""The arithmetic of unsigned ints of CEL: within 64 bits, or an error."""

from __future__ import annotations

from .cel import CelError, kind, no_overload
from .uint import MOST, Uint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def uint(value: int) -> Uint:
    """A number as a uint. Raises CelError when it is none."""
    if 0 <= value <= MOST:
        return Uint(value)
    raise CelError("unsigned integer overflow")


def add(first: int, *rest: int) -> Uint:
    for number in rest:
        first = uint(first + number)
    return Uint(first)


def sub(first: int, *rest: int) -> Uint:
    for number in rest:
        first = uint(first - number)
    return Uint(first)


def mul(first: int, *rest: int) -> Uint:
    for number in rest:
        first = uint(first * number)
    return Uint(first)


def div(first: int, *rest: int) -> Uint:
    for number in rest:
        if number == 0:
            raise CelError("divide by zero")
        first //= number
    return Uint(first)


def mod(first: int, *rest: int) -> Uint:
    for number in rest:
        if number == 0:
            raise CelError("modulus by zero")
        first %= number
    return Uint(first)


_OPERATIONS = {"+": add, "-": sub, "*": mul, "/": div, "%": mod}


def calc(left: Uint, operator: str, right: Any) -> Uint:
    """Arithmetic with a value of any type."""
    if type(right) is not Uint:
        no_overload(f"_{operator}_", left, right)
    return _OPERATIONS[operator](left, right)


def as_uint(value: Any) -> Uint:
    if type(value) is Uint:
        return value
    raise CelError(f"expected uint, found {kind(value)}")


def bit_not(value: int) -> Uint:
    return Uint(MOST - value)


def shift_left(value: int, places: int) -> Uint:
    """Bits shifted to the left; those beyond 64 are lost."""
    return Uint((value << _places("bitShiftLeft", places)) & MOST) if places < 64 else Uint(0)


def shift_right(value: int, places: int) -> Uint:
    return Uint(value >> _places("bitShiftRight", places)) if places < 64 else Uint(0)


def _places(function: str, places: int) -> int:
    if places < 0:
        raise CelError(f"math.{function}() invalid negative shift: {places}")
    return places
