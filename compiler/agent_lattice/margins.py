"""What a source says beside its tree: comments and blank lines, in order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from agent_lattice.records import record
from agent_lattice.tree import Comment

_SPACE = " \t\n"


@record
class Note:
    """A comment; `trailing`: behind something on its line, `blank`: below an empty line."""

    text: str
    trailing: bool
    blank: bool


class Margins:
    """The comments of a source, each taken once."""

    def __init__(self, text: str, comments: Iterable[Comment]) -> None:
        self._text = text
        self._comments = list(comments)
        self._next = 0

    def take(self, end: int | None) -> Iterator[Note]:
        """The comments not yet taken that start before `end`."""
        while self._next < len(self._comments) and (end is None or self._comments[self._next].span.start < end):
            comment = self._comments[self._next]
            self._next += 1
            before = self._before(comment.span.start)
            trailing = "\n" not in before and len(before) < comment.span.start
            yield Note(comment.text, trailing, before.count("\n") > 1)

    def has_comment(self, start: int, end: int) -> bool:
        """Whether the next comment stands in there. Those before `start` are taken."""
        return self._next < len(self._comments) and start <= self._comments[self._next].span.start < end

    def blank(self, at: int) -> bool:
        """Whether there is an empty line right before a place."""
        return self._before(at).count("\n") > 1

    def verbatim(self, start: int, end: int, indent: int) -> list[str]:
        """The source from `start` to `end` as it is, moved to `indent` unless a long string could be in it; its comments are taken."""
        for _ in self.take(end):
            pass
        text = self._text[start:end]
        first, *others = text.split("\n")
        if not re.search(r"\"{3}|'{3}", text):
            line = self._text[self._text.rfind("\n", 0, start) + 1 : start + 1]
            first, others = first.rstrip(), list(_moved(others, indent - _width(line)))
        return [" " * indent + first, *others]

    def _before(self, at: int) -> str:
        """The white space before a place."""
        start = at
        while start > 0 and self._text[start - 1] in _SPACE:
            start -= 1
        return self._text[start:at]


def _moved(lines: Iterable[str], by: int) -> Iterator[str]:
    """The lines further right or left, never with two empty ones in a row."""
    empty = False
    for line in lines:
        text = line.strip()
        if text or not empty:
            yield " " * max(0, _width(line) + by) + text if text else ""
        empty = not text


def _width(line: str) -> int:
    """The columns of white space that a line starts with."""
    expanded = line.expandtabs(2)
    return len(expanded) - len(expanded.lstrip(" "))
