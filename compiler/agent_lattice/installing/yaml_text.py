"""YAML: changes are whole lines in block style, members in flow style."""

from __future__ import annotations

import json
import re
from typing import Any

from .blocks import lines_added, lines_removed
from .brackets import Style, member_added, member_removed
from .documents import Added, Document, Member, Node, Path, Unmergeable, Unreadable, lookup
from .splices import Splice, line_end_of, line_start
from .yaml_reading import read_yaml


class YamlText:
    """A YAML text, read. One without any value counts as an empty map."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.root = read_yaml(text)
        if self.root and self.root.value is None:
            self.root = None
        self.value: dict[str, Any] = self.root.value if self.root else {}
        if not isinstance(self.value, dict):
            raise Unreadable("it holds no map")

    def add(self, path: Path, source: Document) -> Added:
        assert isinstance(source, YamlText)
        parent = self._node(path[:-1]) if self.root else None
        value = lookup(source.value, path)
        if parent and parent.brackets:
            return self._bracketed(parent, f"{_flow(path[-1])}: {_flow(value)}")
        lines = source.lines_of(path, None) or [f"{_flow(path[-1])}: {_flow(value)}"]
        return self._lines_added(parent, lines)

    def append(self, path: Path, source: Document, index: int) -> Added:
        assert isinstance(source, YamlText)
        node = self._node(path)
        value = lookup(source.value, path)[index]
        if node.brackets:
            return self._bracketed(node, _flow(value))
        return self._lines_added(node, source.lines_of(path, index) or [f"- {_flow(value)}"])

    def remove(self, path: Path, trail: str) -> list[Splice]:
        parent = self._node(path[:-1])
        keys = [member.key for member in parent.members]
        return self._removed(parent, len(keys) - 1 - keys[::-1].index(path[-1]), trail)

    def drop(self, path: Path, index: int, trail: str) -> list[Splice]:
        return self._removed(self._node(path), index, trail)

    def replace(self, path: Path, source: Document) -> Splice:
        node = self._node(path)
        if node.start == node.end or self.text[node.start] in "|>" or (node.members and not node.brackets):
            raise Unmergeable(f"`{'.'.join(path)}` has lines of its own")
        return Splice(node.start, _flow(lookup(source.value, path)), self.text[node.start : node.end])

    def lines_of(self, path: Path, index: int | None) -> list[str]:
        """The lines of a pair, or of an item, as if it stood at the margin; none when it is in flow style."""
        node = self._node(path if index is not None else path[:-1])
        if node.brackets:
            return []
        member = node.members[index] if index is not None else _of(node, path[-1])
        column = member.start - line_start(self.text, member.start)
        first, *rest = self.text[member.start : self._line_end(member.end)].split("\n")
        return [first, *(line[column:] if not line[:column].strip() else line for line in rest)]

    def _lines_added(self, node: Node | None, lines: list[str]) -> Added:
        if node is None:
            end = re.search(r"(?:\r?\n)?\Z", self.text)
            return Added([lines_added(self.text, end.start() if end else len(self.text), lines)])
        last = node.members[-1]
        column = last.start - line_start(self.text, last.start)
        if self.text[line_start(self.text, last.start) : last.start].strip(" "):
            raise Unmergeable("a part of it stands behind something else on its line")
        indented = [" " * column + line if line else line for line in lines]
        return Added([lines_added(self.text, self._line_end(last.end), indented)])

    def _bracketed(self, node: Node, text: str) -> Added:
        lines = bool(node.members) and "\n" in self.text[node.start : node.end]
        style = Style(line_end_of(self.text), "  ", lines, " ", re.compile(r"#[^\r\n]*"))
        return member_added(self.text, node, lambda indent: text, style)

    def _removed(self, node: Node, index: int, trail: str) -> list[Splice]:
        member = node.members[index]
        if node.brackets:
            return member_removed(self.text, node, index, trail)
        start = line_start(self.text, member.start)
        if self.text[start : member.start].strip(" "):
            raise Unmergeable("a part of it stands behind something else on its line")
        return [lines_removed(self.text, start, self._line_end(member.end))]

    def _line_end(self, at: int) -> int:
        match = re.compile(r"[^\r\n]*").match(self.text, at)
        return match.end() if match else at

    def _node(self, path: Path) -> Node:
        node = self.root.at(path) if self.root else None
        if node is None:
            raise Unmergeable("it has no such part")
        return node


def _of(node: Node, key: str) -> Member:
    return next(member for member in reversed(node.members) if member.key == key)


def _flow(value: Any) -> str:
    """A value in flow style, on one line: JSON is YAML."""
    return json.dumps(value, ensure_ascii=False)
