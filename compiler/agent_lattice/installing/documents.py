"""What merging sees of a text in any format: its content as data, and the changes that add, take out or replace a part."""

from __future__ import annotations

import json
from typing import Any, Protocol

from agent_lattice.records import field, record

from .splices import Splice, digest

Path = tuple[str, ...]
"""The keys that lead to a part."""

MISSING: Any = object()


class Unreadable(Exception):
    """A text is not of its format; the message is one line."""


class Unmergeable(Exception):
    """A text is written in a way in which a part of ours has no place; the message is one line."""


@record
class Added:
    """The changes that add a part, and the white space behind it that goes with the last part of its container."""

    splices: list[Splice]
    trail: str = ""


class Document(Protocol):
    """A text that was read. Changes are for this text; after them it is read again."""

    text: str
    value: dict[str, Any]
    """The content. Other people's oddities (aliases, tags, dates) are texts that equal nothing of ours."""

    def add(self, path: Path, source: Document) -> Added:
        """Add what `source` has at `path`; here there is none, but its parent is a map."""

    def append(self, path: Path, source: Document, index: int) -> Added:
        """Add an item of the list that `source` has at `path` to the end of the one that is here."""

    def remove(self, path: Path, trail: str) -> list[Splice]:
        """Take out what is at `path`."""

    def drop(self, path: Path, index: int, trail: str) -> list[Splice]:
        """Take out an item of the list at `path`."""

    def replace(self, path: Path, source: Document) -> Splice:
        """Put the value that `source` has at `path` into the place of the one here."""


@record(frozen=False)
class Node:
    """A value in a text, from `start` to `end`; `brackets` when it is a container with commas."""

    start: int
    end: int
    value: Any = None
    members: list[Member] = field(default_factory=list)
    brackets: bool = False

    def at(self, path: Path) -> Node | None:
        """The value that the keys lead to; of a key that is written twice, the last."""
        if not path:
            return self
        found = (m.node.at(path[1:]) for m in reversed(self.members) if m.key == path[0])
        return next((node for node in found if node), None)


@record(frozen=False)
class Member:
    """A pair of a map (`key` is None for an item of a list), from its key to the end of its value; `comma`: the one behind it."""

    key: str | None
    start: int
    end: int
    node: Node
    comma: int | None = None


def lookup(value: Any, path: Path) -> Any:
    """What is at a path of data; MISSING when there is nothing."""
    for key in path:
        if not isinstance(value, dict) or key not in value:
            return MISSING
        value = value[key]
    return value


def mark(value: Any) -> str:
    """A text that two values share only when they are the same: the order of keys is none, `true` is not 1, 1 is not 1.0."""
    return json.dumps(value, sort_keys=True, default=repr)


def mark_digest(value: Any) -> str:
    return digest(mark(value))


def same(one: Any, other: Any) -> bool:
    return one is not MISSING and other is not MISSING and mark(one) == mark(other)
