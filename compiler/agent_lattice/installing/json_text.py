"""JSON with comments and commas behind the last member: where everything stands, and changes that leave the rest as it is."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from .brackets import Style, member_added, member_removed
from .documents import Added, Document, Member, Node, Path, Unmergeable, Unreadable, lookup
from .splices import Splice, indentation, is_first, line_end_of

_COMMENT = r"//[^\r\n]*|/\*(?:[^*]|\*(?!/))*\*/"
_SPACE = re.compile(rf"(?:[ \t\r\n]|{_COMMENT})*")
_TOKEN = re.compile(
    r'(?P<text>"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")'
    r"|(?P<number>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)|(?P<word>true|false|null)|(?P<sign>[\[\]{},:])"
)


class JsonText:
    """A JSON text, read. One without any value counts as an empty object."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.root = _Reading(text).run()
        self.value: dict[str, Any] = self.root.value if self.root else {}
        if not isinstance(self.value, dict):
            raise Unreadable("it holds no object")

    def add(self, path: Path, source: Document) -> Added:
        value = lookup(source.value, path)
        if self.root is None:
            return Added([Splice(len(self.text), self._whole(path, value))])
        return self._added(path[:-1], value, path[-1])

    def append(self, path: Path, source: Document, index: int) -> Added:
        return self._added(path, lookup(source.value, path)[index], None)

    def remove(self, path: Path, trail: str) -> list[Splice]:
        parent = self._node(path[:-1])
        keys = [member.key for member in parent.members]
        return member_removed(self.text, parent, len(keys) - 1 - keys[::-1].index(path[-1]), trail)

    def drop(self, path: Path, index: int, trail: str) -> list[Splice]:
        return member_removed(self.text, self._node(path), index, trail)

    def replace(self, path: Path, source: Document) -> Splice:
        node = self._node(path)
        style = self._style()
        indent = indentation(self.text, node.start) if style.lines else None
        new = _rendered(lookup(source.value, path), indent, style)
        return Splice(node.start, new, self.text[node.start : node.end])

    def _added(self, path: Path, value: Any, key: str | None) -> Added:
        style = self._style()

        def render(indent: str | None) -> str:
            name = "" if key is None else f"{json.dumps(key, ensure_ascii=False)}:{style.gap}"
            return name + _rendered(value, indent, style)

        return member_added(self.text, self._node(path), render, style)

    def _node(self, path: Path) -> Node:
        node = self.root.at(path) if self.root else None
        if node is None:
            raise Unmergeable("it has no such part")
        return node

    def _whole(self, path: Path, value: Any) -> str:
        """An object with one member, for a text that has no value yet."""
        style = self._style()
        inner = style.unit + json.dumps(path[0]) + ": " + _rendered(value, style.unit, style)
        lead = style.line_end if self.text and not self.text.endswith("\n") else ""
        return lead + style.line_end.join(["{", inner, "}", ""])

    def _style(self) -> Style:
        root = self.root
        members = root.members if root else []
        lines = root is None or not members or "\n" in self.text[root.start : root.end]
        compact = not lines and re.search(r'":\S', self.text) is not None
        unit = "  "
        if root and members and is_first(self.text, members[0].start):
            unit = indentation(self.text, members[0].start)[len(indentation(self.text, root.start)) :] or unit
        return Style(line_end_of(self.text), unit, lines, "" if compact else " ", re.compile(_COMMENT))


def _rendered(value: Any, indent: str | None, style: Style) -> str:
    """A value in the layout of a text; `indent` is that of its first line, None for one line."""
    if indent is None:
        return json.dumps(value, ensure_ascii=False, separators=(f",{style.gap}", f":{style.gap}"))
    lines = json.dumps(value, ensure_ascii=False, indent=style.unit).split("\n")
    return (style.line_end + indent).join(lines)


class _Reading:
    """One pass over the tokens, with a stack in place of recursion."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.open: list[Node] = []
        self.keys: list[tuple[str, int]] = []
        """Of each open object: the key that waits for its value, and where it begins."""

    def run(self) -> Node | None:
        if _SPACE.fullmatch(self.text):
            return None
        while True:
            node = self._value()
            while node is not None:
                if not self.open:
                    return self._end(node)
                node = self._placed(node)

    def _value(self) -> Node | None:
        """The next value; None when a container begins whose first member is to be read."""
        kind, token, start = self._token()
        if kind != "sign":
            return Node(start, self.at, _scalar(kind, token))
        if token not in ("{", "["):
            self._wrong(start, f"unexpected `{token}`")
        self.open.append(Node(start, start, {} if token == "{" else [], [], True))
        self.keys.append(("", 0))
        return self._next()

    def _placed(self, node: Node) -> Node | None:
        """Put a value into the container that is open; that one when it ends here, else None."""
        group = self.open[-1]
        if isinstance(group.value, dict):
            key, start = self.keys[-1]
            group.value[key] = node.value
            group.members.append(Member(key, start, node.end, node))
        else:
            group.value.append(node.value)
            group.members.append(Member(None, node.start, node.end, node))
        before = self.at
        kind, token, start = self._token()
        if token == "," and kind == "sign":
            group.members[-1].comma = start
        else:
            self.at = before
            if self._peek() not in ("}", "]"):
                self._wrong(start, f"unexpected `{token[:20]}`; a comma or the end belongs here")
        return self._next()

    def _next(self) -> Node | None:
        """The open container when it ends here; else its next key is read."""
        group = self.open[-1]
        if self._peek() == ("}" if isinstance(group.value, dict) else "]"):
            self._token()
            self.keys.pop()
            group.end = self.at
            return self.open.pop()
        if isinstance(group.value, dict):
            kind, token, start = self._token()
            if kind != "text":
                self._wrong(start, "a key in quotes belongs here")
            self.keys[-1] = (json.loads(token), start)
            _, sign, at = self._token()
            if sign != ":":
                self._wrong(at, "a `:` belongs here")
        return None

    def _peek(self) -> str:
        match = _SPACE.match(self.text, self.at)
        at = match.end() if match else self.at
        return self.text[at : at + 1]

    def _token(self) -> tuple[str, str, int]:
        if space := _SPACE.match(self.text, self.at):
            self.at = space.end()
        match = _TOKEN.match(self.text, self.at)
        if match is None:
            self._wrong(self.at, "this is not JSON" if self.at < len(self.text) else "it ends too early")
        start, self.at = self.at, match.end()
        return match.lastgroup or "", match[0], start

    def _end(self, root: Node) -> Node:
        if self._peek():
            self._wrong(len(self.text.rstrip()), "more follows after the end")
        return root

    def _wrong(self, at: int, message: str) -> NoReturn:
        line = self.text.count("\n", 0, at) + 1
        raise Unreadable(f"line {line}: {message}")


def _scalar(kind: str, token: str) -> Any:
    try:
        return json.loads(token)
    except ValueError:  # a number with more digits than Python takes
        return f"\0{kind} {token}"
