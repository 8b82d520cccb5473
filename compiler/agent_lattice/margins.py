"""What a source says beside its tree, comments and blank lines in order; and comments put between the items of lists."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from agent_lattice.layout import Chained, Doc, Hanging, Listed, Row, Spread
from agent_lattice.records import record, replace
from agent_lattice.tree import Comment

_SPACE = " \t\n"


@record
class Note:
    """A comment that starts `at` a place; `trailing`: behind something on its line, `blank`: below an empty line."""

    text: str
    at: int
    trailing: bool
    blank: bool


class Margins:
    """The comments of a source, each taken once."""

    def __init__(self, text: str, comments: Iterable[Comment]) -> None:
        self._text = text
        self._comments = list(comments)
        self._starts = [comment.span.start for comment in self._comments]
        self._next = 0

    def take(self, end: int | None) -> list[Note]:
        """The comments not yet taken that start before `end`; None: all of them."""
        notes = self.ahead(end)
        self._next += len(notes)
        return notes

    def ahead(self, end: int | None) -> list[Note]:
        """The comments that `take` would give."""
        stop = None if end is None else bisect_left(self._starts, end)
        return [self._note(comment) for comment in self._comments[self._next : stop]]

    def _note(self, comment: Comment) -> Note:
        at = comment.span.start
        before = self._before(at)
        return Note(comment.text, at, "\n" not in before and len(before) < at, before.count("\n") > 1)

    def blank(self, at: int) -> bool:
        """Whether there is an empty line right before a place."""
        return self._before(at).count("\n") > 1

    def verbatim(self, start: int, end: int, indent: int) -> list[str]:
        """The source from `start` to `end` as it is, moved to `indent` unless a long string could be in it."""
        text = self._text[start:end]
        first, *others = text.split("\n")
        if not re.search(r"\"{3}|'{3}", text):
            line = self._text[self._text.rfind("\n", 0, start) + 1 : start + 1]
            first, others = first.rstrip(), list(_moved(others, indent - _width(line)))
        return [" " * indent + first, *others]

    def _before(self, at: int) -> str:
        """The white space before a place."""
        start = min(at, len(self._text))
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


def with_notes(doc: Doc, notes: Sequence[Note]) -> Doc | None:
    """The doc with comments between the items of its lists; None when one stands elsewhere."""
    placing = _Placing(notes)
    made = placing.doc(doc)
    return made if placing.placed == len(notes) else None


class _Placing:
    """Puts comments, in source order, into the lists that hold them."""

    def __init__(self, notes: Sequence[Note]) -> None:
        self.notes = notes
        self.starts = [note.at for note in notes]
        self.placed = 0

    def doc(self, doc: Doc) -> Doc:
        match doc:
            case str() | Spread():
                return doc
            case tuple():
                return tuple(map(self.doc, doc))
            case Chained(first, rest):
                return Chained(self.doc(first), tuple((operator, self.doc(operand)) for operator, operand in rest))
            case Hanging(items):
                return Hanging(tuple(map(self.doc, items)))
            case Listed(items=items):
                own = list(self._between(doc))
                self.placed += len(own)
                made = replace(doc, items=tuple(map(self.doc, items)))
                return Spread(doc.opening, tuple(_rows(made, own)), doc.closing) if own else made

    def _between(self, doc: Listed) -> Iterator[Note]:
        """The comments between the brackets of a list, but in none of its items."""
        starts = [place.start for place in doc.places]
        for note in self.notes[bisect_left(self.starts, doc.span.start) : bisect_left(self.starts, doc.span.end)]:
            at = bisect_right(starts, note.at)
            if at == 0 or note.at >= doc.places[at - 1].end:
                yield note


def _rows(doc: Listed, notes: Sequence[Note]) -> Iterator[Row]:
    """The items and the comments between them; a comment behind an item stays on its line."""
    ends = [*(place.start for place in doc.places[1:]), doc.span.end]
    waiting = deque(notes)
    for at, (item, place) in enumerate(zip(doc.items, doc.places, strict=True)):
        while waiting and waiting[0].at < place.start:
            yield Row("", "", waiting.popleft().text)
        sign = "," if doc.comma or at < len(doc.items) - 1 else ""
        behind = waiting and waiting[0].trailing and waiting[0].at < ends[at]
        yield Row(item, sign, waiting.popleft().text if behind else "")
    yield from (Row("", "", note.text) for note in waiting)
