"""What the macros with two variables go through: places and items of a list, keys and values of a map."""

from __future__ import annotations

from .cel import CelError, all_, exists, in_order, kind, mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any


def pairs(value: Any) -> list[tuple[Any, Any]]:
    """The pairs of a value of any type; those of a map in the order of its keys."""
    if isinstance(value, list):
        return list(enumerate(value))
    if isinstance(value, dict):
        return [(key, value[key]) for key in in_order(value)]
    raise CelError(f"no such overload: <range>({kind(value)})")


def every(over: Iterable[tuple[Any, Any]], holds: Callable[[Any, Any], Any]) -> bool:
    """The macro `all` with two variables: an `&&` over the pairs."""
    return all_(over, lambda pair: holds(*pair))


def some(over: Iterable[tuple[Any, Any]], holds: Callable[[Any, Any], Any]) -> bool:
    """The macro `exists` with two variables: an `||` over the pairs."""
    return exists(over, lambda pair: holds(*pair))


def merged(entries: Iterable[dict[Any, Any]]) -> dict[Any, Any]:
    """One map of many; a key that occurs twice is an error."""
    return mapping(*(pair for entry in entries for pair in entry.items()))
