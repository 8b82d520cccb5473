"""The syntax tree: what the parser makes and the printer shows. Nodes compare by content; spans do not count."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from lark import Token

from agent_lattice.records import field, record
from agent_lattice.source import NOWHERE, Source, Span

Node = TypeVar("Node")
Reader = Callable[["Parts"], Any]
"""Makes a node from the parts of one grammar rule."""


class Parts:
    """The children of one grammar rule: tokens and finished nodes, keywords and punctuation included."""

    __slots__ = ("children", "source")

    def __init__(self, source: Source, children: list[Any]) -> None:
        self.source = source
        self.children = children

    @property
    def span(self) -> Span:
        return Span(self.source, _start(self.children[0]), _end(self.children[-1]))

    def all(self, kind: type[Node]) -> list[Node]:
        """Every node of the class, in source order."""
        return [child for child in self.children if isinstance(child, kind)]

    def one(self, kind: type[Node]) -> Node:
        return next(child for child in self.children if isinstance(child, kind))

    def maybe(self, kind: type[Node]) -> Node | None:
        return next((child for child in self.children if isinstance(child, kind)), None)

    def token(self, *types: str) -> Token | None:
        """The first token of one of the terminal types, e.g. `NAME`, `STRING`."""
        return next((child for child in self.children if isinstance(child, Token) and child.type in types), None)

    def has(self, word: str) -> bool:
        """Whether the keyword or sign stands there."""
        return any(isinstance(child, Token) and child == word for child in self.children)

    @property
    def braces(self) -> Span:
        """From `{` to `}`, the braces included; NOWHERE when there are none."""
        signs = [child for child in self.children if isinstance(child, Token) and child.type in ("LBRACE", "RBRACE")]
        return Span(self.source, _start(signs[0]), _end(signs[-1])) if signs else NOWHERE

    def spot(self, token: Token) -> Span:
        return Span(self.source, _start(token), _end(token))

    def name(self, *types: str) -> Name:
        """The first NAME (or token of the given types) as a node."""
        token = self.token(*(types or ("NAME",)))
        assert token is not None
        return Name(str(token), self.spot(token))

    def names(self) -> list[Name]:
        return [
            Name(str(child), self.spot(child))
            for child in self.children
            if isinstance(child, Token) and child.type == "NAME"
        ]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.children)


def written(span: Span, otherwise: str) -> str:
    """A literal as it stands in its source, without parentheses and the space behind a sign; `otherwise` for one that is in none."""
    text = span.text.strip("() \t\n")
    return "".join(text.split()) if text.startswith("-") else text or otherwise


def _start(child: Any) -> int:
    start = child.start_pos if isinstance(child, Token) else child.span.start
    assert isinstance(start, int)
    return start


def _end(child: Any) -> int:
    end = child.end_pos if isinstance(child, Token) else child.span.end
    assert isinstance(end, int)
    return end


@record
class Name:
    """An identifier where it stands."""

    text: str
    span: Span = field(default=NOWHERE, compare=False)

    def __str__(self) -> str:
        return self.text


@record
class Text:
    """A string literal as written, quotes included."""

    raw: str
    span: Span = field(default=NOWHERE, compare=False)


@record
class Number:
    """An INT as written (underscores allowed)."""

    raw: str
    span: Span = field(default=NOWHERE, compare=False)

    @property
    def value(self) -> int:
        return int(self.raw.replace("_", ""))


@record
class Junk:
    """What could not be read; the mistake in it is already reported. Names it seems to define are known but typeless."""

    text: str
    span: Span = field(default=NOWHERE, compare=False)

    def show(self, out: Any) -> None:
        out.line(self.text)

    def check(self, scope: Any) -> None:
        """Nothing: the parser has said what is wrong."""


@record
class Arg:
    """An argument, named or positional."""

    name: Name | None
    value: Any
    span: Span = field(default=NOWHERE, compare=False)


@record
class Block:
    """Statements between braces."""

    statements: tuple[Any, ...]
    span: Span = field(default=NOWHERE, compare=False)


@record
class Bound:
    """`at most N`."""

    number: Number
    span: Span = field(default=NOWHERE, compare=False)


@record
class Comment:
    """`// …` up to the end of its line."""

    text: str
    span: Span = field(default=NOWHERE, compare=False)


@record
class Module:
    """A file: its declarations in source order. Comments stand beside the tree."""

    declarations: tuple[Any, ...]
    span: Span = field(default=NOWHERE, compare=False)
    comments: tuple[Comment, ...] = field(default=(), compare=False)
