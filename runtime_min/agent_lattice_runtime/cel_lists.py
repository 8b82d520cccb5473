"""The `lists` and `sets` extensions of CEL: lists sorted, cut, flattened, without repetition, compared as sets."""

from __future__ import annotations

from .cel import CelError, equals, kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

_MOST_NUMBERS = 1_000_000


def _items(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    raise CelError(f"expected list, found {kind(value)}")


class _Seen:
    """Values by CEL's equality: scalars are looked up by their hash, lists and maps are compared one by one."""

    __slots__ = ("_deep", "_flat")

    def __init__(self, values: Iterable[Any] = ()) -> None:
        self._flat: set[tuple[bool, Any]] = set()
        self._deep: list[Any] = []
        for value in values:
            self.add(value)

    def add(self, value: Any) -> bool:
        """Whether the value was not there yet."""
        if value in self:
            return False
        if isinstance(value, (list, dict)):
            self._deep.append(value)
        else:
            self._flat.add((isinstance(value, bool), value))
        return True

    def __contains__(self, value: Any) -> bool:
        if isinstance(value, (list, dict)):
            return any(equals(value, other) for other in self._deep)
        return value == value and (isinstance(value, bool), value) in self._flat


def distinct(value: Any) -> list[Any]:
    """Every value once, where it comes first."""
    seen = _Seen()
    return [item for item in _items(value) if seen.add(item)]


def flatten(value: Any, depth: Any = 1) -> list[Any]:
    """The lists inside a list unpacked, so many levels deep."""
    if type(depth) is not int:
        raise CelError(f"expected int, found {kind(depth)}")
    if depth < 0:
        raise CelError("level must be non-negative")
    items = _items(value)
    while depth and any(isinstance(item, list) for item in items):
        items = [part for item in items for part in (item if isinstance(item, list) else (item,))]
        depth -= 1
    return items


def numbers(end: int) -> list[int]:
    """The ints from 0 up to but not including `end`; at most a million."""
    if end > _MOST_NUMBERS:
        raise CelError(f"lists.range gives at most {_MOST_NUMBERS} numbers")
    return list(range(end))


def reverse(value: Any) -> Any:
    """A list or string backwards."""
    if isinstance(value, (list, str)):
        return value[::-1]
    raise CelError(f"no such overload: reverse({kind(value)})")


def part(value: Any, start: Any, end: Any) -> list[Any]:
    """The items from `start` up to but not including `end`."""
    items = _items(value)
    for index in (start, end):
        if type(index) is not int:
            raise CelError(f"expected int, found {kind(index)}")
    if not 0 <= start <= end <= len(items):
        raise CelError(f"cannot slice({start}, {end}) of {len(items)} items")
    return items[start:end]


_ORDERED = (int, float, str, bool, bytes)


def sort(value: Any) -> list[Any]:
    """A list in ascending order; its items are all of one type that has an order."""
    return sort_by(value, lambda item: item)


def sort_by(value: Any, key: Callable[[Any], Any]) -> list[Any]:
    """A list in ascending order of what `key` gives for each item; equal ones stay as they were."""
    items = _items(value)
    keys = [key(item) for item in items]
    sorts = {type(found) for found in keys}
    if len(sorts) > 1:
        raise CelError("list elements must have the same type")
    if not all(sort in _ORDERED or hasattr(sort, "cel_ordered") for sort in sorts):
        raise CelError(f"list elements must be comparable: {kind(keys[0])} has no order")
    return [items[place] for place in sorted(range(len(items)), key=keys.__getitem__)]


def contains(value: Any, others: Any) -> bool:
    """Whether every one of the others is in the list."""
    seen = _Seen(_items(value))
    return all(other in seen for other in _items(others))


def intersects(value: Any, others: Any) -> bool:
    """Whether one of the others is in the list."""
    seen = _Seen(_items(value))
    return any(other in seen for other in _items(others))


def equivalent(value: Any, others: Any) -> bool:
    """Whether each of two lists has every value of the other."""
    return contains(value, others) and contains(others, value)
