"""A source text and places in it. Offsets count characters of the normalised text (LF line ends, no BOM)."""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from typing import NamedTuple


def decoded(content: bytes) -> str:
    """The text of a file as everything here sees it: LF line ends, no byte order mark, what is not UTF-8 replaced."""
    return normalised(content.decode("utf-8", errors="replace"))


def normalised(text: str) -> str:
    """A text with LF line ends and without byte order mark."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


class Source:
    """One source text under the name it is shown by (a relative POSIX path; never absolute, so that outputs do not depend on the place)."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = normalised(text)

    def __repr__(self) -> str:
        return f"Source({self.name!r})"

    @cached_property
    def _line_starts(self) -> list[int]:
        starts = [0]
        starts.extend(at + 1 for at, char in enumerate(self.text) if char == "\n")
        return starts

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both from 1."""
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a line (from 1), without its end."""
        start = self._line_starts[number - 1]
        end = self.text.find("\n", start)
        return self.text[start:] if end < 0 else self.text[start:end]

    @property
    def end(self) -> Span:
        """The empty span after the last character."""
        return Span(self, len(self.text), len(self.text))


class Span(NamedTuple):
    """Characters `start` (included) to `end` (excluded) of a source."""

    source: Source
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]

    @property
    def place(self) -> str:
        """`file:line:column` of the start."""
        line, column = self.source.position(self.start)
        return f"{self.source.name}:{line}:{column}"

    @property
    def head(self) -> Span:
        """The part on the first line, without the brace that opens there: what a statement is, without what is in it."""
        return Span(self.source, self.start, self.start + len(self.text.partition("\n")[0].rstrip(" \t\r{")))

    def to(self, other: Span) -> Span:
        """From the start of this span to the end of `other`."""
        return Span(self.source, self.start, other.end)

    def after(self) -> Span:
        """The empty span right behind this one: where a fix inserts."""
        return Span(self.source, self.end, self.end)

    def before(self) -> Span:
        """The empty span right before this one."""
        return Span(self.source, self.start, self.start)


NOWHERE = Span(Source("<built-in>", ""), 0, 0)
