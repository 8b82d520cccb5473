"""Where characters stand on a terminal: tabs, wide, combining and dangerous ones."""

from __future__ import annotations

TAB = 4
MOST = 160
"""Characters of a line that are shown; longer ones are cut around the place of interest."""
_BEFORE = 50
_HIDDEN = frozenset([*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF, 0x061C])
"""Characters that reorder or hide the text around them, so that a reader would see another program."""


def visible(text: str) -> str:
    """The text without characters that steer a terminal or deceive a reader; line ends stay."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if char == "\n" else _cell(char)[0] for char in text)


def _cell(char: str) -> tuple[str, int]:
    """What stands for a character, and how many columns it takes."""
    code = ord(char)
    if 0x20 <= code < 0x7F:
        return char, 1
    if char == "\t":
        return " " * TAB, TAB
    if code < 0x20 or code == 0x7F:
        return chr(0x2421 if code == 0x7F else 0x2400 + code), 1
    if code < 0xA0 or code in _HIDDEN or 0xD800 <= code < 0xE000 or code in (0x2028, 0x2029):
        return "\ufffd", 1
    return char, _width(char)


def _width(char: str) -> int:
    import unicodedata

    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


class Line:
    """A line of source as it is shown: `text`, and for character indexes of the source line their columns, from 0."""

    __slots__ = ("_columns", "_start", "text")

    def __init__(self, source_line: str, around: int = 0) -> None:
        start = max(0, min(around - _BEFORE, len(source_line) - MOST)) if len(source_line) > MOST else 0
        part = source_line[start : start + MOST]
        shown = ["…"] if start else []
        column = len(shown)
        self._start = start
        self._columns = [column]
        for char in part:
            cell, width = _cell(char)
            shown.append(cell)
            column += width
            self._columns.append(column)
        cut = start + MOST < len(source_line)
        self.text = "".join(shown) + ("…" if cut else "")

    def columns(self, start: int, end: int) -> tuple[int, int]:
        """First column and the one behind the last of the characters `start` to `end`; never empty.

        Characters outside the part that is shown count as standing at its edge.
        """
        left, right = self._column(start), self._column(end)
        if right > left:
            return left, right
        inside = 0 <= start - self._start < len(self._columns) - 1
        if inside and end > start and left > 0:
            left -= 1  # a combining character stands on the one before it
        return left, left + 1

    def _column(self, index: int) -> int:
        return self._columns[max(0, min(index - self._start, len(self._columns) - 1))]
