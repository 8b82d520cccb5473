"""Values in columns, for people."""

from __future__ import annotations

from ..canonical import canonical
from ..differences import shortened
from ..progress import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST = 100  # characters of a value


def cell(value: object) -> str:
    """A value as it fits into a column."""
    return shortened(canonical(value), _LONGEST)


def table(rows: Iterable[tuple[str, ...]], indent: str = "") -> list[str]:
    """Lines with columns side by side; only the last is as wide as it likes."""
    shown = [tuple(printable(text) for text in row) for row in rows]
    count = max((len(row) for row in shown), default=0)
    widths = [max((len(row[place]) for row in shown if len(row) > place + 1), default=0) for place in range(count)]
    return [
        indent + "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=False)).rstrip()
        for row in shown
    ]
