"""What the parser reads of a text, rule by rule, with every token: what documents are taken from."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from functools import cache
from itertools import accumulate, groupby
from typing import Any

from lark import Token

from agent_lattice import annotations as types_as_written
from agent_lattice.expr import syntax
from agent_lattice.grammars import Parser
from agent_lattice.parse import joined
from agent_lattice.records import record
from agent_lattice.source import Span
from agent_lattice.tree import Reader

_KEPT = frozenset(syntax.READERS) | frozenset(types_as_written.READERS)


@record(frozen=False)
class Branch:
    """A rule as it was read: its tokens and what is in it."""

    rule: str
    children: list[Any]
    span: Span


@cache
def branch_parser() -> Parser:
    grammar, readers = joined()
    own: dict[str, Reader] = {name: reader if name in _KEPT else _branch(name) for name, reader in readers.items()}
    own["module"] = lambda parts: parts.children
    return Parser(grammar, own, "module")


def _branch(rule: str) -> Reader:
    return lambda parts: Branch(rule, parts.children, parts.span if parts.children else Span(parts.source, 0, 0))


class Braces:
    """The braces of declarations and statements, those of expressions and types apart."""

    def __init__(self, read: list[Any]) -> None:
        waiting, found = list(read), []
        while waiting:
            child = waiting.pop()
            if isinstance(child, Branch):
                waiting += child.children
            elif isinstance(child, Token) and child in ("{", "}"):
                found.append((child.start_pos or 0, 1 if child == "{" else -1))
        found.sort()
        self._places = [place for place, _ in found]
        self._depths = [0, *accumulate(step for _, step in found)]

    def depth(self, at: int) -> int:
        """How many are open at a place."""
        return self._depths[bisect_left(self._places, at)]


def joined_tokens(child: Any) -> str:
    """The tokens of an atom, with a space where two would run together."""
    made = ""
    for token in child.children:
        text = joined_tokens(token) if isinstance(token, Branch) else str(token)
        made += f" {text}" if _is_word(made[-1:]) and _is_word(text[:1]) else text
    return made


def _is_word(char: str) -> bool:
    """Whether a character is part of a word, a number or a string."""
    return char.isalnum() or (char != "" and char in "\"'")


def run_of(children: list[Any], at: int, fits: Callable[[Any], bool], sign: str) -> tuple[list[Branch], int]:
    """The children from `at` on that fit, with signs between (and perhaps behind) them."""
    taken: list[Branch] = []
    while at < len(children):
        end = at
        if taken and sign and stands(children, at, ","):
            end += 1
        if end >= len(children) or not fits(children[end]):
            if sign == ",?" and end > at:
                at = end
            break
        taken.append(children[end])
        at = end + 1
    return taken, at


def runs_of(branches: list[Branch]) -> list[tuple[str, list[Branch]]]:
    """Branches of one rule that follow each other, together under the rule."""
    return [(rule, list(run)) for rule, run in groupby(branches, lambda branch: branch.rule)]


def stands(children: list[Any], at: int, text: str) -> bool:
    return at < len(children) and isinstance(children[at], Token) and children[at] == text


def is_string(child: Any) -> bool:
    return token_type(child) == "STRING"


def token_type(child: Any) -> str:
    """The type of a token, alone or as all there is of a rule."""
    while isinstance(child, Branch) and len(child.children) == 1:
        child = child.children[0]
    return child.type if isinstance(child, Token) else ""


def bounds(child: Any) -> tuple[int, int]:
    if isinstance(child, Token):
        return child.start_pos or 0, child.end_pos or 0
    return child.span.start, child.span.end


def space_before(text: str, at: int) -> str:
    start = at
    while start > 0 and text[start - 1] in " \t\n":
        start -= 1
    return text[start:at]
