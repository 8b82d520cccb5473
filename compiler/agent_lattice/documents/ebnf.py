"""The joined grammar as data: what its rules are made of. Only the notation that its fragments use is read."""

from __future__ import annotations

import re
from functools import cache
from typing import TypeAlias

from agent_lattice.records import record

Element: TypeAlias = "Word | Terminal | Ref | Sequence | Choice | Repeat"


@record
class Word:
    """A keyword or sign, as it stands in a text."""

    text: str

    @property
    def is_keyword(self) -> bool:
        return self.text.isidentifier()


@record
class Terminal:
    """A token of a pattern: `NAME`, `STRING`."""

    name: str


@record
class Ref:
    """Another rule."""

    name: str


@record
class Sequence:
    items: tuple[Element, ...]


@record
class Choice:
    items: tuple[Element, ...]


@record
class Repeat:
    """`?` (most 1), `*` (least 0) or `+`."""

    item: Element
    least: int
    once: bool = False


_RULE = re.compile(r"^(%extend +)?(\??[a-z_]\w*)[ \t]*:((?:.*\n)(?:[ \t]+\|.*\n)*)", re.MULTILINE)
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|->\s*\w+|[()|?*+]|\w+')


@cache
def rules(grammar: str) -> dict[str, Element]:
    """Every rule by name, `?` left out; what `%extend` adds is a further choice. Alternatives for mistakes are left out."""
    found: dict[str, list[Element]] = {}
    for match in _RULE.finditer(grammar):
        read = _Reading(_TOKEN.findall(match[3])).choice()
        items = read.items if isinstance(read, Choice) else (read,)
        found.setdefault(match[2].lstrip("?"), []).extend(item for item in items if item != Ref("junk"))
    return {name: items[0] if len(items) == 1 else Choice(tuple(items)) for name, items in found.items()}


def inlined(grammar: str) -> frozenset[str]:
    """The rules that stand for what they are made of (`?name:`)."""
    return frozenset(match[2][1:] for match in _RULE.finditer(grammar) if match[2].startswith("?"))


class _Reading:
    """Tokens of a right-hand side, from the left."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1]

    def choice(self) -> Element:
        items = [self.sequence()]
        while self.peek() == "|":
            self.take()
            items.append(self.sequence())
        kept = tuple(item for item in items if item != Ref("junk"))
        return kept[0] if len(kept) == 1 else Choice(kept)

    def sequence(self) -> Element:
        items: list[Element] = []
        while (token := self.peek()) and token not in "|)":
            if token.startswith("->"):
                self.take()
                continue
            items.append(self.repeated(self.single()))
        return items[0] if len(items) == 1 else Sequence(tuple(items))

    def single(self) -> Element:
        token = self.take()
        if token == "(":
            inner = self.choice()
            self.take()
            return inner
        if token.startswith('"'):
            return Word(token[1:-1])
        return Terminal(token) if token.isupper() else Ref(token)

    def repeated(self, item: Element) -> Element:
        if self.peek() in ("?", "*", "+"):
            sign = self.take()
            return Repeat(item, int(sign == "+"), sign == "?")
        return item
