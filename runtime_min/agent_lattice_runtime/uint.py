"""Unsigned ints as values: ints that know what they are, so that `type(x)`, `format` and arithmetic can tell."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MOST = 2**64 - 1


class Uint(int):
    """A uint, from 0 to 2^64-1. It equals, orders and hashes as the int of the same value, and is one for everybody else."""

    __slots__ = ()

    cel_kind = "uint"
    cel_ordered = True

    def cel_calc(self, operator: str, other: Any) -> Any:
        """Arithmetic with a value of any type; raises CelError."""
        from .cel_uint import calc

        return calc(self, operator, other)

    def plain(self) -> int:
        """For Python's own library."""
        return int(self)
