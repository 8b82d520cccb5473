"""A document → the text of the program that it stands for; what has the wrong shape is reported where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent_lattice.diagnostics import Report
from agent_lattice.documents.data import Group, Leaf, Member, Node
from agent_lattice.documents.deriving import clause_entries, forms
from agent_lattice.documents.forms import (
    KEY,
    Choices,
    Clauses,
    Either,
    Entries,
    Flag,
    Form,
    Items,
    Mark,
    Maybe,
    Nest,
    Piece,
    Scalar,
    Shape,
    Slot,
    held,
    slots,
    way,
)
from agent_lattice.documents.leaves import Leaves
from agent_lattice.documents.mistakes import WRONG_VALUE
from agent_lattice.documents.refusals import Refusals, listed
from agent_lattice.documents.sections import sections
from agent_lattice.documents.texts import is_written
from agent_lattice.documents.translated import Translated, Written, shown_place
from agent_lattice.source import Source, Span

DOC = "doc"
SCHEMA = "$schema"
"""A key for editors, which says nothing about the program."""


def text_of(root: Group, origin: Source, report: Report) -> Translated | None:
    """The text of a document with what is needed to find places of it again; None when its shape is wrong, which is reported."""
    before = len(report.found)
    out = Written()
    _Writing(out, report).root(root)
    out.line()
    return None if len(report.found) > before else Translated(origin, out)


class _Writing:
    """Walks a document along the forms."""

    def __init__(self, out: Written, report: Report) -> None:
        self.out = out
        self.leaves = Leaves(out, report)
        self.refusals = Refusals(report)

    def root(self, root: Group) -> None:
        """The sections; in a list of maps they may come again."""
        if root.keyed:
            self._sections(root, top=True)
            return
        for member in root.members:
            with self.out.member(member):
                if isinstance(member.value, Group) and member.value.keyed:
                    if len(member.value.members) != 1:
                        self.refusals.one_key(member.value, "section")
                    self._sections(member.value)
                else:
                    self.refusals.expected("a map with one section", member.value)
        self.out.notes(root)

    def _sections(self, group: Group, top: bool = False) -> None:
        known = sections()
        for member in group.members:
            with self.out.member(member):
                if top and member.name == SCHEMA:
                    if not isinstance(member.value, Leaf) or not isinstance(member.value.value, str):
                        self.refusals.expected("the name of a schema", member.value)
                elif member.name not in known:
                    self.refusals.unknown(member, known)
                elif isinstance(member.value, Leaf):
                    self.refusals.expected(f"the {member.name} of the program", member.value)
                else:
                    self.shape(known[member.name].shape, member.value, shown_place(member), member.name)
        self.out.notes(group)

    def form(self, form: Form, node: Node, owner: Span, key: Leaf | None = None) -> None:
        """A form from its map, or from the value that says it all. `owner`: what is shown when something is missing."""
        members = self._members(form, node)
        if members is None:
            return
        given = {member.name: member for member in members}
        self.refusals.missing(form, frozenset(name for name in given if name in form.slots), owner)
        self.refusals.exclusive(form.pieces, given)
        if form.documented:
            self._document(given.get(DOC))
        lines = isinstance(node, Group) and not node.flow
        self.pieces(form.pieces, given, key, lines)
        if isinstance(node, Group) and not (form.only and not form.documented):
            self.out.notes(node)

    def _members(self, form: Form, node: Node) -> list[Member] | None:
        """The map of a form. A bare value becomes a map of one key."""
        one = form.only or form.bare
        if isinstance(node, Group) and node.keyed and not _is_value(form, node):
            return [member for member in node.members if self._stands(form, member)]
        if one is not None and (form.only is not None or isinstance(node, Leaf)):
            return [Member(Leaf(one.key, node.span), node, node.span)]
        if _may_be_nothing(form) and isinstance(node, Leaf) and node.value is None:
            return []
        keys = self._keys(form)
        self.refusals.expected(f"a map of {listed(keys)}" if keys else "an empty map", node)
        return None

    def _stands(self, form: Form, member: Member) -> bool:
        """Whether a member of a map is part of the text. A flag that says that its word is not there leaves its comments only."""
        keys = self._keys(form)
        if member.name not in keys:
            self.refusals.unknown(member, keys)
            return False
        slot = form.slots.get(member.name)
        if slot is None or not _is_off(slot, member.value):
            return True
        with self.out.member(member):
            return False

    @staticmethod
    def _keys(form: Form) -> list[str]:
        words = [*form.clauses.rules, form.clauses.key] if form.clauses else []
        return [*form.slots, *words, *([DOC] if form.documented else [])]

    def pieces(self, pieces: tuple[Piece, ...], given: dict[str, Member], key: Leaf | None, lines: bool) -> None:
        for piece in pieces:
            match piece:
                case Mark(text):
                    self.out.word(text)
                case Slot(key=name, shape=shape) if name == KEY:
                    if key is not None and isinstance(shape, Scalar):
                        self._entry_key(shape, key)
                case Slot(key=name):
                    if name in given:
                        self._slot(piece, given[name])
                case Nest(pieces=inner):
                    self._nest(inner, given)
                    self.pieces(inner, given, key, lines)
                case Maybe(inner) if held(inner, frozenset(given)):
                    self.pieces(inner, given, key, lines)
                case Either(ways):
                    chosen = way(ways, frozenset(given))
                    if chosen is not None:
                        self.pieces(ways[chosen], given, key, lines)
                case Clauses():
                    self._clauses(piece, given, lines)

    def _document(self, member: Member | None) -> None:
        """What documents the form that begins, which no comment beside it does."""
        if member is not None:
            with self.out.member(member):
                pass
            self.out.line()
        self.out.documentable()
        if member is None:
            return
        if isinstance(member.value, Leaf) and isinstance(member.value.value, str):
            self.out.doc(member.value.value)
        else:
            self.refusals.expected("a text", member.value)

    def _nest(self, pieces: tuple[Piece, ...], given: dict[str, Member]) -> None:
        """Comments and empty lines of the one value of a rule stand before its keyword."""
        own = [given[slot.key] for slot in slots(pieces) if slot.key in given]
        if len(own) == 1 and isinstance(pieces[0], Mark) and pieces[0].text.isidentifier():
            self.out.before(own[0])

    def _entry_key(self, shape: Scalar, key: Leaf) -> None:
        if shape.sort == "name" and not _names(shape, key):
            self.refusals.report.add(WRONG_VALUE, f"expected {shape.doc} as the key, found `{key.value}`", key.span)
            return
        text = key.value
        if shape.sort != "name" and isinstance(text, str) and is_written(text):
            self.out.value(text, key, "literal")
            return
        self.leaves.write(shape, key)

    def _slot(self, slot: Slot, member: Member) -> None:
        with self.out.member(member):
            self.shape(slot.shape, member.value, shown_place(member), member.name)

    def shape(self, shape: Shape, node: Node, owner: Span, name: str = "") -> None:
        match shape:
            case Scalar():
                self.leaves.write(shape, node, name)
            case Flag(word, needed):
                if isinstance(node, Leaf) and node.value is True:
                    self.out.word(word)
                else:
                    self.refusals.expected("`true`" if needed else "`true` or `false`", node)
            case Items():
                self._items(shape, node, owner)
            case Entries():
                self._entries(shape, node, owner)
            case Choices():
                self._choice(shape, node)
            case _:
                self.form(forms()[shape.rule], node, owner)

    def _items(self, shape: Items, node: Node, owner: Span) -> None:
        if isinstance(node, Leaf) or node.keyed:
            self.refusals.expected("a list", node)
            return
        if len(node.members) < shape.least:
            self.refusals.empty("this list needs an item", node, owner)
        for member in self._separated(node, shape.sign):
            for word in shape.before:
                self.out.word(word)
            self.shape(shape.item, member.value, shown_place(member), member.name)

    def _separated(self, group: Group, sign: str = "") -> Iterator[Member]:
        """The members of a group, to be written one by one, with the sign and the lines between them and the comments around."""
        for at, member in enumerate(group.members):
            if at and sign:
                self.out.word(sign[0])
            if not group.flow:
                self.out.line()
            with self.out.member(member):
                yield member
        if group.members and not group.flow:
            self.out.line()
        self.out.notes(group)

    def _entries(self, shape: Entries, node: Node, owner: Span) -> None:
        if isinstance(node, Leaf):
            self.refusals.expected("a map by name", node)
            return
        if len(node.members) < shape.least:
            self.refusals.empty("this map needs an entry", node, owner)
        form = forms()[shape.rule]
        for member in self._separated(node, shape.sign):
            if node.keyed:
                self._entry(form, member, shape)
            else:
                self._item_entry(form, member, shape)

    def _item_entry(self, form: Form, item: Member, shape: Entries) -> None:
        """An item of a list of entries: a map of one key, or the value of an entry without one."""
        value = item.value
        if isinstance(value, Group) and value.keyed:
            if len(value.members) != 1:
                self.refusals.one_key(value, "entry")
                return
            for member in self._inside(value):
                self._entry(form, member, shape)
        elif form.unkeyed is not None and isinstance(value, Leaf):
            self.shape(form.unkeyed.shape, value, value.span)
        else:
            self.refusals.expected("a map with one key" + (" or an expression" if form.unkeyed else ""), value)

    def _inside(self, group: Group) -> Iterator[Member]:
        """The one member of a map, to be written, with the comments around it."""
        with self.out.member(group.members[0]):
            yield group.members[0]
        self.out.notes(group)

    def _entry(self, form: Form, member: Member, shape: Entries) -> None:
        assert member.key is not None
        if shape.settings and form.only is not None and isinstance(form.only.shape, Scalar):
            self._setting(form, member, shape.settings)
        else:
            self.form(form, member.value, member.key.span, member.key)

    def _setting(self, form: Form, member: Member, table: str) -> None:
        """A setting whose table says what it may be."""
        assert member.key is not None and form.only is not None and isinstance(form.only.shape, Scalar)
        own = form.only.shape
        shape = Scalar(own.sort, own.doc, own.terminals, own.rule, own.pattern, own.values, table)
        for piece in form.pieces:
            if isinstance(piece, Mark):
                self.out.word(piece.text)
            elif isinstance(piece, Slot) and piece.key == KEY:
                assert isinstance(piece.shape, Scalar)
                self._entry_key(piece.shape, member.key)
            else:
                self.leaves.write(shape, member.value, member.name)

    def _choice(self, shape: Choices, node: Node) -> None:
        """A map of one key, the word of a form."""
        known = {forms()[rule].word: forms()[rule] for rule in shape.rules}
        if shape.plain is not None and isinstance(node, Leaf):
            self.leaves.write(shape.plain, node)
            return
        if isinstance(node, Leaf) or not node.keyed:
            self.refusals.expected(f"a map with one key, such as `{next(iter(known))}:`", node)
            return
        for member in node.members:
            if member.name not in known:
                self.refusals.unknown(member, known)
        if len(node.members) != 1:
            self.refusals.one_key(node, "step")
        elif node.members[0].name in known:
            for member in self._inside(node):
                assert member.key is not None
                self.form(known[member.name], member.value, member.key.span)

    def _clauses(self, piece: Clauses, given: dict[str, Member], lines: bool) -> None:
        """The clauses in the order of the document, on a line each unless the whole map is on one."""
        for member in given.values():
            if member.name in piece.rules:
                if lines:
                    self.out.line()
                with self.out.member(member):
                    self._clause(forms()[piece.rules[member.name]], member)
            elif member.name == piece.key:
                with self.out.member(member):
                    self._clause_list(piece, member.value)
        if lines and any(member.name in piece.rules for member in given.values()):
            self.out.line()

    def _clause_list(self, piece: Clauses, value: Node) -> None:
        """All clauses in a list of maps of one key, in any order."""
        if isinstance(value, Leaf) or value.keyed:
            self.refusals.expected("a list of maps with one key", value)
            return
        for item in self._separated(value):
            inner = item.value
            if isinstance(inner, Leaf) or not inner.keyed or len(inner.members) != 1:
                self.refusals.expected("a map with one key", inner)
            elif (only := inner.members[0]).name not in piece.rules:
                self.refusals.unknown(only, piece.rules)
            else:
                for member in self._inside(inner):
                    self._clause(forms()[piece.rules[member.name]], member)

    def _clause(self, form: Form, member: Member) -> None:
        """All clauses of a word: entries, one value, or a list of values."""
        value = member.value
        assert member.key is not None
        if form.key is not None:
            self.shape(clause_entries(form), value, member.key.span)
        elif isinstance(value, Group) and not value.keyed:
            if not value.members:
                self.refusals.empty("this list needs an item", value, member.key.span)
            for item in self._separated(value):
                self.form(form, item.value, shown_place(item))
        else:
            self.form(form, value, member.key.span)


def _may_be_nothing(form: Form) -> bool:
    """Whether an entry has nothing but its key."""
    return form.key is not None and not form.slots and form.clauses is None


def _is_off(slot: Slot, node: Node) -> bool:
    """Whether a flag says that its word is not there."""
    return isinstance(slot.shape, Flag) and not slot.shape.needed and isinstance(node, Leaf) and node.value is False


def _names(shape: Scalar, key: Leaf) -> bool:
    return isinstance(key.value, str) and re.fullmatch(shape.pattern, key.value) is not None


def _is_value(form: Form, node: Group) -> bool:
    """Whether a map is the one value of a form and not the map of its keys."""
    if form.only is None:
        return False
    return not (isinstance(form.only.shape, Scalar) and form.documented)
