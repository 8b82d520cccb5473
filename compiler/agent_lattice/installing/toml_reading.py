"""Where the statements and values of a TOML text stand. The standard library's reader says what they mean."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from agent_lattice.records import record

from .documents import Member, Node, Unreadable

Place = tuple[str | int, ...]
"""Keys and, in arrays of tables, positions."""

_BLANK = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\r?\n)*")
_SPACE = re.compile(r"[ \t]*")
_FREE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY = re.compile(r"[A-Za-z0-9_-]+|\"(?:\\.|[^\"\\\n])*\"|'[^'\n]*'")
_SCALAR = re.compile(
    r"\"\"\"(?:\\.|[^\\])*?\"{3,5}|'''.*?'{3,5}|\"(?:\\.|[^\"\\\n])*\"|'[^'\n]*'"
    r"|\d{4}-\d\d-\d\d \d\d:[^\s,\]}#]+|[^\s,\]}#]+",
    re.DOTALL,
)
_REST = re.compile(r"[^\r\n]*")


@record
class Statement:
    """A header or a pair: its lines go from `start` (of the first) to `end` (of the last, without its line end).

    `table` is the header that it stands under, or itself; `place` what it defines. `value` is None for headers.
    """

    kind: str
    """`table`, `item` (of an array of tables) or `pair`."""
    table: Place
    place: Place
    start: int
    end: int
    value: Node | None = None


def read_toml(text: str) -> tuple[dict[str, Any], list[Statement]]:
    """The content and the statements in their order. Raises Unreadable."""
    try:
        data = tomllib.loads(text)
    except RecursionError:
        raise Unreadable("it nests too deeply") from None
    except ValueError as error:
        said = str(error)
        raise Unreadable(said[:1].lower() + said[1:]) from None
    return data, _Reading(text, data).statements()


class _Reading:
    """One walk over a text that is known to be TOML."""

    def __init__(self, text: str, data: dict[str, Any]) -> None:
        self.text, self.data = text, data
        self.at = 0
        self.counts: dict[Place, int] = {}

    def statements(self) -> list[Statement]:
        found: list[Statement] = []
        table: Place = ()
        while True:
            self._skip(_BLANK)
            start = self.at
            self._skip(_SPACE)
            if self.at >= len(self.text) or self.text[self.at] == "#":
                return found
            if self.text[self.at] == "[":
                kind, table = self._header()
                place, value = table, None
            else:
                kind = "pair"
                place = (*table, *self._key())
                self.at += 1
                self._skip(_SPACE)
                value = self._value(_data_at(self.data, place))
            self._skip(_REST)
            found.append(Statement(kind, table, place, start, self.at, value))

    def _header(self) -> tuple[str, Place]:
        several = self.text.startswith("[[", self.at)
        self.at += 2 if several else 1
        keys = self._key()
        self.at += 2 if several else 1
        place: Place = ()
        for number, key in enumerate(keys):
            place = (*place, key)
            if several and number == len(keys) - 1:
                self.counts[place] = self.counts.get(place, 0) + 1
            if place in self.counts:
                place = (*place, self.counts[place] - 1)
        return "item" if several else "table", place

    def _key(self) -> tuple[str, ...]:
        """A key of one or more parts, up to what ends it."""
        parts: list[str] = []
        while True:
            self._skip(_SPACE)
            match = _KEY.match(self.text, self.at)
            part = match[0] if match else ""
            self.at += len(part)
            parts.append(next(iter(tomllib.loads(f"{part} = 0"))) if part[:1] in ("'", '"') else part)
            self._skip(_SPACE)
            if self.text[self.at : self.at + 1] != ".":
                return tuple(parts)
            self.at += 1

    def _value(self, value: Any) -> Node:
        if self.text[self.at] == "[":
            return self._array(value)
        if self.text[self.at] == "{":
            return self._inline_table(value)
        start = self.at
        self._skip(_SCALAR)
        return Node(start, self.at, value)

    def _array(self, value: Any) -> Node:
        node = self._opened(value)
        while self.text[self.at] != "]":
            start = self.at
            item = self._value(value[len(node.members)])
            node.members.append(Member(None, start, item.end, item))
            self._comma(node)
        return self._closed(node)

    def _inline_table(self, value: Any) -> Node:
        node = self._opened(value)
        while self.text[self.at] != "}":
            start, keys = self.at, self._key()
            self.at += 1
            self._skip(_SPACE)
            inner = self._value(_data_at(value, keys))
            for key in reversed(keys[1:]):
                inner = Node(inner.start, inner.end, {key: inner.value}, [Member(key, start, inner.end, inner)])
            node.members.append(Member(keys[0], start, inner.end, inner))
            self._comma(node)
        return self._closed(node)

    def _opened(self, value: Any) -> Node:
        node = Node(self.at, self.at, value, [], True)
        self.at += 1
        self._skip(_FREE)
        return node

    def _comma(self, node: Node) -> None:
        self._skip(_FREE)
        if self.text[self.at] == ",":
            node.members[-1].comma = self.at
            self.at += 1
            self._skip(_FREE)

    def _closed(self, node: Node) -> Node:
        self.at += 1
        node.end = self.at
        return node

    def _skip(self, pattern: re.Pattern[str]) -> None:
        if match := pattern.match(self.text, self.at):
            self.at = match.end()


def _data_at(data: Any, place: Place) -> Any:
    for key in place:
        data = data[key]
    return data
