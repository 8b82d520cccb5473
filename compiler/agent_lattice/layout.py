"""Text that knows where it may be broken, and how it is put on lines of at most `WIDTH` columns.

What fits stays on one line. Else the outermost break is taken first: the items of a list get a line to themselves, or one
each if that is too long; a chain of operators gets a line for each operand.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from agent_lattice.records import record
from agent_lattice.source import NOWHERE, Span

WIDTH = 100
STEP = 2
"""Columns of a level of indentation."""
_NEVER = "\0"


@record
class Listed:
    """Items between brackets: `(a, b)`. `comma`: whether one may stand behind the last item.

    `places` are those of the items in the source, `span` holds the brackets too: for comments between the items.
    """

    opening: str
    items: tuple[Doc, ...]
    closing: str
    pad: str = ""
    comma: bool = True
    places: tuple[Span, ...] = ()
    span: Span = NOWHERE


@record
class Row:
    """A line of a `Spread`: an item with the sign behind it, or nothing, and a comment, or none."""

    item: Doc
    sign: str
    note: str


@record
class Spread:
    """A list with comments between its items: each on a line."""

    opening: str
    rows: tuple[Row, ...]
    closing: str


@record
class Chained:
    """`first`, then operators with their operands: `a && b`."""

    first: Doc
    rest: tuple[tuple[str, Doc], ...]


@record
class Hanging:
    """What follows a sign, without brackets: ` a, b`."""

    items: tuple[Doc, ...]


Doc = str | tuple["Doc", ...] | Listed | Chained | Hanging | Spread
"""Text, or parts one behind the other."""


def joined(items: Iterable[Doc], between: str) -> tuple[Doc, ...]:
    """The items with a text between them."""
    return tuple(part for item in items for part in (between, item))[1:]


def flat(doc: Doc) -> str:
    """All on one line, with `_NEVER` for what cannot be on one."""
    match doc:
        case str():
            return doc
        case tuple():
            return "".join(map(flat, doc))
        case Listed(opening, items, closing, pad):
            return f"{opening}{pad}{', '.join(map(flat, items))}{pad}{closing}" if items else opening + closing
        case Chained(first, rest):
            return flat(first) + "".join(f" {operator} {flat(operand)}" for operator, operand in rest)
        case Hanging(items):
            return " " + ", ".join(map(flat, items))
        case Spread():
            return _NEVER


def lay_out(doc: Doc, indent: int, column: int, tail: int = 0) -> str:
    """The text of a doc that starts at `column` of a line indented by `indent`; `tail` columns must fit behind it."""
    text = flat(doc)
    if isinstance(doc, str) or (column + _first_line(text) + tail <= WIDTH and _NEVER not in text):
        return text
    match doc:
        case tuple():
            return _parts(doc, indent, column, tail)
        case Listed():
            return _list(doc, indent)
        case Chained():
            return _chain(doc, indent, column, tail)
        case Hanging(items):
            return "".join(_items(items, indent + STEP, comma=False))
        case Spread(opening, rows, closing):
            return "".join((opening, *(_row(row, indent + STEP) for row in rows), f"\n{' ' * indent}{closing}"))


def _first_line(text: str) -> int:
    """The width of a text up to its first line end."""
    at = text.find("\n")
    return len(text) if at < 0 else at


def _parts(parts: Sequence[Doc], indent: int, column: int, tail: int) -> str:
    tails = [tail]
    for part in reversed(parts[1:]):
        width, breaks = _reach(part)
        tails.append(width if breaks else width + tails[-1])
    made: list[str] = []
    for part, behind in zip(parts, reversed(tails), strict=True):
        made.append(lay_out(part, indent, column, behind))
        column = _column(column, made[-1])
    return "".join(made)


def _column(column: int, text: str) -> int:
    """Where a text ends that starts at `column`."""
    at = text.rfind("\n")
    return column + len(text) if at < 0 else len(text) - at - 1


def _reach(doc: Doc) -> tuple[int, bool]:
    """The columns up to the first place where a doc can be broken, and whether there is one."""
    match doc:
        case str():
            return _first_line(doc), "\n" in doc
        case tuple():
            width = 0
            for part in doc:
                more, breaks = _reach(part)
                width += more
                if breaks:
                    return width, True
            return width, False
        case Listed(opening, items, closing):
            return (len(opening), True) if items else (len(opening + closing), False)
        case Chained(first, _):
            return _reach(first)[0], True
        case Hanging():
            return 0, True
        case Spread(opening):
            return len(opening), True


def _list(doc: Listed, indent: int) -> str:
    """All items on a line of their own, or if they do not fit there each on one."""
    if not doc.items:
        return flat(doc)
    inner = indent + STEP
    together = ", ".join(map(flat, doc.items))
    if inner + len(together) <= WIDTH and "\n" not in together and _NEVER not in together:
        lines = f"\n{' ' * inner}{together}"
    else:
        lines = "".join(_items(doc.items, inner, comma=doc.comma))
    return f"{doc.opening}{lines}\n{' ' * indent}{doc.closing}"


def _items(items: Sequence[Doc], indent: int, *, comma: bool) -> Iterable[str]:
    """A line for each item, with the line end before it."""
    for at, item in enumerate(items):
        sign = "," if comma or at < len(items) - 1 else ""
        yield f"\n{' ' * indent}{lay_out(item, indent, indent, len(sign))}{sign}"


def _row(row: Row, indent: int) -> str:
    text = f"{lay_out(row.item, indent, indent, len(row.sign))}{row.sign}"
    return f"\n{' ' * indent}{text}{'  ' if text and row.note else ''}{row.note}"


def _chain(doc: Chained, indent: int, column: int, tail: int) -> str:
    """Two levels deeper, so that what goes on is not taken for the body of a block."""
    inner = indent + 2 * STEP
    made = [lay_out(doc.first, indent, column)]
    for operator, operand in doc.rest:
        last = operand is doc.rest[-1][1]
        start = f"\n{' ' * inner}{operator} "
        made.append(start + lay_out(operand, inner, len(start) - 1, tail if last else 0))
    return "".join(made)
