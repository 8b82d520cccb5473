"""TOML: tables under headers, with dotted keys, inline and in arrays; changes are whole lines, or members of what has brackets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from .blocks import lines_added, lines_removed
from .brackets import Style, member_added, member_removed
from .documents import Added, Document, Node, Path, Unmergeable, lookup
from .splices import Splice, line_end_of, together
from .toml_reading import Place, Statement, read_toml

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_STYLE = Style("\n", "  ", False, " ", re.compile(r"#[^\r\n]*"))


class TomlText:
    """A TOML text, read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.value, self.statements = read_toml(text)

    def add(self, path: Path, source: Document) -> Added:
        assert isinstance(source, TomlText)
        parent = path[:-1]
        holder = self._holder(parent)
        if holder:
            return self._inline_added(holder, path, lookup(source.value, path))
        sections = source.sections(path)
        pairs = source.pairs(path)
        if not sections and not pairs:
            pairs = [(path, _rendered(lookup(source.value, path)))]
        new = []
        if pairs:
            table, at = self._table(parent)
            lines = [line for place, text in pairs for line in f"{_key(place[len(table) :])} = {text}".split("\n")]
            if at is None:
                sections = [[f"[{_key(parent)}]", *lines], *sections]
            else:
                new.append(lines_added(self.text, at, lines))
        return Added(together(*new, *self._appended(sections)))

    def append(self, path: Path, source: Document, index: int) -> Added:
        assert isinstance(source, TomlText)
        value = lookup(source.value, path)[index]
        node = self._node(path)
        if node and node.brackets:
            return member_added(self.text, node, lambda indent: _rendered(value), self._style(node))
        if not isinstance(value, dict):
            raise Unmergeable(f"`{'.'.join(path)}` holds tables")
        sections = source.sections((*path, index))
        if not sections:
            sections = [[f"[[{_key(path)}]]", *(f"{_key((key,))} = {_rendered(v)}" for key, v in value.items())]]
        return Added(together(*self._appended(sections)))

    def remove(self, path: Path, trail: str) -> list[Splice]:
        holder = self._holder(path[:-1])
        if holder is None:
            return self._taken_out([s for s in self.statements if s.place[: len(path)] == path])
        node, rest = _innermost(holder[0], path[len(holder[1]) :])
        for index, member in enumerate(node.members):
            if member.key == rest[0] and _chain(member.node, rest[1:]):
                return member_removed(self.text, node, index, trail)
        raise Unmergeable(f"`{'.'.join(path)}` is spread over several keys")

    def drop(self, path: Path, index: int, trail: str) -> list[Splice]:
        node = self._node(path)
        if node and node.brackets:
            return member_removed(self.text, node, index, trail)
        place = (*path, index)
        return self._taken_out([s for s in self.statements if s.place[: len(place)] == place])

    def replace(self, path: Path, source: Document) -> Splice:
        node = self._node(path)
        if node is None:
            raise Unmergeable(f"`{'.'.join(path)}` is a table with a header")
        new = _rendered(lookup(source.value, path))
        return Splice(node.start, new, self.text[node.start : node.end])

    def sections(self, place: Place) -> list[list[str]]:
        """The lines of each header that defines a place or what is in it, with its pairs."""
        found = []
        for statement in self.statements:
            if statement.kind != "pair" and statement.place[: len(place)] == place:
                own = [s for s in self.statements if s.kind == "pair" and s.table == statement.place]
                found.append([line for s in [statement, *own] for line in self._lines(s)])
        return found

    def pairs(self, path: Path) -> list[tuple[Path, str]]:
        """The pairs that define a path or what is in it and stand under a header above; with the text of each value."""
        return [
            (tuple(map(str, s.place)), self.text[s.value.start : s.value.end])
            for s in self.statements
            if s.value and s.place[: len(path)] == path and len(s.table) < len(path)
        ]

    def _lines(self, statement: Statement) -> list[str]:
        return self.text[statement.start : statement.end].strip(" \t").split("\n")

    def _appended(self, sections: list[list[str]]) -> list[Splice]:
        """Each section at the end of the text, after an empty line."""
        end = re.search(r"(?:\r?\n)?\Z", self.text)
        at = end.start() if end else len(self.text)
        if not self.text and sections:
            lines = [line for number, lines in enumerate(sections) for line in ([""] if number else []) + lines]
            return [lines_added("", 0, lines)]
        return [lines_added(self.text, at, lines, blank=True) for lines in sections]

    def _table(self, path: Path) -> tuple[Path, int | None]:
        """The header (or the top) under which pairs of a table can stand, and the end of the line after which; None for a new header."""
        for table in (path[:length] for length in range(len(path), -1, -1)):
            under = [s for s in self.statements if s.table == table]
            dotted = any(s.kind == "pair" and s.place[: len(path)] == path for s in under)
            if under and (table == path or dotted):
                return table, under[-1].end
        return ((), self._top()) if not path else (path, None)

    def _top(self) -> int:
        """The end of the first comment, where it is no comment of the header below; else the start."""
        match = re.compile(r"(?:#[^\n]*\n)*#[^\r\n]*(?=\r?\n[ \t]*\r?\n|\r?\n?\Z)").match(self.text)
        return match.end() if match else 0

    def _holder(self, path: Path) -> tuple[Node, Path] | None:
        """The value of the pair that a path leads into, and the path of that pair."""
        for s in self.statements:
            if s.value and s.place == path[: len(s.place)]:
                return s.value, tuple(map(str, s.place))
        return None

    def _node(self, path: Path) -> Node | None:
        holder = self._holder(path)
        return holder[0].at(path[len(holder[1]) :]) if holder else None

    def _inline_added(self, holder: tuple[Node, Path], path: Path, value: Any) -> Added:
        node, rest = _innermost(holder[0], path[len(holder[1]) :])
        return member_added(self.text, node, lambda indent: f"{_key(rest)} = {_rendered(value)}", _STYLE)

    def _style(self, node: Node) -> Style:
        lines = "\n" in self.text[node.start : node.end]
        return Style(line_end_of(self.text), "  ", lines, " ", _STYLE.comments)

    def _taken_out(self, statements: Iterable[Statement]) -> list[Splice]:
        """The lines of statements, those that follow each other in one piece."""
        pieces: list[list[Statement]] = []
        for s in statements:
            gap = self.text[pieces[-1][-1].end : s.start].replace("\r", "") if pieces else ""
            if gap == "\n" or (gap == "\n\n" and s.kind != "pair"):
                pieces[-1].append(s)
            else:
                pieces.append([s])
        cuts = [lines_removed(self.text, p[0].start, p[-1].end, blank=p[0].kind != "pair") for p in pieces]
        return together(*cuts)


def _innermost(node: Node, path: Path) -> tuple[Node, Path]:
    """The innermost value with brackets that a path leads into, and what of the path is left there."""
    found, rest = node, path
    for length in range(1, len(path)):
        inner = node.at(path[:length])
        if inner and inner.brackets:
            found, rest = inner, path[length:]
    return found, rest


def _chain(node: Node, path: Path) -> bool:
    """Whether a path goes through the parts of a dotted key to its end."""
    while path:
        if node.brackets or len(node.members) != 1 or node.members[0].key != path[0]:
            return False
        node, path = node.members[0].node, path[1:]
    return node.brackets or not node.members


def _key(path: Place) -> str:
    return ".".join(key if _BARE.fullmatch(key) else _text(key) for key in map(str, path))


def _rendered(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, dict):
        inner = ", ".join(f"{_key((key,))} = {_rendered(v)}" for key, v in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(_rendered, value))}]"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
