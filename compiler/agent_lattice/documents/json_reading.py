"""JSON text → document data with places."""

from __future__ import annotations

import json
import re
from typing import Any

from agent_lattice.diagnostics import Report
from agent_lattice.documents.data import Group, Leaf, Member
from agent_lattice.documents.mistakes import REPEATED_KEY, SYNTAX
from agent_lattice.source import Source, Span

_SPACE = re.compile(r"[ \t\n\r]*")
_TOKEN = re.compile(
    r'(?P<text>"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(?P<number>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)'
    r"|(?P<word>true|false|null)|(?P<sign>[\[\]{},:])"
)
_CHARACTER = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|[^\\]")
_WORDS = {"true": True, "false": False, "null": None}


def read_json(source: Source, report: Report) -> Group | None:
    """The document of a JSON text; None when that is reported as wrong."""
    reading = _Reading(source, report)
    try:
        root = reading.run()
    except _Stop:
        return None
    if isinstance(root, Leaf):
        report.add(SYNTAX, "a document is a map of sections", root.span)
        return None
    return None if reading.failed else root


class _Stop(Exception):
    """The text is no JSON; that is reported."""


class _Reading:
    """One pass over the tokens, with a stack in place of recursion."""

    def __init__(self, source: Source, report: Report) -> None:
        self.source, self.report = source, report
        self.at = 0
        self.failed = False
        self.open: list[tuple[Group, Leaf | None]] = []

    def run(self) -> Any:
        while True:
            node = self._value()
            while node is not None:
                if not self.open:
                    self._end()
                    return node
                node = self._placed(node)

    def _value(self) -> Any:
        """The next value; None when a group begins whose first member is to be read."""
        kind, text, span = self._token()
        if kind == "text":
            return self._text(text, span)
        if kind == "number":
            return Leaf(_number(text), span, text)
        if kind == "word":
            return Leaf(_WORDS[text], span)
        if text not in ("{", "["):
            self._wrong(f"unexpected `{text}`" if text else "it ends too early", span)
        group = Group(text == "{", [], False, span)
        if self._peek() == ("}" if group.keyed else "]"):
            return self._closed(group, self._token()[2])
        self.open.append((group, self._key(group) if group.keyed else None))
        return None

    def _placed(self, node: Any) -> Any:
        """Put a value into the group that is open; the group itself when that ends with it, else None."""
        group, key = self.open[-1]
        start = key.span.start if key else node.span.start
        group.members.append(Member(key, node, Span(self.source, start, node.span.end)))
        kind, text, span = self._token()
        if text == "," and kind == "sign":
            self.open[-1] = (group, self._key(group) if group.keyed else None)
            return None
        if text != ("}" if group.keyed else "]"):
            self._wrong(f"unexpected `{text}`; a comma or the end belongs here" if text else "it ends too early", span)
        self.open.pop()
        return self._closed(group, span)

    def _closed(self, group: Group, end: Span) -> Group:
        group.span = group.span.to(end)
        group.flow = "\n" not in group.span.text
        return group

    def _key(self, group: Group) -> Leaf:
        kind, text, span = self._token()
        if kind != "text":
            self._wrong("a key in double quotes belongs here", span)
        key = self._text(text, span)
        if key.value in group.keys:
            self.failed = True
            self.report.add(REPEATED_KEY, f"the key `{key.value}` stands twice", span)
        _, sign, place = self._token()
        if sign != ":":
            self._wrong("a `:` belongs here", place)
        return key

    def _text(self, text: str, span: Span) -> Leaf:
        value = json.loads(text)
        if re.search(r"[\ud800-\udfff]", value):
            self._wrong("half of a surrogate pair is no character", span)
        places = [span.start + 1 + found.start() for found in _CHARACTER.finditer(text[1:-1])]
        exact = len(places) == len(value)
        return Leaf(value, span, "", '"', (*places, span.end - 1) if exact else ())

    def _peek(self) -> str:
        space = _SPACE.match(self.source.text, self.at)
        assert space is not None
        return self.source.text[space.end() : space.end() + 1]

    def _token(self) -> tuple[str, str, Span]:
        space = _SPACE.match(self.source.text, self.at)
        assert space is not None
        found = _TOKEN.match(self.source.text, space.end())
        if found is None:
            end = space.end()
            span = Span(self.source, end, min(end + 1, len(self.source.text)))
            if span.text:
                self._wrong(f"unexpected `{span.text}`" if span.text != '"' else "this text is not well formed", span)
            return "", "", span
        self.at = found.end()
        return str(found.lastgroup), found[0], Span(self.source, found.start(), found.end())

    def _end(self) -> None:
        _, text, span = self._token()
        if text:
            self._wrong(f"`{text}` stands behind the end", span)

    def _wrong(self, message: str, span: Span) -> None:
        self.report.add(SYNTAX, f"not JSON: {message}", span)
        raise _Stop


def _number(text: str) -> int | float:
    return int(text) if re.fullmatch(r"-?[0-9]+", text) and len(text) < 4000 else float(text)
