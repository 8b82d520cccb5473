"""Markdown with sections between `<!-- lattice:NAME -->` and `<!-- /lattice:NAME -->`; all else is other people's."""

from __future__ import annotations

import re
from typing import Any

from .blocks import lines_added, lines_removed
from .documents import Added, Document, Path, Unmergeable, Unreadable
from .splices import Splice, line_end_of

_MARK = re.compile(r"<!-- (?P<end>/?)lattice:(?P<name>[A-Za-z0-9_.-]+) -->")


class MarkdownText:
    """A Markdown text: its sections by name."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.places = _places(text)
        self.value: dict[str, Any] = {
            name: text[start:end].replace("\r\n", "\n") for name, (start, end) in self.places.items()
        }

    def add(self, path: Path, source: Document) -> Added:
        end = re.search(r"(?:\r?\n)?\Z", self.text)
        at = end.start() if end else len(self.text)
        lines = source.value[path[0]].split("\n")
        return Added([lines_added(self.text, at, lines, blank=bool(self.text))])

    def append(self, path: Path, source: Document, index: int) -> Added:
        raise Unmergeable("a section is one text")

    def remove(self, path: Path, trail: str) -> list[Splice]:
        start, end = self.places[path[0]]
        return [lines_removed(self.text, start, end, blank=True)]

    def drop(self, path: Path, index: int, trail: str) -> list[Splice]:
        raise Unmergeable("a section is one text")

    def replace(self, path: Path, source: Document) -> Splice:
        start, end = self.places[path[0]]
        new: str = source.value[path[0]]
        return Splice(start, new.replace("\n", line_end_of(self.text)), self.text[start:end])


def _places(text: str) -> dict[str, tuple[int, int]]:
    """Where each section stands, marks included. Raises Unreadable for marks that make no pairs."""
    found: dict[str, tuple[int, int]] = {}
    start, open_name = 0, ""
    for match in _MARK.finditer(text):
        name, line = match["name"], text.count("\n", 0, match.start()) + 1
        if match["end"] and name == open_name:
            found[name] = (start, match.end())
            open_name = ""
        elif match["end"] or open_name:
            raise Unreadable(f"line {line}: the mark `{match[0]}` has no partner")
        elif name in found:
            raise Unreadable(f"line {line}: the section `{name}` stands twice")
        else:
            start, open_name = match.start(), name
    if open_name:
        raise Unreadable(f"the section `{open_name}` has no end")
    return found
