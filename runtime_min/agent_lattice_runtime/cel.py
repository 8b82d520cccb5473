"""The operations of CEL that plain Python does not have: overflow, errors instead of exceptions, absorbed errors.

Generated code calls these where an operation can fail or means something else in Python. Values are None, bool, int
(64 bits), float, str, bytes, list and dict, whose keys are str, int or bool; and what says its kind by an attribute
`cel_kind`: unsigned ints, times, types, optional values. Nothing but CelError comes out of them.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, NoReturn

LOWEST = -(2**63)
HIGHEST = 2**63 - 1


class CelError(Exception):
    """Evaluating an expression failed: overflow, a missing key, a wrong type known only now."""

    failure_class = "validation"


def kind(value: object) -> str:
    """The name of a value's type in the language."""
    if value is None:
        return "null"
    names = {bool: "bool", int: "int", float: "double", str: "string", bytes: "bytes", list: "list", dict: "map"}
    return names.get(type(value)) or str(getattr(value, "cel_kind", type(value).__name__))


def no_overload(operation: str, *values: object) -> NoReturn:
    raise CelError(f"no such overload: {operation}({', '.join(map(kind, values))})")


def fit(value: int) -> int:
    if LOWEST <= value <= HIGHEST:
        return value
    raise CelError("integer overflow")


def add(first: int, *rest: int) -> int:
    for number in rest:
        first = fit(first + number)
    return first


def sub(first: int, *rest: int) -> int:
    for number in rest:
        first = fit(first - number)
    return first


def mul(first: int, *rest: int) -> int:
    for number in rest:
        first = fit(first * number)
    return first


def div(first: int, *rest: int) -> int:
    """Rounds toward zero."""
    for number in rest:
        if number == 0:
            raise CelError("divide by zero")
        quotient = abs(first) // abs(number)
        first = fit(quotient if (first < 0) == (number < 0) else -quotient)
    return first


def mod(first: int, *rest: int) -> int:
    """Has the sign of the left operand."""
    for number in rest:
        if number == 0:
            raise CelError("modulus by zero")
        if first == LOWEST and number == -1:
            raise CelError("integer overflow")
        remainder = abs(first) % abs(number)
        first = -remainder if first < 0 else remainder
    return first


def neg(number: int) -> int:
    return fit(-number)


def divide(first: float, *rest: float) -> float:
    """IEEE 754 division: by zero gives an infinity or NaN."""
    for number in rest:
        if number:
            first = first / number
        elif first != first or first == 0:
            first = float("nan")
        else:
            first = float("inf") if (first > 0) == (not str(number).startswith("-")) else float("-inf")
    return first


_INT = {"+": add, "-": sub, "*": mul, "/": div, "%": mod}


def calc(first: Any, *rest: Any) -> Any:
    """Arithmetic on values of any type, left to right: `calc(a, "+", b, "-", c)`."""
    for operator, value in zip(rest[::2], rest[1::2], strict=True):
        first = _calc(operator, first, value)
    return first


def _calc(operator: str, left: Any, right: Any) -> Any:
    sort = type(left)
    if hasattr(left, "cel_calc"):
        return left.cel_calc(operator, right)
    if sort is not type(right):
        no_overload(f"_{operator}_", left, right)
    if sort is int:
        return _INT[operator](left, right)
    if sort is float and operator != "%":
        return _float(operator, left, right)
    if operator == "+" and sort in (str, bytes, list):
        return left + right
    no_overload(f"_{operator}_", left, right)


def _float(operator: str, left: float, right: float) -> float:
    if operator == "/":
        return divide(left, right)
    return left + right if operator == "+" else left - right if operator == "-" else left * right


def minus(value: Any) -> Any:
    """`-value`, of a value of any type."""
    if type(value) is int:
        return neg(value)
    if type(value) is float:
        return -value
    no_overload("-_", value)


def equals(left: object, right: object) -> bool:
    """Equality of any two values: int and double by their number, NaN unlike itself, different types unequal."""
    waiting = [(left, right)]
    while waiting:
        a, b = waiting.pop()
        if isinstance(a, list) and isinstance(b, list):
            if len(a) != len(b):
                return False
            waiting.extend(zip(a, b, strict=True))
        elif isinstance(a, dict) and isinstance(b, dict):
            if a.keys() != b.keys() or _bools(a) != _bools(b):
                return False
            waiting.extend((value, b[key]) for key, value in a.items())
        elif isinstance(a, bool) is not isinstance(b, bool) or a != b:
            return False
    return True


def _bools(entries: dict[Any, Any]) -> list[bool]:
    """The bools among the keys of a map: Python takes true for 1."""
    return [truth for truth in (False, True) if truth in entries and any(key is truth for key in entries)]


def is_number(value: object) -> bool:
    """Whether a value is an int, uint or double."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def compare(operator: str, left: Any, right: Any) -> bool:
    """`< <= > >=` of two values of any type: two numbers, strings, bools, bytes or times."""
    ordered = type(left) in (str, bool, bytes) or hasattr(left, "cel_ordered")
    if not (is_number(left) and is_number(right)) and not (type(left) is type(right) and ordered):
        no_overload(f"_{operator}_", left, right)
    if operator in ("<", "<="):
        return bool(left < right if operator == "<" else left <= right)
    return bool(left > right if operator == ">" else left >= right)


def contains(container: Any, value: object) -> bool:
    """`value in container`, of a list or a map."""
    if isinstance(container, list):
        return any(equals(item, value) for item in container)
    if not isinstance(container, dict) or isinstance(value, (list, dict)) or value is None:
        no_overload("@in", value, container)
    return holds_key(container, value)


def holds_key(entries: dict[Any, Any], key: Any) -> bool:
    """Whether a map has a key: a number of any kind is the same key, true is not 1."""
    if isinstance(key, bool):
        return key in _bools(entries)
    return (
        isinstance(key, (str, int, float)) and key in entries and not (key in (0, 1) and bool(key) in _bools(entries))
    )


def item(items: list[Any], index: int) -> Any:
    """`items[index]`."""
    if 0 <= index < len(items):
        return items[index]
    raise CelError(f"index out of bounds: {index}")


def entry(entries: dict[Any, Any], key: Any) -> Any:
    """`entries[key]` or `entries.key`."""
    try:
        return entries[key]
    except KeyError:
        raise _no_key(key) from None


def _no_key(key: object) -> CelError:
    return CelError(f"no such key: {str(key).lower() if isinstance(key, bool) else key}")


def at(container: Any, key: Any) -> Any:
    """`container[key]`, of a value of any type."""
    if isinstance(container, list):
        if is_number(key) and key == key // 1:
            return item(container, int(key))
    elif isinstance(container, dict) and not isinstance(key, (list, dict)) and key is not None:
        if holds_key(container, key):
            return container[key]
        raise _no_key(key)
    no_overload("_[_]", container, key)


def field(value: Any, name: str) -> Any:
    """`value.name`, of a value of any type."""
    if isinstance(value, dict):
        return entry(value, name)
    raise CelError(f"a {kind(value)} has no field `{name}`")


def has(value: Any, name: str) -> bool:
    """`has(value.name)`, of a value of any type."""
    if isinstance(value, dict):
        return name in value
    raise CelError(f"a {kind(value)} has no field `{name}`")


def and_(*operands: Callable[[], Any]) -> bool:
    """`&&`: false when any operand is, whatever the others do; else the first error, if any."""
    return _decide(operands, False)


def or_(*operands: Callable[[], Any]) -> bool:
    """`||`: true when any operand is, whatever the others do; else the first error, if any."""
    return _decide(operands, True)


def _decide(operands: Iterable[Callable[[], Any]], decisive: bool) -> bool:
    failure: CelError | None = None
    for operand in operands:
        try:
            value = as_bool(operand())
        except CelError as error:
            failure = failure or error
        else:
            if value is decisive:
                return decisive
    if failure is not None:
        raise failure
    return not decisive


def all_(items: Iterable[Any], holds: Callable[[Any], Any]) -> bool:
    """The macro `all`: an `&&` over the items."""
    return _decide(map(_deferred(holds), items), False)


def exists(items: Iterable[Any], holds: Callable[[Any], Any]) -> bool:
    """The macro `exists`: an `||` over the items."""
    return _decide(map(_deferred(holds), items), True)


def _deferred(holds: Callable[[Any], Any]) -> Callable[[Any], Callable[[], Any]]:
    return lambda item: lambda: holds(item)


def elements(value: Any) -> list[Any]:
    """What a macro goes through: the items of a list, the keys of a map in their order."""
    if isinstance(value, list):
        return value
    return in_order(value) if isinstance(value, dict) else no_overload("<range>", value)


def in_order(entries: dict[Any, Any]) -> list[Any]:
    """The keys of a map in ascending order; where they are of several types, strings come last."""
    return sorted(entries, key=lambda key: (isinstance(key, str), key))


def mapping(*pairs: tuple[Any, Any]) -> dict[Any, Any]:
    """A map literal; a key that occurs twice is an error, and so is one that is no string, int, uint or bool."""
    made: dict[Any, Any] = {}
    for key, value in pairs:
        if not isinstance(key, (str, int)):
            raise CelError(f"unsupported key type: {kind(key)}")
        if key in made:
            raise CelError(
                f"duplicate key: {key}" if holds_key(made, key) else "a map cannot have both true and 1 as keys"
            )
        made[key] = value
    return made


def _expect(value: Any, sort: type, name: str) -> Any:
    return value if type(value) is sort else _wrong_type(value, name)


def _wrong_type(value: object, name: str) -> NoReturn:
    raise CelError(f"expected {name}, found {kind(value)}")


def as_bool(value: Any) -> bool:
    return value if value is True or value is False else _wrong_type(value, "bool")


def as_int(value: Any) -> int:
    return _expect(value, int, "int")  # type: ignore[no-any-return]


def as_double(value: Any) -> float:
    return _expect(value, float, "double")  # type: ignore[no-any-return]


def as_string(value: Any) -> str:
    return _expect(value, str, "string")  # type: ignore[no-any-return]


def as_strings(value: Any) -> list[str]:
    if not isinstance(value, list):
        _wrong_type(value, "list of strings")
    return [as_string(item) for item in value]


def size(value: Any) -> int:
    """`size(value)`, of a value of any type; a string counts its code points, bytes are counted."""
    return len(value) if isinstance(value, (str, bytes, list, dict)) else no_overload("size", value)
