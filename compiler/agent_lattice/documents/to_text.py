"""A document → the text of the program that it stands for; what has the wrong shape is reported where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from agent_lattice.diagnostics import Report, did_you_mean
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
    missing,
    slots,
    way,
)
from agent_lattice.documents.leaves import Leaves, found
from agent_lattice.documents.mistakes import EXCLUSIVE, MISSING_KEY, UNKNOWN_KEY, WRONG_VALUE
from agent_lattice.documents.sections import sections
from agent_lattice.documents.texts import is_written
from agent_lattice.documents.translated import Translated, Written, shown_place
from agent_lattice.source import Source, Span

DOC = "doc"


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
        self.report = report
        self.leaves = Leaves(out, report)
        self.begun: set[int] = set()
        """Members whose comments are written, before the keyword of their rule."""

    def root(self, root: Group) -> None:
        """The sections; in a list of maps they may come again."""
        if root.keyed:
            self._sections(root)
        for member in root.members if not root.keyed else ():
            number = self._begin(member)
            if isinstance(member.value, Group) and member.value.keyed:
                if len(member.value.members) != 1:
                    self._one_key(member.value, "section")
                self._sections(member.value)
            else:
                self._expected("a map with one section", member.value)
            self.out.close(number)
        if not root.keyed:
            self._notes(root)

    def _sections(self, group: Group) -> None:
        known = sections()
        for member in group.members:
            number = self._begin(member)
            if member.name in known:
                section = known[member.name]
                if isinstance(member.value, Leaf) or not isinstance(section.shape, Entries | Items):
                    self._expected(f"the {member.name} of the program", member.value)
                else:
                    self._slot_value(section.shape, member)
            else:
                self._unknown(member, known)
            self.out.close(number)
        self._notes(group)

    def _begin(self, member: Member) -> int:
        """What stands before a member, and its beginning."""
        if id(member) not in self.begun:
            self._before(member)
        return self.out.open(shown_place(member))

    def _before(self, member: Member) -> None:
        for note in member.notes:
            if note.blank:
                self.out.blank()
            self.out.note(note.text)
        if member.blank:
            self.out.blank()

    def _notes(self, group: Group) -> None:
        for note in group.last:
            if note.blank:
                self.out.blank()
            self.out.note(note.text)

    def form(self, form: Form, node: Node, owner: Span, key: Leaf | None = None) -> None:
        """A form from its map, or from the value that says it all. `owner`: what is shown when something is missing."""
        members = self._members(form, node)
        if members is None:
            return
        given = {member.name: member for member in members}
        keys = frozenset(name for name in given if name in form.slots)
        self._check_missing(form, keys, owner)
        self._check_exclusive(form.pieces, given)
        doc = given.get(DOC) if form.documented else None
        if doc:
            self._doc(doc)
        lines = isinstance(node, Group) and not node.flow
        self.pieces(form.pieces, given, key, lines)
        if isinstance(node, Group) and not (form.only and not form.documented):
            self._notes(node)

    def _members(self, form: Form, node: Node) -> list[Member] | None:
        """The map of a form. A bare value becomes a map of one key."""
        one = form.only or form.bare
        if isinstance(node, Group) and node.keyed and not _is_value(form, node):
            for member in node.members:
                if not self._known(form, member):
                    self._unknown(member, self._keys(form))
            return [m for m in node.members if self._known(form, m) and not self._is_off(form, m)]
        if one is not None and (form.only is not None or isinstance(node, Leaf)):
            return [Member(Leaf(one.key, node.span), node, node.span)]
        if (
            form.key is not None
            and not form.slots
            and form.clauses is None
            and isinstance(node, Leaf)
            and node.value is None
        ):
            return []
        wanted = f"a map of {_listed(self._keys(form))}" if self._keys(form) else "an empty map"
        self._expected(wanted, node)
        return None

    @staticmethod
    def _keys(form: Form) -> list[str]:
        words = [*form.clauses.rules, form.clauses.key] if form.clauses else []
        return [*form.slots, *words, *([DOC] if form.documented else [])]

    def _known(self, form: Form, member: Member) -> bool:
        return member.name in self._keys(form)

    def _is_off(self, form: Form, member: Member) -> bool:
        """Whether a flag says that its word is not there."""
        slot = form.slots.get(member.name)
        return (
            slot is not None
            and isinstance(slot.shape, Flag)
            and not slot.shape.needed
            and isinstance(member.value, Leaf)
            and member.value.value is False
        )

    def _check_missing(self, form: Form, keys: frozenset[str], owner: Span) -> None:
        for group in missing(form.pieces, keys):
            names = [name for name in group if name]
            if names:
                self.report.add(
                    MISSING_KEY,
                    f"{'`' + form.title + '`'} needs {' or '.join(f'`{name}`' for name in names)}",
                    owner,
                    help=f"add `{names[0]}:`",
                )

    def _check_exclusive(self, pieces: tuple[Piece, ...], given: dict[str, Member]) -> None:
        for piece in pieces:
            if isinstance(piece, Nest | Maybe):
                self._check_exclusive(piece.pieces, given)
            elif isinstance(piece, Either):
                present = [inner for inner in piece.ways if held(inner, frozenset(given))]
                for inner in present[1:]:
                    first = next(slot.key for slot in slots(present[0]) if slot.key in given)
                    member = next(given[slot.key] for slot in slots(inner) if slot.key in given)
                    assert member.key is not None
                    self.report.add(EXCLUSIVE, f"`{member.name}` cannot stand beside `{first}`", member.key.span)

    def _doc(self, member: Member) -> None:
        if not isinstance(member.value, Leaf) or not isinstance(member.value.value, str):
            self._expected("a text", member.value)
            return
        for line in member.value.value.replace("\r", "\n").split("\n"):
            self.out.note(f"/ {line}".rstrip())

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

    def _nest(self, pieces: tuple[Piece, ...], given: dict[str, Member]) -> None:
        """Comments and empty lines of the one value of a rule stand before its keyword."""
        own = [given[slot.key] for slot in slots(pieces) if slot.key in given]
        if len(own) == 1 and isinstance(pieces[0], Mark) and pieces[0].text.isidentifier():
            self._before(own[0])
            self.begun.add(id(own[0]))

    def _entry_key(self, shape: Scalar, key: Leaf) -> None:
        if shape.sort == "name" and not _names(shape, key):
            self.report.add(WRONG_VALUE, f"expected {shape.doc} as the key, found `{key.value}`", key.span)
            return
        text = key.value
        if shape.sort != "name" and isinstance(text, str) and is_written(text):
            self.out.value(text, key, "literal")
            return
        self.leaves.write(shape, key)

    def _slot(self, slot: Slot, member: Member) -> None:
        number = self._begin(member)
        self._slot_value(slot.shape, member)
        self.out.close(number)

    def _slot_value(self, shape: Shape, member: Member) -> None:
        with self._commented(member):
            self.shape(shape, member.value, shown_place(member), member.name)

    @contextmanager
    def _commented(self, member: Member) -> Iterator[None]:
        """The comment behind a member; behind the key of a group with lines of its own it comes first."""
        value = member.value
        opened = isinstance(value, Group) and not value.flow and bool(value.members)
        if member.behind is not None and opened:
            self.out.behind(member.behind)
        yield
        if member.behind is not None and not opened:
            self.out.behind(member.behind)

    def shape(self, shape: Shape, node: Node, owner: Span, name: str = "") -> None:
        match shape:
            case Scalar():
                self.leaves.write(shape, node, name)
            case Flag(word, needed):
                if isinstance(node, Leaf) and node.value is True:
                    self.out.word(word)
                else:
                    self._expected("`true`" if needed else "`true` or `false`", node)
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
            self._expected("a list", node)
            return
        if len(node.members) < shape.least:
            self.report.add(WRONG_VALUE, "this list needs an item", node.span if node.span.text else owner)
        for at, member in enumerate(node.members):
            number = self._separate(node, member, shape.sign if at else "")
            for word in shape.before:
                self.out.word(word)
            self._slot_value(shape.item, member)
            self.out.close(number)
        self._end(node)

    def _separate(self, group: Group, member: Member, sign: str) -> int:
        if sign:
            self.out.word(sign[0])
        if not group.flow:
            self.out.line()
        return self._begin(member)

    def _end(self, group: Group) -> None:
        if group.members and not group.flow:
            self.out.line()
        self._notes(group)

    def _entries(self, shape: Entries, node: Node, owner: Span) -> None:
        if isinstance(node, Leaf):
            self._expected("a map by name", node)
            return
        if len(node.members) < shape.least:
            self.report.add(WRONG_VALUE, "this map needs an entry", node.span if node.span.text else owner)
        form = forms()[shape.rule]
        for at, member in enumerate(node.members):
            number = self._separate(node, member, shape.sign if at else "")
            if node.keyed:
                self._entry(form, member, shape)
            else:
                self._item_entry(form, member, shape)
            self.out.close(number)
        self._end(node)

    def _item_entry(self, form: Form, item: Member, shape: Entries) -> None:
        """An item of a list of entries: a map of one key, or the value of an entry without one."""
        value = item.value
        if isinstance(value, Group) and value.keyed:
            if len(value.members) != 1:
                self._one_key(value, "entry")
                return
            if item.behind is not None:
                value.members[0].behind = value.members[0].behind or item.behind
            self._begin(value.members[0])
            self._entry(form, value.members[0], shape)
            self.out.close(self.out.parent)
        elif form.unkeyed is not None and isinstance(value, Leaf):
            self._slot_value(form.unkeyed.shape, item)
        else:
            self._expected("a map with one key" + (" or an expression" if form.unkeyed else ""), value)

    def _entry(self, form: Form, member: Member, shape: Entries) -> None:
        assert member.key is not None
        with self._commented(member):
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
            self._expected(f"a map with one key, such as `{next(iter(known))}:`", node)
            return
        for member in node.members:
            if member.name not in known:
                self._unknown(member, known)
        if len(node.members) != 1:
            self._one_key(node, "step")
            return
        member = node.members[0]
        if member.name in known:
            self._chosen(known[member.name], member)
        self._notes(node)

    def _chosen(self, form: Form, member: Member) -> None:
        assert member.key is not None
        number = self._begin(member)
        with self._commented(member):
            self.form(form, member.value, member.key.span)
        self.out.close(number)

    def _clauses(self, piece: Clauses, given: dict[str, Member], lines: bool) -> None:
        """The clauses in the order of the document, on a line each unless the whole map is on one."""
        for member in given.values():
            if member.name in piece.rules:
                if lines:
                    self.out.line()
                number = self._begin(member)
                self._clause(forms()[piece.rules[member.name]], member)
                self.out.close(number)
            elif member.name == piece.key:
                self._clause_list(piece, member)
        if lines and any(member.name in piece.rules for member in given.values()):
            self.out.line()

    def _clause_list(self, piece: Clauses, member: Member) -> None:
        """All clauses in a list of maps of one key, in any order."""
        value = member.value
        if isinstance(value, Leaf) or value.keyed:
            self._expected("a list of maps with one key", value)
            return
        for item in value.members:
            number = self._separate(value, item, "")
            inner = item.value
            if isinstance(inner, Leaf) or not inner.keyed or len(inner.members) != 1:
                self._expected("a map with one key", inner)
            elif (only := inner.members[0]).name not in piece.rules:
                self._unknown(only, piece.rules)
            else:
                self._begin(only)
                self._clause(forms()[piece.rules[only.name]], only)
                self.out.close(self.out.parent)
            self.out.close(number)
        self._end(value)

    def _clause(self, form: Form, member: Member) -> None:
        """All clauses of a word: entries, one value, or a list of values."""
        value = member.value
        assert member.key is not None
        if form.key is not None:
            self.shape(clause_entries(form), value, member.key.span)
        elif isinstance(value, Group) and not value.keyed:
            for item in value.members:
                number = self._separate(value, item, "")
                self._valued(form, item, shown_place(item))
                self.out.close(number)
            self._end(value)
            if not value.members:
                self.report.add(WRONG_VALUE, "this list needs an item", value.span)
        else:
            self._valued(form, member, member.key.span)

    def _valued(self, form: Form, member: Member, owner: Span) -> None:
        with self._commented(member):
            self.form(form, member.value, owner)

    def _unknown(self, member: Member, known: Iterable[str]) -> None:
        names = list(known)
        assert member.key is not None
        help, fix = did_you_mean(member.name, names, member.key.span)
        self.report.add(
            UNKNOWN_KEY, f"there is no key `{member.name}` here", member.key.span, help=help, fix=fix,
            notes=(f"there are {_listed(names)}",) if names else (),
        )  # fmt: skip

    def _one_key(self, group: Group, sort: str) -> None:
        if not group.members:
            self.report.add(WRONG_VALUE, f"this {sort} is empty: it needs a key", group.span)
            return
        second = group.members[1]
        assert second.key is not None
        self.report.add(
            WRONG_VALUE, f"a {sort} is a map with one key; `{second.name}` is a second one", second.key.span,
            help="give it an item of its own, or indent it below the first",
        )  # fmt: skip

    def _expected(self, wanted: str, node: Node) -> None:
        self.report.add(WRONG_VALUE, f"expected {wanted}, found {found(node)}", node.span)


def _names(shape: Scalar, key: Leaf) -> bool:
    return isinstance(key.value, str) and re.fullmatch(shape.pattern, key.value) is not None


def _is_value(form: Form, node: Group) -> bool:
    """Whether a map is the one value of a form and not the map of its keys."""
    if form.only is None:
        return False
    return not (isinstance(form.only.shape, Scalar) and form.documented)


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
