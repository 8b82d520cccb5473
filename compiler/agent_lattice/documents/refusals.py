"""What is said about a document whose shape is wrong."""

from __future__ import annotations

from collections.abc import Iterable

from agent_lattice.diagnostics import Report, did_you_mean
from agent_lattice.documents.data import Group, Member, Node
from agent_lattice.documents.forms import Either, Form, Maybe, Nest, Piece, held, missing, slots
from agent_lattice.documents.mistakes import EXCLUSIVE, MISSING_KEY, UNKNOWN_KEY, WRONG_VALUE
from agent_lattice.source import Span


class Refusals:
    """Reports where keys and values are not as they should be."""

    def __init__(self, report: Report) -> None:
        self.report = report

    def expected(self, wanted: str, node: Node, help: str = "") -> None:
        """A value that is something else."""
        self.report.add(WRONG_VALUE, f"expected {wanted}, found {found(node)}", node.span, help=help)

    def empty(self, what: str, node: Group, owner: Span) -> None:
        """A list or map without what it needs; `owner` is shown where it has no place of its own."""
        self.report.add(WRONG_VALUE, what, node.span if node.span.text else owner)

    def unknown(self, member: Member, known: Iterable[str]) -> None:
        """A key that is none of those known."""
        names = list(known)
        assert member.key is not None
        help, fix = did_you_mean(member.name, names, member.key.span)
        self.report.add(
            UNKNOWN_KEY, f"there is no key `{member.name}` here", member.key.span, help=help, fix=fix,
            notes=(f"there are {listed(names)}",) if names else (),
        )  # fmt: skip

    def one_key(self, group: Group, sort: str) -> None:
        """A map that should have one key and has none, or more."""
        if not group.members:
            self.report.add(WRONG_VALUE, f"this {sort} is empty: it needs a key", group.span)
            return
        second = group.members[1]
        assert second.key is not None
        self.report.add(
            WRONG_VALUE, f"a {sort} is a map with one key; `{second.name}` is a second one", second.key.span,
            help="give it an item of its own, or indent it below the first",
        )  # fmt: skip

    def missing(self, form: Form, keys: frozenset[str], owner: Span) -> None:
        """Keys that a form needs beside those given."""
        for group in missing(form.pieces, keys):
            names = [name for name in group if name]
            if names:
                self.report.add(
                    MISSING_KEY,
                    f"{'`' + form.title + '`'} needs {' or '.join(f'`{name}`' for name in names)}",
                    owner,
                    help=f"add `{names[0]}:`",
                )

    def exclusive(self, pieces: tuple[Piece, ...], given: dict[str, Member]) -> None:
        """Keys of which only one may be there."""
        for piece in pieces:
            if isinstance(piece, Nest | Maybe):
                self.exclusive(piece.pieces, given)
            elif isinstance(piece, Either):
                present = [inner for inner in piece.ways if held(inner, frozenset(given))]
                for inner in present[1:]:
                    first = next(slot.key for slot in slots(present[0]) if slot.key in given)
                    member = next(given[slot.key] for slot in slots(inner) if slot.key in given)
                    assert member.key is not None
                    self.report.add(EXCLUSIVE, f"`{member.name}` cannot stand beside `{first}`", member.key.span)


def found(node: Node) -> str:
    """What stands there, in words."""
    if isinstance(node, Group):
        return "a map" if node.keyed else "a list"
    kinds = {str: "a text", bool: "a truth value", int: "a number", float: "a number", type(None): "nothing"}
    text = node.value
    shown = isinstance(text, str) and 0 < len(text) < 30 and text.isprintable()
    return kinds[type(text)] + (f" `{text}`" if shown else "")


def listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
