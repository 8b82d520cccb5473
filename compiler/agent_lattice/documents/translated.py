"""The text that a document stands for, and where in the document each part of it comes from."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from agent_lattice.documents.data import Group, Leaf, Member, Note
from agent_lattice.records import record
from agent_lattice.source import Source, Span


@record(frozen=False)
class Mark:
    """A value of the document in the text. `places`: where each of its characters begins there, and where the last ends."""

    start: int
    end: int
    leaf: Leaf
    sort: str
    places: Sequence[int]


@record(frozen=False)
class Extent:
    """A member of the document in the text; `span` shows it in the document."""

    start: int
    end: int
    span: Span
    parent: int


class Translated(Source):
    """The canonical text of a document under the document's name. Its lines are those of the document."""

    def __init__(self, origin: Source, written: Written) -> None:
        super().__init__(origin.name, written.text)
        self.origin = origin
        self.marks = written.marks
        self.extents = written.extents
        self._mark_starts = [mark.start for mark in written.marks]
        self._extent_starts = [extent.start for extent in written.extents]

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column in the document."""
        return self.origin.position(self.place(offset, offset).start)

    def mark_at(self, start: int, end: int) -> Mark | None:
        """The value that a part of the text lies in."""
        at = bisect_right(self._mark_starts, start) - 1
        if at < 0 or not self.marks[at].start <= start <= end <= self.marks[at].end:
            return None
        return self.marks[at]

    def place(self, start: int, end: int) -> Span:
        """Where a part of the text stands in the document: a part of a value, or the key of the innermost member around it."""
        mark = self.mark_at(start, end)
        if mark is not None:
            return within(mark, start, end)
        at = bisect_right(self._extent_starts, start) - 1
        while at >= 0 and self.extents[at].end < end:
            at = self.extents[at].parent
        return self.extents[at].span if at >= 0 else Span(self.origin, 0, 0)

    def shown(self, span: Span) -> Span:
        """A span of this text as one of the document."""
        return self.place(span.start, span.end)


def within(mark: Mark, start: int, end: int) -> Span:
    """A part of a value in the document, as exactly as its characters are known."""
    leaf, span = mark.leaf, mark.leaf.span
    if not leaf.places or len(leaf.places) != len(mark.places):
        return span
    first = max(0, bisect_right(mark.places, start) - 1)
    last = min(bisect_right(mark.places, max(start, end - 1)), len(mark.places) - 1) if end > start else first
    if start < mark.places[0] or (start, end) == (mark.start, mark.end):
        return span
    return Span(span.source, leaf.places[first], max(leaf.places[last], leaf.places[first]))


_CLOSING = frozenset({",", ")", "]", "}", "{"})
"""What may still stand before a comment at the end of a line."""


class Written:
    """A text that is being written, token by token, with marks and extents."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.length = 0
        self.depth = 0
        self.marks: list[Mark] = []
        self.extents: list[Extent] = []
        self._parent = -1
        self._fresh = True
        self._pending: list[str] = []
        self._loose: list[int] = []
        """Parts since the last token that are comments and look like documentation."""
        self._begun: dict[int, Member] = {}

    @property
    def text(self) -> str:
        return "".join(self.parts)

    def word(self, text: str) -> None:
        """A keyword or sign."""
        if text == "}":
            self.depth -= 1
        if self._pending and text not in _CLOSING:
            self.line()
        self._put(text, space=text != ",")
        if text == "{":
            self.depth += 1

    def value(self, text: str, leaf: Leaf, sort: str, places: Sequence[int] | None = None) -> None:
        """A value; `places` are offsets in `text`, one for one unless given."""
        if self._pending:
            self.line()
        start = self._put(text)
        own = [start + place for place in places] if places is not None else range(start, start + len(text) + 1)
        self.marks.append(Mark(start, start + len(text), leaf, sort, own))
        if sort in ("expr", "type") and "//" in text.rpartition("\n")[2]:
            self.line()

    def line(self) -> None:
        """The end of a line, with the comments that wait for it."""
        for note in self._pending:
            self._comment(f"{'' if self._fresh else '  '}//{note}\n")
            self._fresh = True
        if not self._fresh:
            self._add("\n")
        self._pending = []
        self._fresh = True

    def blank(self) -> None:
        self.line()
        self._add("\n")

    def note(self, text: str) -> None:
        """A comment on a line of its own."""
        self.line()
        self._comment(f"//{text}\n")

    def notes(self, group: Group) -> None:
        """The comments at the end of a group."""
        self._own_lines(group.last)

    def _own_lines(self, notes: Sequence[Note]) -> None:
        for note in notes:
            if note.blank:
                self.blank()
            self.note(note.text)

    def doc(self, text: str) -> None:
        """Documentation of what is written next."""
        self.line()
        for line in text.replace("\r", "\n").split("\n"):
            self._add(f"/// {line}".rstrip() + "\n")

    def documentable(self) -> None:
        """What is written next may have documentation: comments before it that look like some, and are none, get another look."""
        for at in self._loose:
            self.parts[at] = self.parts[at].replace("///", "// ", 1)
        self._pending = [f" {text[1:]}" if text.startswith("/") else text for text in self._pending]

    @contextmanager
    def member(self, member: Member) -> Iterator[None]:
        """What is written meanwhile is a member: with the comments before and behind it. Those behind the key of a group with lines
        of its own come first."""
        self.before(member)
        self.extents.append(Extent(self.length, self.length, shown_place(member), self._parent))
        number = self._parent = len(self.extents) - 1
        value = member.value
        opened = isinstance(value, Group) and not value.flow and bool(value.members)
        if member.behind is not None and opened:
            self._pending.append(member.behind)
        yield
        if member.behind is not None and not opened:
            self._pending.append(member.behind)
        self.extents[number].end = self.length
        self._parent = self.extents[number].parent

    def before(self, member: Member) -> None:
        """The comments before a member, and its empty line; once, also if that is before what else belongs to the member."""
        if id(member) in self._begun:
            return
        self._begun[id(member)] = member
        self._own_lines(member.notes)
        if member.blank:
            self.blank()

    def _put(self, text: str, space: bool = True) -> int:
        if not self._fresh and space:
            self._add(" ")
        self._fresh = False
        self._loose.clear()
        start = self.length
        self._add(text)
        return start

    def _comment(self, text: str) -> None:
        if text.lstrip().startswith("///"):
            self._loose.append(len(self.parts))
        self._add(text)

    def _add(self, text: str) -> None:
        self.parts.append(text)
        self.length += len(text)


def shown_place(member: Member) -> Span:
    """Where a member is shown: its key; that of the one entry of an item; the value itself."""
    if member.key is not None:
        return member.key.span
    value = member.value
    if isinstance(value, Group) and value.members:
        return shown_place(value.members[0])
    return value.span
