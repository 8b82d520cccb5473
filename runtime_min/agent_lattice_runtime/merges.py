"""What becomes of a variable with a merge policy when the branches or items that changed their copies of it have ended.

Copies come in the order of the branches in the source, or of the items: the outcome does not depend on which was faster.
A copy is what a branch left in the variable; for `last` and `agreed` it is the list of all values that the branch set.
"""

from __future__ import annotations

from .cel import CelError
from .errors import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, AnyStr, TypeVar

    Item = TypeVar("Item")
    Value = TypeVar("Value")
    Ordered = TypeVar("Ordered", bound=Any)

_LOWEST, _HIGHEST = -(2**63), 2**63 - 1


def sum_ints(before: int, copies: Iterable[int]) -> int:
    """What was there and what each branch has added to it; raises CelError when that is more than 64 bits hold."""
    found = before + sum(copy - before for copy in copies)
    if _LOWEST <= found <= _HIGHEST:
        return found
    raise CelError("integer overflow")


def sum_floats(before: float, copies: Iterable[float]) -> float:
    """What was there and what each branch has added to it, in their order."""
    found = before
    for copy in copies:
        found += copy - before
    return found


def append_lists(name: str, before: list[Item], copies: Iterable[list[Item]]) -> list[Item]:
    """What was there and what each branch has put behind it; raises Failure conflict when one did something else."""
    found = list(before)
    for copy in copies:
        if copy[: len(before)] != before:
            raise _not_appended(name)
        found += copy[len(before) :]
    return found


def append_texts(name: str, before: AnyStr, copies: Iterable[AnyStr]) -> AnyStr:
    """The same with texts or bytes."""
    found = before
    for copy in copies:
        if not copy.startswith(before):
            raise _not_appended(name)
        found += copy[len(before) :]
    return found


def _not_appended(name: str) -> Failure:
    return Failure("conflict", f"`{name}` is merged by append, and a branch did not keep what it held before")


def greatest(before: Ordered, copies: Iterable[Ordered]) -> Ordered:
    """The greatest of what was there and what the branches left; NaN is never greater."""
    for copy in copies:
        if copy > before:
            before = copy
    return before


def last(before: Value, copies: Iterable[list[Value]]) -> Value:
    """What the last branch that set it has set last; what was there when none did."""
    for copy in copies:
        before = copy[-1] if copy else before
    return before


def agreed(name: str, before: Value, copies: Iterable[list[Value]]) -> Value:
    """The value that every branch which set it has left; raises Failure conflict when two have left different ones."""
    found = [copy[-1] for copy in copies if copy]
    if not all(_same(value, found[0]) for value in found[1:]):
        raise Failure("conflict", f"`{name}` is merged by reject, and two branches left different values")
    return found[0] if found else before


def _same(one: object, other: object) -> bool:
    """Whether two values are the same: of one type, and NaN is NaN."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return type(one) is type(other) and (one == other or (one != one and other != other))
