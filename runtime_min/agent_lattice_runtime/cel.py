"""The operations of CEL that plain Python does not have: overflow, errors instead of exceptions, absorbed errors.

Generated code calls these where an operation can fail or means something else in Python. Values are None, bool, int
(64 bits), float, str, bytes, list and dict with str keys. Nothing but CelError comes out of them.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, NoReturn

_LOWEST = -(2**63)
_HIGHEST = 2**63 - 1


class CelError(Exception):
    """Evaluating an expression failed: overflow, a missing key, a wrong type known only now."""

    failure_class = "validation"


def kind(value: object) -> str:
    """The name of a value's type in the language."""
    if value is None:
        return "null"
    names = {bool: "bool", int: "int", float: "double", str: "string", bytes: "bytes", list: "list", dict: "map"}
    return names.get(type(value)) or str(getattr(value, "cel_kind", type(value).__name__))


def _no_overload(operation: str, *values: object) -> NoReturn:
    raise CelError(f"no such overload: {operation}({', '.join(map(kind, values))})")


def _fit(value: int) -> int:
    if _LOWEST <= value <= _HIGHEST:
        return value
    raise CelError("integer overflow")


def add(first: int, *rest: int) -> int:
    for number in rest:
        first = _fit(first + number)
    return first


def sub(first: int, *rest: int) -> int:
    for number in rest:
        first = _fit(first - number)
    return first


def mul(first: int, *rest: int) -> int:
    for number in rest:
        first = _fit(first * number)
    return first


def div(first: int, *rest: int) -> int:
    """Rounds toward zero."""
    for number in rest:
        if number == 0:
            raise CelError("divide by zero")
        quotient = abs(first) // abs(number)
        first = _fit(quotient if (first < 0) == (number < 0) else -quotient)
    return first


def mod(first: int, *rest: int) -> int:
    """Has the sign of the left operand."""
    for number in rest:
        if number == 0:
            raise CelError("modulus by zero")
        if first == _LOWEST and number == -1:
            raise CelError("integer overflow")
        remainder = abs(first) % abs(number)
        first = -remainder if first < 0 else remainder
    return first


def neg(number: int) -> int:
    return _fit(-number)


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
        _no_overload(f"_{operator}_", left, right)
    if sort is int:
        return _INT[operator](left, right)
    if sort is float and operator != "%":
        return _float(operator, left, right)
    if operator == "+" and sort in (str, bytes, list):
        return left + right
    _no_overload(f"_{operator}_", left, right)


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
    _no_overload("-_", value)


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
            if a.keys() != b.keys():
                return False
            waiting.extend((value, b[key]) for key, value in a.items())
        elif isinstance(a, bool) is not isinstance(b, bool) or a != b:
            return False
    return True


def compare(operator: str, left: Any, right: Any) -> bool:
    """`< <= > >=` of two values of any type: two numbers, strings, bools or bytes."""
    sorts = {type(left), type(right)}
    comparable = sorts <= {int, float} or sorts in ({str}, {bool}, {bytes})
    comparable = comparable or (len(sorts) == 1 and hasattr(left, "cel_ordered"))
    if not comparable:
        _no_overload(f"_{operator}_", left, right)
    if operator in ("<", "<="):
        return bool(left < right if operator == "<" else left <= right)
    return bool(left > right if operator == ">" else left >= right)


def contains(container: Any, value: object) -> bool:
    """`value in container`, of a list or a map."""
    if isinstance(container, list):
        return any(equals(item, value) for item in container)
    if not isinstance(container, dict) or isinstance(value, (list, dict)) or value is None:
        _no_overload("@in", value, container)
    return isinstance(value, str) and value in container


def item(items: list[Any], index: int) -> Any:
    """`items[index]`."""
    if 0 <= index < len(items):
        return items[index]
    raise CelError(f"index out of bounds: {index}")


def entry(entries: dict[str, Any], key: str) -> Any:
    """`entries[key]` or `entries.key`."""
    try:
        return entries[key]
    except KeyError:
        raise CelError(f"no such key: {key}") from None


def at(container: Any, key: Any) -> Any:
    """`container[key]`, of a value of any type."""
    if isinstance(container, list):
        if type(key) is float and key.is_integer():
            key = int(key)
        if type(key) is int:
            return item(container, key)
    elif isinstance(container, dict) and not isinstance(key, (list, dict)) and key is not None:
        if isinstance(key, str):
            return entry(container, key)
        raise CelError(f"no such key: {to_string(key)}")
    _no_overload("_[_]", container, key)


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
    """What a macro goes through: the items of a list, the keys of a map in their order as text."""
    if isinstance(value, list):
        return value
    return sorted(value) if isinstance(value, dict) else _no_overload("<range>", value)


def mapping(*pairs: tuple[Any, Any]) -> dict[str, Any]:
    """A map literal; a key that occurs twice is an error."""
    made: dict[str, Any] = {}
    for key, value in pairs:
        if as_string(key) in made:
            raise CelError(f"duplicate key: {key}")
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


def to_int(value: Any) -> int:
    """`int(value)`: a double is cut toward zero, a string is a decimal number."""
    if type(value) is int:
        return value
    if type(value) is float:
        if not float(_LOWEST) < value < float(_HIGHEST):
            raise CelError("double out of int range")
        return int(value)
    if hasattr(value, "cel_seconds"):
        return int(value.cel_seconds())
    if not isinstance(value, str):
        _no_overload("int", value)
    digits = value[1:] if value[:1] in ("+", "-") else value
    if not (digits.isascii() and digits.isdigit()):
        raise CelError(f"cannot convert string to int: {shown(value)}")
    digits = digits.lstrip("0") or "0"
    number = int(digits) if len(digits) < 20 else 2**64
    return _fit(-number if value[0] == "-" else number)


def to_double(value: Any) -> float:
    """`double(value)`: a string is a decimal number, `NaN` or `Infinity`."""
    if type(value) is int:
        return float(value)
    if type(value) is float:
        return value
    if not isinstance(value, str):
        _no_overload("double", value)
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
        _no_overload("bool", value)
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
        _no_overload("string", value)
    from .canonical import number

    return number(value).strip('"')


def _decoded(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        raise CelError("invalid UTF-8 in bytes, which cannot be converted to string") from None


def text(value: Any) -> str:
    """A value in a template: a scalar as `string(value)`, a list or map as JSON; null is an error."""
    if value is None:
        raise CelError("null has no text")
    if not isinstance(value, (list, dict)):
        return to_string(value)
    from .canonical import canonical
    from .errors import Failure

    try:
        return canonical(value)
    except Failure as failure:
        raise CelError(failure.message) from None


def shown(value: str) -> str:
    """A string for a message: quoted, and shortened when long."""
    return quote(value if len(value) <= 60 else f"{value[:57]}...")


def size(value: Any) -> int:
    """`size(value)`, of a value of any type; a string counts its code points, bytes are counted."""
    return len(value) if isinstance(value, (str, bytes, list, dict)) else _no_overload("size", value)


def _place(index: int, length: int) -> int:
    if 0 <= index <= length:
        return index
    raise CelError(f"index out of range: {index}")


def char_at(value: str, index: int) -> str:
    """The character at an index; empty at the end of the string."""
    return value[_place(index, len(value)) :][:1] if index != len(value) else ""


def index_of(value: str, part: str, start: int = 0) -> int:
    return value.find(part, _place(start, len(value)))


def last_index_of(value: str, part: str, start: int | None = None) -> int:
    """The last place, at or before `start`, where `part` begins; -1 when there is none."""
    if start is None:
        return value.rfind(part)
    return value.rfind(part, 0, min(_place(start, len(value)) + len(part), len(value)))


def substring(value: str, start: int, end: int | None = None) -> str:
    length = len(value)
    last = length if end is None else _place(end, length)
    if _place(start, length) > last:
        raise CelError(f"invalid range: start {start} is behind end {last}")
    return value[start:last]


def replace(value: str, old: str, new: str, count: int = -1) -> str:
    return value.replace(old, new, max(count, -1))


def split(value: str, separator: str, count: int = -1) -> list[str]:
    """At most `count` parts (all when negative); an empty separator splits into characters."""
    if count == 0:
        return []
    if separator:
        return value.split(separator, count - 1 if count > 0 else -1)
    parts = list(value) or [""]
    return parts if not 0 < count < len(parts) else [*parts[: count - 1], "".join(parts[count - 1 :])]


def lower_ascii(value: str) -> str:
    return value.translate({code: code + 32 for code in range(65, 91)})


def upper_ascii(value: str) -> str:
    return value.translate({code: code - 32 for code in range(97, 123)})


_WHITE_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))


def trim(value: str) -> str:
    """Without Unicode white space at both ends."""
    return value.strip(_WHITE_SPACE)


_ESCAPES = {7: "\\a", 8: "\\b", 12: "\\f", 10: "\\n", 13: "\\r", 9: "\\t", 11: "\\v", 92: "\\\\", 34: '\\"'}


def quote(value: str) -> str:
    """In double quotes, with escapes for what would not show."""
    return f'"{value.translate(_ESCAPES)}"'


def matches(value: str, pattern: str) -> bool:
    """Whether the RE2 pattern occurs in the string; takes time linear in its length."""
    from .patterns import PatternError, compiled

    try:
        return compiled(pattern).search(value)
    except PatternError as error:
        raise CelError(f"invalid regular expression: {error}") from None
