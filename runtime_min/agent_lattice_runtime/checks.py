"""What generated validators do with a value that is not simply right: decode its wire form, or say what is wrong.

Every function takes (value, path, errors), appends each problem as "$.a.b[2]: expected string, found int" and returns
the decoded value, or something of the right type that nobody will see.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from typing import Any, TypeVar

    Kind = TypeVar("Kind")

LOWEST = -(2**63)
HIGHEST = 2**63 - 1
MAX_SAFE = 2**53 - 1
DEEPEST = 200  # levels of a record that contains itself

_NAMES = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


class _Absent:
    """Stands for a field that is not there."""

    __slots__ = ()


ABSENT = _Absent()


def kind(value: object) -> str:
    """The name of a value's type for a message."""
    names = {bool: "bool", int: "int", float: "float", str: "string", list: "list", dict: "object"}
    name = names.get(type(value), type(value).__name__.lower())
    return "null" if value is None else name


def expected(what: str, value: object, path: str, errors: list[str]) -> None:
    """Report a value of the wrong type, or a missing one."""
    errors.append(
        f"{path}: missing, expected {what}" if value is ABSENT else f"{path}: expected {what}, found {kind(value)}"
    )


def text(value: object, path: str, errors: list[str]) -> str:
    """A string without lone surrogates."""
    if not isinstance(value, str):
        expected("string", value, path, errors)
        return ""
    try:
        value.encode()
    except UnicodeEncodeError as error:
        errors.append(f"{path}: the string has a lone surrogate at position {error.start}")
        return ""
    return str.__str__(value)


def boolean(value: object, path: str, errors: list[str]) -> bool:
    if value is True or value is False:
        return value
    expected("bool", value, path, errors)
    return False


def integer(value: object, path: str, errors: list[str]) -> int:
    """A 64-bit int; one beyond ±(2^53-1) may come as its decimal digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        if LOWEST <= value <= HIGHEST:
            return int(value)
        errors.append(f"{path}: the int does not fit 64 bits")
        return 0
    if isinstance(value, str):
        digits = value.removeprefix("-")
        if len(digits) < 20 and digits.isascii() and digits.isdigit() and digits[0] != "0":
            number = int(value)
            if LOWEST <= number <= HIGHEST and abs(number) > MAX_SAFE:
                return number
    expected("int", value, path, errors)
    return 0


def number(value: object, path: str, errors: list[str]) -> float:
    """A float; a JSON integer counts, and the names of the values that JSON has no number for."""
    if isinstance(value, float):
        return float(value)
    if isinstance(value, int) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            errors.append(f"{path}: the number does not fit a float")
            return 0.0
    if isinstance(value, str) and value in _NAMES:
        return _NAMES[value]
    expected("float", value, path, errors)
    return 0.0


def null(value: object, path: str, errors: list[str]) -> Any:
    if value is not None:
        expected("null", value, path, errors)
    return None


def choice(value: object, choices: tuple[Any, ...], path: str, errors: list[str]) -> Any:
    """One of some strings, ints and bools; true is not 1."""
    for candidate in choices:
        if type(candidate) is type(value) and candidate == value:
            return candidate
    shown = " or ".join(map(_shown, choices))
    if (isinstance(value, str) and len(value) <= 40) or type(value) in (int, bool):
        errors.append(f"{path}: expected {shown}, found {_shown(value)}")
    else:
        expected(shown, value, path, errors)
    return choices[0]


def _shown(value: object) -> str:
    from json import dumps

    return dumps(value)


def items(value: object, path: str, errors: list[str]) -> list[Any]:
    """A list, not yet its items."""
    if isinstance(value, (list, tuple)):
        return list(value)
    expected("list", value, path, errors)
    return []


def entries(value: object, path: str, errors: list[str]) -> dict[str, Any]:
    """A map, not yet its values; keys are strings, in alphabetical order: a recorded map has lost its own."""
    if not isinstance(value, dict):
        expected("object", value, path, errors)
        return {}
    for key in value:
        if not isinstance(key, str):
            errors.append(f"{path}: expected string keys, found {kind(key)}")
            return {}
        if not key.isascii():
            text(key, f"{path}: key {key!r}", errors)
    return {key: value[key] for key in sorted(value)}


def no_record(name: str, value: object, path: str, errors: list[str]) -> Any:
    """Report a value that is no object where a record is expected, or one that is nested too deeply."""
    if isinstance(value, dict):
        return too_nested(path, errors)
    expected(f"{name} (an object)", value, path, errors)
    return {}


def too_nested(path: str, errors: list[str]) -> Any:
    """Report a value that is nested too deeply."""
    errors.append(f"{path[:40]}…: nested deeper than {DEEPEST} levels")
    return {}


def unknown(value: Iterable[object], fields: Collection[str], path: str, errors: list[str]) -> None:
    """Report the fields that a record does not have."""
    for key in value:
        if key not in fields:
            errors.append(
                f"{path}.{key}: unknown field" if isinstance(key, str) else f"{path}: field names are strings"
            )


def anything(value: object, path: str, errors: list[str]) -> object:
    """Any JSON value, in the form that it has on the wire: so it is the same before and after it was recorded."""
    from .canonical import canonical, recorded
    from .errors import Failure

    if value is ABSENT:
        expected("a value", value, path, errors)
        return None
    try:
        return recorded(canonical(value))
    except Failure as failure:
        errors.append(f"{path}: {failure.message}")
        return None


def no_member(name: str, value: object, path: str, errors: list[str]) -> Any:
    """Report a value that is of no member of a union."""
    expected(name, value, path, errors)


def no_kind(value: dict[Any, Any], field: str, known: Iterable[Any], path: str, errors: list[str]) -> Any:
    """Report an object whose field tells no record of a union."""
    choice(value.get(field, ABSENT), tuple(known), f"{path}.{field}", errors)


def safe(value: int, path: str, errors: list[str]) -> int:
    """An int beside strings in a union: one beyond ±(2^53-1) would come back as one of them."""
    if not -MAX_SAFE <= value <= MAX_SAFE:
        errors.append(f"{path}: an int beyond ±(2^53-1) cannot be told from a string here")
    return value


def finite(value: float, path: str, errors: list[str]) -> float:
    """A float beside strings in a union: NaN and the infinities would come back as one of them."""
    if value - value != 0:
        errors.append(f"{path}: {value} cannot be told from a string here")
    return value


def fitting(value: object, check: Callable[[object, str, list[str]], Kind]) -> tuple[Kind] | None:
    """The value as the type of a validator, alone in a tuple; None when it is of another type."""
    errors: list[str] = []
    made = check(value, "$", errors)
    return None if errors else (made,)


def narrowed(value: object, check: Callable[[object, str, list[str]], Kind], name: str) -> Kind:
    """The value as what it has to be. Raises Failure validation when it is something else."""
    errors: list[str] = []
    made = check(value, "$", errors)
    if errors:
        from .errors import Failure

        raise Failure("validation", f"{name} is not what it has to be: {'; '.join(errors[:10])}")
    return made


def too_deep(path: str) -> bool:
    """Whether a record that contains itself stands more than DEEPEST levels deep."""
    return path.count(".") + path.count("[") > DEEPEST


def at_least(value: Any, least: float, path: str, errors: list[str]) -> None:
    if not value >= least:
        errors.append(f"{path}: expected at least {least}, found {value}")


def at_most(value: Any, most: float, path: str, errors: list[str]) -> None:
    if not value <= most:
        errors.append(f"{path}: expected at most {most}, found {value}")


def long_enough(value: Any, least: float, path: str, errors: list[str]) -> None:
    if len(value) < least:
        errors.append(f"{path}: expected at least {least} {_parts(value)}, found {len(value)}")


def short_enough(value: Any, most: float, path: str, errors: list[str]) -> None:
    if len(value) > most:
        errors.append(f"{path}: expected at most {most} {_parts(value)}, found {len(value)}")


def _parts(value: object) -> str:
    if isinstance(value, (str, bytes)):
        return "characters" if isinstance(value, str) else "bytes"
    return "items" if isinstance(value, list) else "entries"


def fits(value: str, pattern: str, path: str, errors: list[str]) -> None:
    """A string in which an RE2 pattern occurs."""
    from .patterns import compiled

    if not compiled(pattern).search(value):
        errors.append(f"{path}: does not match the pattern {pattern}")
