"""Documents as data: maps, lists and single values, with the comments and empty lines around them, and where they stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from agent_lattice.records import field, record
from agent_lattice.source import NOWHERE, Span

Node: TypeAlias = "Leaf | Group"


@record
class Note:
    """A comment without its sign; `blank`: below an empty line."""

    text: str
    blank: bool = False


@record(frozen=False)
class Leaf:
    """A text, number, truth value or null. `written`: a number as it stands there."""

    value: str | int | float | bool | None
    span: Span = NOWHERE
    written: str = ""
    style: str = ""
    """In YAML: `'`, `"`, `|`, `>` or nothing."""
    places: tuple[int, ...] = ()
    """Of a text: where each character of it begins in the source, and where the last ends; empty when not one by one."""


@record(frozen=False)
class Member:
    """An entry of a map, or an item of a list (without a key)."""

    key: Leaf | None
    value: Node
    span: Span = NOWHERE
    blank: bool = False
    notes: list[Note] = field(default_factory=list)
    """Comments on lines of their own before it."""
    behind: str | None = None
    """The comment behind it, or behind the key of a group with lines of its own."""

    @property
    def name(self) -> str:
        return str(self.key.value) if self.key else ""


@record(frozen=False)
class Group:
    """A map (`keyed`) or a list. `flow`: on one line."""

    keyed: bool
    members: list[Member]
    flow: bool = False
    span: Span = NOWHERE
    last: list[Note] = field(default_factory=list)
    """Comments behind the last member."""

    def get(self, key: str) -> Node | None:
        return next((member.value for member in self.members if member.name == key), None)

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(member.name for member in self.members)


def mapping(**values: Node) -> Group:
    """A map of given nodes."""
    return Group(True, [Member(Leaf(key), value) for key, value in values.items()])


def plain(node: Node) -> object:
    """The node as JSON has it."""
    if isinstance(node, Leaf):
        return node.value
    if node.keyed:
        return {member.name: plain(member.value) for member in node.members}
    return [plain(member.value) for member in node.members]


def members(node: Node) -> Iterator[Member]:
    """Every member below a node, outer ones first."""
    waiting = [node]
    while waiting:
        here = waiting.pop()
        if isinstance(here, Group):
            yield from here.members
            waiting += [member.value for member in here.members]


def notes_of(root: Group) -> list[str]:
    """Every comment in a document, in no particular order."""
    found = [note.text for note in root.last]
    for member in members(root):
        found += [note.text for note in member.notes] + ([] if member.behind is None else [member.behind])
        found += [note.text for note in member.value.last] if isinstance(member.value, Group) else []
    return found


Ends = Callable[[Group, int], bool]
"""Whether a comment at a place still belongs to a group that ended before it."""


def place_notes(root: Group, notes: list[tuple[int, bool, Note]], ends: Ends = lambda group, at: False) -> None:
    """Give each comment (where it starts, whether something stands before it on its line) to what it stands beside."""
    for at, trailing, note in notes:
        _place(root, at, trailing, note, ends)


def _place(group: Group, at: int, trailing: bool, note: Note, ends: Ends) -> None:
    owner: Member | None = None
    while True:
        before, after = _around(group, at)
        waiting = after.notes if after is not None else group.last
        if before is None:
            break
        inside = before.span.start < at < before.span.end
        if isinstance(before.value, Leaf):
            if at < before.value.span.start and "//" in str(
                before.value.value
            ):  # it has comments of its own, which come later
                before.notes.append(note)
                return
            trailing = (
                trailing or inside
            ) and before.span.start < before.span.end  # documentation has no place of its own
            break
        if not inside and (trailing or waiting or not ends(before.value, at)):
            break
        group, owner = before.value, before
    beside = _beside(group, before, owner) if trailing and not waiting else None
    if beside is not None and beside.behind is None:
        beside.behind = note.text
    else:
        waiting.append(note)


def _beside(group: Group, before: Member | None, owner: Member | None) -> Member | None:
    """The member that a comment behind something on its line stands behind, where the last member before it is known."""
    if before is not None:
        return _innermost(before)
    return owner if group.members and not group.flow else None


def _innermost(member: Member) -> Member | None:
    """The last member of the line that a member ends with; None when comments follow it already."""
    while isinstance(member.value, Group):
        if member.value.last:
            return None
        if member.value.flow or not member.value.members:
            break
        member = member.value.members[-1]
    return member


def _around(group: Group, at: int) -> tuple[Member | None, Member | None]:
    """The last member that starts before a place, and the next one."""
    low, high = 0, len(group.members)
    while low < high:
        middle = (low + high) // 2
        if group.members[middle].span.start < at:
            low = middle + 1
        else:
            high = middle
    before = group.members[low - 1] if low else None
    return before, group.members[low] if low < len(group.members) else None
