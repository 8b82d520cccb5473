"""Writes canonical source text. What a source says beside its tree, comments and blank lines, is put back here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from agent_lattice.expr.tree import shown
from agent_lattice.layout import STEP, WIDTH, Doc, Listed, flat, joined, lay_out
from agent_lattice.margins import Margins, with_notes
from agent_lattice.records import record
from agent_lattice.source import NOWHERE, Span
from agent_lattice.tree import Arg, Block, Name


@record
class Braces:
    """`head { items }`; `span` goes from brace to brace. `between` stands between items on one line, None: there is only one."""

    head: Doc
    items: Sequence[Any]
    span: Span
    between: str | None = None


class Printer:
    """Lines of text with an indent of two spaces a level; with `margins` also the comments and blank lines of the source."""

    def __init__(self, margins: Margins | None = None) -> None:
        self._margins = margins or Margins("", ())
        self._documents = margins is None
        self._lines: list[str] = []
        self._depth = 0
        self._span = NOWHERE
        self._first = True
        self._commented = False
        """Whether the last line ends in a comment."""

    def item(self, node: Any, *, apart: bool = False) -> None:
        """A declaration, or a part of a block that has lines of its own; `apart`: with a blank line before it."""
        self._comments(node.span.start, apart=apart)
        self._span = node.span
        node.show(self)

    def line(self, *parts: Doc) -> None:
        """The line of an item, broken where it is too long."""
        self._write(parts, self._span.start, self._span.end)

    def blocks(self, *chain: Braces) -> None:
        """An item that ends in blocks. They stay on one line when each was written on one, holds one item at most, and they fit."""
        text = self._on_one_line(chain)
        if text is not None:
            self._put([text])
            return
        start, sign = self._span.start, ""
        for braces in chain:
            self._write((sign, braces.head, " {"), start, braces.span.start + 1)
            self._inside(braces)
            start, sign = braces.span.end - 1, "} "
        self._put([self._indent + "}"])

    def block(self, head: Doc, block: Block) -> None:
        """An item that is one block of statements."""
        self.blocks(Braces(head, block.statements, block.span))

    def doc(self, text: str) -> None:
        """A doc comment, a line each; with margins it is among the comments."""
        for part in text.split("\n") if text and self._documents else ():
            self._put([f"{self._indent}/// {part}".rstrip()])

    def rest(self) -> None:
        """The comments behind the last item."""
        self._comments(None, apart=True)

    def args(self, callee: Name, args: Sequence[Arg], behind: Any = None) -> Doc:
        """Arguments in their parentheses, which end the item, or stand before its part `behind`."""
        items = tuple((f"{arg.name}: ", shown(arg.value)) if arg.name else shown(arg.value) for arg in args)
        places = tuple(arg.span for arg in args)
        end = behind.span.before() if behind else self._span
        return Listed("(", items, ")", places=places, span=callee.span.after().to(end))

    @property
    def text(self) -> str:
        return "".join(f"{line}\n" for line in self._lines)

    @property
    def _indent(self) -> str:
        return " " * (STEP * self._depth)

    def _put(self, lines: Iterable[str]) -> None:
        self._lines.extend(lines)
        self._first = self._commented = False

    def _write(self, doc: Doc, start: int, end: int) -> None:
        """A doc that stands from `start` to `end` in the source: as it is there when a comment in it has no place of its own."""
        width = len(self._indent)
        notes = self._margins.take(end)
        placed = with_notes(doc, notes) if notes else doc
        if placed is None:
            self._put(self._margins.verbatim(start, end, width))
        else:
            self._put((self._indent + lay_out(placed, width, width)).split("\n"))

    def _inside(self, braces: Braces) -> None:
        self._depth += 1
        self._first = True
        for item in braces.items:
            self.item(item)
        self._comments(braces.span.end - 1, last=True)
        self._depth -= 1

    def _comments(self, end: int | None, *, apart: bool = False, last: bool = False) -> None:
        """What stands in the margin up to a place, and a blank line if there is one; `last`: none before a closing brace."""
        for comment in self._margins.take(end):
            if comment.trailing and self._lines and not self._commented:
                self._lines[-1] += f"  {comment.text}"
            else:
                self._blank(comment.blank or apart)
                self._put([self._indent + comment.text])
                apart = False
            self._commented = True
        if end is not None and not last:
            self._blank(apart or self._margins.blank(end))

    def _blank(self, wanted: bool) -> None:
        """A blank line, but not at the start of a block."""
        if wanted and not self._first:
            self._lines.append("")

    def _on_one_line(self, chain: Sequence[Braces]) -> str | None:
        """All on one line, if the source has it so and it fits."""
        if not all(map(_may_stay, chain)) or self._margins.ahead(chain[-1].span.end):
            return None
        parts: list[Doc] = []
        for braces in chain:
            within = [self._flat(item) for item in braces.items]
            parts.append((braces.head, " { ", *joined(within, braces.between or ""), " }" if within else "}"))
        text = self._indent + flat(joined(parts, " "))
        return None if "\n" in text or len(text) > WIDTH else text

    def _flat(self, item: Any) -> str:
        """An item on one line; with a line end in it if it needs more."""
        inner = Printer(self._margins)
        inner._span = item.span
        item.show(inner)
        return "\n".join(inner._lines)


def _may_stay(braces: Braces) -> bool:
    """Whether a block is short enough for one line, as far as the source shows."""
    text = braces.span.text
    few = len(braces.items) <= 1 or braces.between is not None
    return not braces.items or (few and "\n" not in text and len("".join(text.split())) <= WIDTH)
