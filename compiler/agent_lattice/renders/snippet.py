"""A piece of source with marks under it: carets, labels, and bars beside spans of several lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from agent_lattice.renders.columns import Line, visible
from agent_lattice.renders.paint import Paint
from agent_lattice.source import Span

_MOST_BARS = 4
_WHOLE = 4
"""Lines up to which a span is shown whole; of longer ones the first and the last."""


class Mark:
    """A span to point at with `sign`, in a style; the style of the main one is its severity.

    `first` and `last` are its lines, from 1; `start` is an index in the first line and `end`, excluded, one in the last.
    White space at the end of a span is not pointed at.
    """

    __slots__ = ("end", "first", "label", "last", "sign", "span", "start", "style")

    def __init__(self, span: Span, label: str, style: str, sign: str) -> None:
        self.span = span
        self.label = label
        self.style = style
        self.sign = sign
        text = span.text
        used = len(text.rstrip()) or (0 if "\n" in text else len(text))
        self.first, column = span.source.position(span.start)
        self.last, after = span.source.position(span.start + used)
        self.start, self.end = column - 1, after - 1

    @property
    def tall(self) -> bool:
        return self.last > self.first


class _Row:
    """One row of characters, each in its style."""

    def __init__(self) -> None:
        self.chars: list[str] = []
        self.styles: list[str] = []

    def put(self, column: int, text: str, style: str) -> None:
        end = column + len(text)
        missing = end - len(self.chars)
        self.chars.extend(" " * missing)
        self.styles.extend([""] * missing)
        self.chars[column:end] = text
        self.styles[column:end] = [style] * len(text)

    def painted(self, paint: Paint) -> str:
        parts, at = [], 0
        while at < len(self.chars):
            style, start = self.styles[at], at
            while at < len(self.chars) and self.styles[at] == style:
                at += 1
            parts.append(paint(style, "".join(self.chars[start:at])))
        return "".join(parts).rstrip()


class Snippet:
    """Marks of one source, drawn under its lines."""

    def __init__(self, marks: Iterable[Mark], paint: Paint) -> None:
        self.marks = sorted(marks, key=lambda mark: (mark.span.start, mark.span.end))
        self.bars = _lanes([mark for mark in self.marks if mark.tall])
        self.shift = 2 * len({lane for lane, _ in self.bars})
        self.paint = paint
        self.source = self.marks[0].span.source

    @property
    def last_line(self) -> int:
        """The highest line number that is shown."""
        return max(mark.last for mark in self.marks)

    def rows(self, width: int) -> Iterator[str]:
        """The rows behind a gutter of `width` digits."""
        gutter = self.paint("gutter", " " * width + " |")
        yield gutter
        before = 0
        for number in self._lines():
            if before and number > before + 1:
                yield self.paint("gutter", "...") if number > before + 2 else self._line(number - 1, width)
            yield self._line(number, width)
            for row in self._below(number):
                yield f"{gutter} {row}"
            before = number

    def _lines(self) -> list[int]:
        wanted: set[int] = set()
        for mark in self.marks:
            wanted |= {mark.first, mark.last}
            if mark.last - mark.first < _WHOLE:
                wanted |= set(range(mark.first, mark.last))
        return sorted(wanted)

    def _text(self, number: int) -> Line:
        here = [mark for mark in self.marks if number in (mark.first, mark.last)]
        main = max(here, key=lambda mark: mark.sign == "^", default=None)
        around = 0 if main is None else main.start if main.first == number else main.end
        return Line(self.source.line(number), around)

    def _line(self, number: int, width: int) -> str:
        row = _Row()
        self._put_bars(row, number, corner="/")
        row.put(self.shift, self._text(number).text, "")
        return f"{self.paint('gutter', f'{number:>{width}} |')} {row.painted(self.paint)}".rstrip()

    def _put_bars(self, row: _Row, number: int, *, corner: str = "|", closed: int = 0) -> None:
        """The bars of spans that go on at this line, without the first `closed` of those that end here."""
        for index, (lane, mark) in enumerate(self.bars):
            if mark.first < number < mark.last or (number == mark.last and index >= closed):
                row.put(2 * lane, "|", mark.style)
            elif number == mark.first and self._opens_line(mark):
                row.put(2 * lane, corner, mark.style)

    def _opens_line(self, mark: Mark) -> bool:
        return not self.source.line(mark.first)[: mark.start].strip()

    def _below(self, number: int) -> Iterator[str]:
        """Rows of carets and labels under a line."""
        line = self._text(number)
        tall = {id(mark) for _, mark in self.bars}
        flat = [mark for mark in self.marks if mark.first == number and id(mark) not in tall]
        for row in _underlines(flat, line, self.shift):
            self._put_bars(row, number)
            yield row.painted(self.paint)
        for index, (_, mark) in enumerate(self.bars):
            if mark.first == number and not self._opens_line(mark):
                yield self._corner(number, index, line.columns(mark.start, mark.start + 1)[0], " ", "")
        for index, (_, mark) in enumerate(self.bars):
            if mark.last == number:
                column = line.columns(max(mark.end - 1, 0), max(mark.end, 1))[1] - 1
                yield self._corner(number, index, column, "|", mark.label)

    def _corner(self, number: int, index: int, column: int, bar: str, label: str) -> str:
        """The row that joins a bar with the first or last character of its span."""
        (lane, mark), row = self.bars[index], _Row()
        self._put_bars(row, number, closed=index if bar == "|" else 0)
        at = self.shift + column
        row.put(2 * lane, bar + "_" * (at - 2 * lane - 1) + mark.sign, mark.style)
        if label:
            row.put(at + 2, _one_line(label), mark.style)
        return row.painted(self.paint)


def _lanes(tall: list[Mark]) -> list[tuple[int, Mark]]:
    """Spans of several lines with the column of their bar: the leftmost that is free, for the first few of them."""
    free_after: list[int] = []
    placed = []
    for mark in tall:
        lane = next((lane for lane, last in enumerate(free_after) if last < mark.first), len(free_after))
        if lane == _MOST_BARS:
            continue
        free_after[lane : lane + 1] = [mark.last]
        placed.append((lane, mark))
    return placed


def _underlines(marks: list[Mark], line: Line, shift: int) -> list[_Row]:
    """Carets in one row; the label of the last mark beside them, the other labels hanging below, from right to left."""
    if not marks:
        return []
    placed = [(*_columns(mark, line, shift), mark) for mark in marks]
    carets = _Row()
    for left, right, mark in sorted(placed, key=lambda place: place[2].sign == "^"):
        carets.put(left, mark.sign * (right - left), mark.style)
    labelled = sorted((place for place in placed if place[2].label), key=lambda place: (-place[0], -place[1]))
    furthest = max(right for _, right, _ in placed)
    if labelled and labelled[0][1] == furthest:
        _, right, mark = labelled.pop(0)
        carets.put(right + 1, _one_line(mark.label), mark.style)
    return [carets, *_hanging(labelled)]


def _hanging(labelled: list[tuple[int, int, Mark]]) -> list[_Row]:
    rows = [_connectors(labelled)] if labelled else []
    for index, (left, _, mark) in enumerate(labelled):
        row = _connectors([place for place in labelled[index + 1 :] if place[0] < left])
        row.put(left, _one_line(mark.label), mark.style)
        rows.append(row)
    return rows


def _connectors(places: list[tuple[int, int, Mark]]) -> _Row:
    row = _Row()
    for left, _, mark in places:
        row.put(left, "|", mark.style)
    return row


def _columns(mark: Mark, line: Line, shift: int) -> tuple[int, int]:
    end = mark.end if not mark.tall else len(mark.span.source.line(mark.first))
    left, right = line.columns(mark.start, end)
    return left + shift, right + shift


def _one_line(text: str) -> str:
    return visible(" ".join(text.split("\n")))
