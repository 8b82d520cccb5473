"""A program as text → the document that says the same."""

from __future__ import annotations

from typing import Any

from lark import Token

from agent_lattice.diagnostics import Report
from agent_lattice.documents.branches import Braces, Branch, bounds, branch_parser, run_of, runs_of, stands
from agent_lattice.documents.data import Group, Leaf, Member, Node, place_notes
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
    Skip,
    Slot,
    slots,
)
from agent_lattice.documents.owners import declared, setting_tables
from agent_lattice.documents.sections import section_of
from agent_lattice.documents.taken_values import Values
from agent_lattice.documents.texts import is_written
from agent_lattice.parse import declarations_of, doc_text
from agent_lattice.source import Source, Span


def document_of(source: Source) -> Group:
    """The document of a text without syntax errors."""
    parser = branch_parser()
    read = declarations_of(source, parser, Report())
    comments = sorted(parser.comments, key=lambda c: c.start_pos or 0)
    branches = [child for child in read if isinstance(child, Branch)]
    taking = _Taking(source, comments, Braces(branches))
    root = taking.module(branches)
    place_notes(root, list(taking.notes()))
    return root


class _Taking(Values):
    """Walks what was read along the forms."""

    def module(self, declarations: list[Branch]) -> Group:
        """Sections by the sort of declaration; a list of them where one sort stands at several places."""
        runs = runs_of(declarations)
        made = [self._section(rule, found) for rule, found in runs]
        if len({rule for rule, _ in runs}) == len(runs):
            return self.group(True, made, 0, len(self.source.text))
        items = [
            Member(None, self.group(True, [member], member.span.start, member.span.end), member.span) for member in made
        ]
        for item, member in zip(items, made, strict=True):
            item.blank, member.blank = member.blank, False
        return self.group(False, items, 0, len(self.source.text))

    def _section(self, rule: str, found: list[Branch]) -> Member:
        assert rule in declared()
        section = section_of(rule)
        start, end = found[0].span.start, found[-1].span.end
        if isinstance(section.shape, Entries):
            value = self._entries(section.shape.rule, found, start, end)
        else:
            value = self.group(False, [self.member(self._form(forms()[rule], b), b) for b in found], start, end)
        value.flow = False
        member = Member(Leaf(section.name), value, Span(self.source, start, end))
        member.blank = value.members[0].blank
        value.members[0].blank = False
        return member

    def _form(self, form: Form, branch: Branch) -> Node:
        """A form as its map, or as the one value that says it all."""
        found: dict[str, Member] = {}
        at = self.match(form.pieces, branch.children, 0, found)
        if at != len(branch.children):
            raise AssertionError(f"{form.rule} is not read as its form says: {branch.children}")
        found.pop(KEY, None)
        doc = self._doc(form, branch)
        if doc is None and form.only is not None:
            one = found.get(form.only.key)
            return one.value if one else Group(isinstance(form.only.shape, Entries), [], True, branch.span)
        if doc is None and form.bare is not None and list(found) == [form.bare.key]:
            bare = found[form.bare.key].value
            if isinstance(bare, Leaf):
                return bare
        start, end = branch.span.start, branch.span.end
        members = [] if doc is None else [Member(Leaf("doc"), Leaf(doc), Span(self.source, start, start))]
        group = self.group(True, members + list(found.values()), start, end)
        clauses = len(group.members) - len([key for key in found if key in form.slots])
        group.flow = group.flow and form.clauses is not None and clauses == 1 and doc is None
        return group

    def _doc(self, form: Form, branch: Branch) -> str | None:
        if not form.documented or branch.span.start not in self.docs:
            return None
        own = self.docs[branch.span.start]
        self.used |= set(own)
        return doc_text(self.comments[number] for number in own)

    def match(self, pieces: tuple[Piece, ...], children: list[Any], at: int, found: dict[str, Member]) -> int:
        """Read pieces from the children at `at`: the place behind them, or -1 when they do not stand there."""
        for piece in pieces:
            at = self._match(piece, children, at, found)
            if at < 0:
                return -1
        return at

    def _match(self, piece: Piece, children: list[Any], at: int, found: dict[str, Member]) -> int:
        child = children[at] if at < len(children) else None
        match piece:
            case Mark(text):
                return at + 1 if isinstance(child, Token) and child == text else -1
            case Skip(text):
                return at + 1 if isinstance(child, Token) and child == text else at
            case Maybe(inner):
                return max(at, self._maybe(inner, children, at, found))
            case Either(ways):
                tried = (self._try(inner, children, at, found) for inner in ways)
                return next((end for end in tried if end >= 0), -1)
            case Nest(rule=rule, pieces=inner):
                if not isinstance(child, Branch) or child.rule != rule:
                    return -1
                return at + 1 if self._nest(inner, child, found) else -1
            case Clauses():
                return self._clauses(piece, children, at, found)
            case Slot():
                return self._slot(piece, children, at, found)
        raise TypeError(piece)

    def _try(self, pieces: tuple[Piece, ...], children: list[Any], at: int, found: dict[str, Member]) -> int:
        own: dict[str, Member] = {}
        end = self.match(pieces, children, at, own)
        if end >= 0:
            found |= own
        return end

    def _nest(self, pieces: tuple[Piece, ...], child: Branch, found: dict[str, Member]) -> bool:
        own: dict[str, Member] = {}
        if self.match(pieces, child.children, 0, own) != len(child.children):
            return False
        if len(own) == 1 and str(child.children[0]).isidentifier():
            member = next(iter(own.values()))
            member.span, member.blank = child.span, self.blank(child.span.start)
        found |= own
        return True

    def _maybe(self, pieces: tuple[Piece, ...], children: list[Any], at: int, found: dict[str, Member]) -> int:
        """Pieces that are there with nothing in them (`{ }`, `else { }`) are kept as something empty."""
        own: dict[str, Member] = {}
        end = self._try(pieces, children, at, own)
        if end > at and not own and (inside := slots(pieces)):
            low, high = bounds(children[at])[0], bounds(children[end - 1])[1]
            group = self.group(isinstance(inside[0].shape, Entries), [], low, high)
            own[inside[0].key] = Member(Leaf(inside[0].key), group, group.span)
        found |= own
        return end

    def _slot(self, slot: Slot, children: list[Any], at: int, found: dict[str, Member]) -> int:
        low = bounds(children[at - 1])[1] if at else bounds(children[at])[0] if at < len(children) else 0
        read = self._shape(slot.shape, children, at)
        if read is None:
            return -1
        value, end = read
        high = bounds(children[end])[0] if end < len(children) else bounds(children[end - 1])[1]
        if isinstance(value, Group):
            self._widen(value, low, high)
            if not value.members and end == at:
                return at  # nothing stands there
        found[slot.key] = Member(Leaf(slot.key), value, value.span)
        return end

    def _widen(self, group: Group, low: int, high: int) -> None:
        group.span = Span(self.source, low, high)
        group.flow = group.flow and "\n" not in self.source.text[low:high]

    def _shape(self, shape: Shape, children: list[Any], at: int) -> tuple[Node, int] | None:
        child = children[at] if at < len(children) else None
        match shape:
            case Scalar():
                leaf = self.leaf(shape, child) if child is not None else None
                return (leaf, at + 1) if leaf else None
            case Flag(word):
                is_it = isinstance(child, Token) and child == word
                return (Leaf(True, self.span(child)), at + 1) if is_it else None
            case Items():
                return self._items(shape, children, at)
            case Entries():
                taken, at = run_of(children, at, lambda c: isinstance(c, Branch) and c.rule == shape.rule, shape.sign)
                if len(taken) < shape.least:
                    return None
                start, end = (taken[0].span.start, taken[-1].span.end) if taken else (0, 0)
                return self._entries(shape.rule, taken, start, end, shape.settings), at
            case Choices(plain=Scalar() as plain) if child is not None and (leaf := self.leaf(plain, child)):
                return leaf, at + 1
            case Choices(rules):
                if not isinstance(child, Branch) or child.rule not in rules:
                    return None
                return self._choice(child), at + 1
        if isinstance(child, Branch) and child.rule == shape.rule:
            return self._form(forms()[shape.rule], child), at + 1
        return None

    def _choice(self, branch: Branch) -> Group:
        """A map of one key, the word of the form."""
        form = forms()[branch.rule]
        value = self._form(form, branch)
        member = Member(Leaf(form.word), value, branch.span)
        return Group(True, [member], False, branch.span)

    def _items(self, shape: Items, children: list[Any], at: int) -> tuple[Node, int] | None:
        members: list[Member] = []
        while True:
            start = at
            if members and shape.sign == "," and stands(children, at, ","):
                at += 1
            for word in shape.before:
                at = at + 1 if stands(children, at, word) else len(children)
            read = self._shape(shape.item, children, at)
            if read is None:
                at = start
                break
            members.append(self.member(read[0], children[at]))
            at = read[1]
        if len(members) < shape.least:
            return None
        first, last = (members[0].span.start, members[-1].span.end) if members else (0, 0)
        group = self.group(False, members, first, last)
        if not isinstance(shape.item, Scalar):
            group.flow = group.flow and len(members) <= 1
        return group, at

    def _entries(self, rule: str, found: list[Branch], start: int, end: int, table: str = "") -> Group:
        """A map; a list where a key is missing or stands twice."""
        form = forms()[rule]
        made = [self._entry(form, branch, table) for branch in found]
        names = [member.name for member in made if member.key]
        keyed = len(set(names)) == len(made)
        if not keyed:
            made = [_as_item(member) for member in made]
        group = self.group(keyed, made, start, end)
        group.flow = group.flow and not any(isinstance(m.value, Group) and not m.value.flow for m in made)
        return group

    def _entry(self, form: Form, branch: Branch, table: str) -> Member:
        found: dict[str, Member] = {}
        if form.unkeyed and self.match((form.unkeyed,), branch.children, 0, found) == len(branch.children):
            return self.member(found[form.unkeyed.key].value, branch)
        key = self._key(form, branch)
        if table:
            value: Node = self._setting(form, branch, key, table)
        else:
            value = self._form(form, branch)
        return self.member(value, branch, key)

    def _setting(self, form: Form, branch: Branch, key: Leaf, table: str) -> Node:
        """The value of a setting whose table says what it may be."""
        rules, _ = setting_tables()[table]
        rule = rules.get(str(key.value))
        return self.value(branch.children[-1], rule)

    def _key(self, form: Form, branch: Branch) -> Leaf:
        """The key of an entry: its first name, or its first text."""
        own: dict[str, Member] = {}
        self.match(form.pieces, branch.children, 0, own)
        found = own[KEY].value
        leaf = found.get("literal") if isinstance(found, Group) else found
        assert isinstance(leaf, Leaf) and isinstance(leaf.value, str)
        if isinstance(found, Leaf) and is_written(leaf.value) and leaf.span.text[:1] in "'\"":
            return Leaf(leaf.span.text, leaf.span)  # else it would be read as a literal
        return leaf

    def _clauses(self, piece: Clauses, children: list[Any], at: int, found: dict[str, Member]) -> int:
        """A key for each word; all in one list where words stand at several places."""
        by_rule = {rule: word for word, rule in piece.rules.items()}
        taken, at = run_of(children, at, lambda c: isinstance(c, Branch) and c.rule in by_rule, ",?")
        runs = runs_of(taken)
        if len({rule for rule, _ in runs}) == len(runs):
            for rule, group in runs:
                member = self._clause(forms()[rule], by_rule[rule], group)
                found[by_rule[rule]] = member
        else:
            items = [self.member(self._one(forms()[b.rule], by_rule[b.rule], b), b) for b in taken]
            span = Span(self.source, taken[0].span.start, taken[-1].span.end)
            found[piece.key] = Member(Leaf(piece.key), Group(False, items, False, span), span)
        return at

    def _one(self, form: Form, word: str, branch: Branch) -> Group:
        member = self._clause(form, word, [branch])
        return Group(True, [member], False, branch.span)

    def _clause(self, form: Form, word: str, found: list[Branch]) -> Member:
        """All clauses of a word: a map of entries, one value, or a list of values."""
        start, end = found[0].span.start, found[-1].span.end
        value: Node
        if form.key is not None:
            value = self._entries(form.rule, found, start, end, clause_entries(form).settings)
        elif len(found) == 1 and not _is_list(form):
            value = self._form(form, found[0])
        else:
            value = self.group(False, [self.member(self._form(form, b), b) for b in found], start, end)
            value.flow = False
        start = self.documented_start(start)
        member = Member(Leaf(word), value, Span(self.source, start, end), self.blank(start))
        if isinstance(value, Group) and value.members and value.members[0].blank and not value.flow:
            value.members[0].blank = False
        return member


def _as_item(member: Member) -> Member:
    """An entry as an item of a list: a map of one key."""
    if member.key is None:
        return member
    inner = Member(member.key, member.value, member.span)
    return Member(None, Group(True, [inner], False, member.span), member.span, member.blank)


def _is_list(form: Form) -> bool:
    return form.only is not None and isinstance(form.only.shape, Items)
