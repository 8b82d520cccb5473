"""A program as text → the document that says the same."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from lark import Token

from agent_lattice import annotations as types_as_written
from agent_lattice.diagnostics import Report
from agent_lattice.documents.data import Group, Leaf, Member, Node, Note, mapping, place_notes
from agent_lattice.documents.deriving import clause_entries, declared, forms, setting_tables
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
from agent_lattice.documents.sections import section_of
from agent_lattice.documents.texts import text_of
from agent_lattice.expr import syntax
from agent_lattice.expr.tree import Expr
from agent_lattice.grammars import Parser
from agent_lattice.parse import declarations_of, joined
from agent_lattice.records import record
from agent_lattice.source import Source, Span
from agent_lattice.tree import Reader

_KEPT = frozenset(syntax.READERS) | frozenset(types_as_written.READERS)
_JSON_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_MOST_INT = 2**53


@record(frozen=False)
class Branch:
    """A rule as it was read: its tokens and what is in it."""

    rule: str
    children: list[Any]
    span: Span


@cache
def _parser() -> Parser:
    grammar, readers = joined()
    own: dict[str, Reader] = {name: reader if name in _KEPT else _branch(name) for name, reader in readers.items()}
    own["module"] = lambda parts: parts.children
    return Parser(grammar, own, "module")


def _branch(rule: str) -> Reader:
    return lambda parts: Branch(rule, parts.children, parts.span if parts.children else Span(parts.source, 0, 0))


def document_of(source: Source) -> Group:
    """The document of a text without syntax errors."""
    parser = _parser()
    read = declarations_of(source, parser, Report())
    comments = sorted(parser.comments, key=lambda c: c.start_pos or 0)
    taking = _Taking(source, comments)
    root = taking.module([child for child in read if isinstance(child, Branch)])
    place_notes(root, list(taking.notes()))
    return root


class _Taking:
    """Walks what was read along the forms."""

    def __init__(self, source: Source, comments: list[Token]) -> None:
        self.source = source
        self.comments = comments
        self.docs: dict[int, tuple[str, list[int]]] = {}
        self.used: set[int] = set()
        self.verbatim: list[tuple[int, int]] = []
        self._find_docs()

    def _find_docs(self) -> None:
        """Doc comments by the place of what they document, as the parser attaches them."""
        lines: list[str] = []
        ids: list[int] = []
        for at, comment in enumerate(self.comments):
            if not comment.startswith("///"):
                continue
            lines, ids = [*lines, comment[3:].removeprefix(" ").rstrip()], [*ids, at]
            rest = re.compile(r"[\s,]*").match(self.source.text, comment.end_pos or 0)
            after = rest.end() if rest else 0
            if not self.source.text.startswith("///", after):
                self.docs[after] = ("\n".join(lines), ids)
                lines, ids = [], []

    def notes(self) -> Any:
        """The comments that no doc and no verbatim value has."""
        for at, comment in enumerate(self.comments):
            start = comment.start_pos or 0
            if at in self.used or any(low <= start < high for low, high in self._near(start)):
                continue
            before = _space_before(self.source.text, start)
            trailing = "\n" not in before and len(before) < start
            yield start, trailing, Note(comment[2:].rstrip(), before.count("\n") > 1)

    def _near(self, start: int) -> list[tuple[int, int]]:
        return [span for span in self.verbatim if span[0] <= start < span[1]] if self.verbatim else []

    def module(self, declarations: list[Branch]) -> Group:
        """Sections by the sort of declaration; a list of them where one sort stands at several places."""
        runs: list[tuple[str, list[Branch]]] = []
        for branch in declarations:
            if runs and runs[-1][0] == branch.rule:
                runs[-1][1].append(branch)
            else:
                runs.append((branch.rule, [branch]))
        made = [self._section(rule, found) for rule, found in runs]
        if len({rule for rule, _ in runs}) == len(runs):
            return self._group(True, made, 0, len(self.source.text))
        items = [
            Member(None, self._group(True, [member], member.span.start, member.span.end), member.span)
            for member in made
        ]
        for item, member in zip(items, made, strict=True):
            item.blank, member.blank = member.blank, False
        return self._group(False, items, 0, len(self.source.text))

    def _section(self, rule: str, found: list[Branch]) -> Member:
        assert rule in declared()
        section = section_of(rule)
        start, end = found[0].span.start, found[-1].span.end
        if isinstance(section.shape, Entries):
            value = self._entries(section.shape.rule, found, start, end)
        else:
            value = self._group(False, [self._member(self._form(forms()[rule], b), b) for b in found], start, end)
        value.flow = False
        if len(found) > 1 or "\n" in self.source.text[start:end]:
            member = Member(Leaf(section.name), value, Span(self.source, start, end))
        else:
            member = Member(Leaf(section.name), value, Span(self.source, start, end))
        member.blank = value.members[0].blank
        value.members[0].blank = False
        return member

    def _member(self, value: Node, branch: Any, key: Leaf | None = None) -> Member:
        start, end = _bounds(branch)
        start = self._documented_start(start)
        return Member(key, value, Span(self.source, start, end), self._blank(start))

    def _documented_start(self, start: int) -> int:
        """Where the doc comment of what starts here begins."""
        if start in self.docs and self.docs[start][1][0] in self.used:
            return self.comments[self.docs[start][1][0]].start_pos or 0
        return start

    def _blank(self, at: int) -> bool:
        return _space_before(self.source.text, at).count("\n") > 1

    def _group(self, keyed: bool, members: list[Member], start: int, end: int) -> Group:
        flow = "\n" not in self.source.text[start:end]
        return Group(keyed, members, flow, Span(self.source, start, end))

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
        group = self._group(True, members + list(found.values()), start, end)
        clauses = len(group.members) - len([key for key in found if key in form.slots])
        group.flow = group.flow and form.clauses is not None and clauses <= 1 and doc is None
        return group

    def _doc(self, form: Form, branch: Branch) -> str | None:
        if not form.documented or branch.span.start not in self.docs:
            return None
        doc, ids = self.docs[branch.span.start]
        self.used |= set(ids)
        return doc

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
            member.span, member.blank = child.span, self._blank(child.span.start)
        found |= own
        return True

    def _maybe(self, pieces: tuple[Piece, ...], children: list[Any], at: int, found: dict[str, Member]) -> int:
        """Pieces that are there with nothing in them (`{ }`, `else { }`) are kept as something empty."""
        own: dict[str, Member] = {}
        end = self._try(pieces, children, at, own)
        if end > at and not own and (inside := slots(pieces)):
            low, high = _bounds(children[at])[0], _bounds(children[end - 1])[1]
            group = self._group(isinstance(inside[0].shape, Entries), [], low, high)
            own[inside[0].key] = Member(Leaf(inside[0].key), group, group.span)
        found |= own
        return end

    def _slot(self, slot: Slot, children: list[Any], at: int, found: dict[str, Member]) -> int:
        low = _bounds(children[at - 1])[1] if at else _bounds(children[at])[0] if at < len(children) else 0
        read = self._shape(slot.shape, children, at)
        if read is None:
            return -1
        value, end = read
        high = _bounds(children[end])[0] if end < len(children) else _bounds(children[end - 1])[1]
        if isinstance(value, Group):
            self._widen(value, low, high)
            if not value.members and end == at:
                return at  # nothing stands there
            span = value.span
        else:
            span = value.span
        found[slot.key] = Member(Leaf(slot.key), value, span)
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
                return (Leaf(True, self._span(child)), at + 1) if is_it else None
            case Items():
                return self._items(shape, children, at)
            case Entries():
                taken, at = _run(children, at, lambda c: isinstance(c, Branch) and c.rule == shape.rule, shape.sign)
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
            if members and shape.sign == "," and _is(children, at, ","):
                at += 1
            for word in shape.before:
                at = at + 1 if _is(children, at, word) else len(children)
            read = self._shape(shape.item, children, at)
            if read is None:
                at = start
                break
            members.append(self._member(read[0], children[at]))
            at = read[1]
        if len(members) < shape.least:
            return None
        first, last = (members[0].span.start, members[-1].span.end) if members else (0, 0)
        group = self._group(False, members, first, last)
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
        group = self._group(keyed, made, start, end)
        group.flow = group.flow and not any(isinstance(m.value, Group) and not m.value.flow for m in made)
        return group

    def _entry(self, form: Form, branch: Branch, table: str) -> Member:
        found: dict[str, Member] = {}
        if form.unkeyed and self.match((form.unkeyed,), branch.children, 0, found) == len(branch.children):
            return self._member(found[form.unkeyed.key].value, branch)
        key = self._key(form, branch)
        if table:
            value: Node = self._setting(form, branch, key, table)
        else:
            value = self._form(form, branch)
        return self._member(value, branch, key)

    def _setting(self, form: Form, branch: Branch, key: Leaf, table: str) -> Node:
        """The value of a setting whose table says what it may be."""
        rules, _ = setting_tables()[table]
        rule = rules.get(str(key.value))
        return self._value(branch.children[-1], rule)

    def _key(self, form: Form, branch: Branch) -> Leaf:
        """The key of an entry: its first name, or its first text."""
        own: dict[str, Member] = {}
        self.match(form.pieces, branch.children, 0, own)
        leaf = own[KEY].value
        assert isinstance(leaf, Leaf)
        if isinstance(leaf.value, str):
            return leaf
        raise AssertionError(leaf)

    def _clauses(self, piece: Clauses, children: list[Any], at: int, found: dict[str, Member]) -> int:
        """A key for each word; all in one list where words stand at several places."""
        by_rule = {rule: word for word, rule in piece.rules.items()}
        taken, at = _run(children, at, lambda c: isinstance(c, Branch) and c.rule in by_rule, ",?")
        runs: list[tuple[str, list[Branch]]] = []
        for branch in taken:
            if runs and runs[-1][0] == branch.rule:
                runs[-1][1].append(branch)
            else:
                runs.append((branch.rule, [branch]))
        if len({rule for rule, _ in runs}) == len(runs):
            for rule, group in runs:
                member = self._clause(forms()[rule], by_rule[rule], group)
                found[by_rule[rule]] = member
        else:
            items = [self._member(self._one(forms()[b.rule], by_rule[b.rule], b), b) for b in taken]
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
            value = self._group(False, [self._member(self._form(form, b), b) for b in found], start, end)
            value.flow = False
        start = self._documented_start(start)
        member = Member(Leaf(word), value, Span(self.source, start, end), self._blank(start))
        if isinstance(value, Group) and value.members and value.members[0].blank and not value.flow:
            value.members[0].blank = False
        return member

    def leaf(self, shape: Scalar, child: Any) -> Node | None:
        """A token, expression or type as one value."""
        span = self._span(child)
        match shape.sort:
            case "expr":
                return self._expression(span) if isinstance(child, Expr) else None
            case "type":
                is_type = not isinstance(child, Token | Expr | Branch)
                return self._verbatim(span) if is_type else None
            case "text":
                return self._text(span) if _is_string(child) else None
            case "name":
                return Leaf(span.text, span) if _token_type(child) in shape.terminals else None
            case "number":
                return _number(span) if _token_type(child) == "INT" else None
            case "value":
                return self._value_leaf(shape, child)
        if shape.rule:
            fits = isinstance(child, Branch) and child.rule == shape.rule
            return _atom(_joined(child), span) if fits else None
        return Leaf(span.text, span) if _token_type(child) in shape.terminals else None

    def _value_leaf(self, shape: Scalar, child: Any) -> Node | None:
        if not isinstance(child, Branch):
            return None
        sort = "text" if child.rule == "text" else child.rule.removeprefix("setting_")
        if sort not in shape.values:
            return None
        return self._value(child, None, only=shape.values)

    def _value(self, child: Any, rule: Any, only: frozenset[str] = frozenset()) -> Node:
        """A value of a setting. What its kind would not be taken for as it stands is shown as a literal."""
        from agent_lattice.documents.values import sort_of

        span = self._span(child)
        sort = "text" if child.rule == "text" else child.rule.removeprefix("setting_")
        if sort == "list":
            inner = [c for c in child.children if isinstance(c, Branch)]
            members = [self._member(self._value(c, rule, only), c) for c in inner]
            return self._group(False, members, span.start, span.end)
        if sort == "text":
            made = self._text(span)
            same = isinstance(made, Leaf) and sort_of(str(made.value), rule, only) == "text"
            return made if same else _shown(span)
        written = _joined(child)
        if sort == "number":
            return _number(Span(span.source, span.start, span.end))
        return Leaf(written, span) if sort_of(written, rule, only) == sort else _shown(span)

    def _expression(self, span: Span) -> Leaf:
        text = span.text
        if text in ("true", "false"):
            return Leaf(text == "true", span)
        if _JSON_NUMBER.fullmatch(text) and _keeps(text):
            return Leaf(float(text) if "." in text else int(text), span, text)
        return self._verbatim(span)

    def _verbatim(self, span: Span) -> Leaf:
        self.verbatim.append((span.start, span.end))
        return Leaf(_moved(span), span)

    def _text(self, span: Span) -> Node:
        text = text_of(span.text)
        return _shown(span) if text is None else Leaf(text, span)

    def _span(self, child: Any) -> Span:
        start, end = _bounds(child)
        return Span(self.source, start, end)


def _number(span: Span) -> Leaf:
    text = "".join(span.text.split())
    if _JSON_NUMBER.fullmatch(text) and _keeps(text):
        return Leaf(float(text) if "." in text else int(text), span, text)
    return Leaf(text, span)


def _atom(text: str, span: Span) -> Leaf:
    """A short run of tokens; whole numbers and truth values as what they are."""
    if text in ("true", "false"):
        return Leaf(text == "true", span)
    whole = _JSON_NUMBER.fullmatch(text) and "." not in text and _keeps(text)
    return Leaf(int(text) if whole else text, span, text)


def _keeps(text: str) -> bool:
    """Whether JSON readers everywhere give the number back as it is written."""
    return repr(float(text)) == text if "." in text else abs(int(text)) < _MOST_INT and text != "-0"


def _shown(span: Span) -> Group:
    """A literal as it is written."""
    made = mapping(literal=Leaf(span.text, span))
    made.span, made.members[0].span, made.flow = span, span, "\n" not in span.text
    return made


def _moved(span: Span) -> str:
    """The text of a span, its further lines without the indentation that all of them have."""
    first, *others = span.text.split("\n")
    if not others or '"""' in span.text or "'''" in span.text:
        return span.text
    margin = min((len(line) - len(line.lstrip()) for line in others if line.strip()), default=0)
    return "\n".join([first, *(line[margin:] for line in others)])


def _joined(child: Any) -> str:
    """The tokens of an atom, with a space where two would run together."""
    made = ""
    for token in child.children:
        text = _joined(token) if isinstance(token, Branch) else str(token)
        made += f" {text}" if made[-1:].isalnum() and text[:1].isalnum() else text
    return made


def _as_item(member: Member) -> Member:
    """An entry as an item of a list: a map of one key."""
    if member.key is None:
        return member
    inner = Member(member.key, member.value, member.span)
    return Member(None, Group(True, [inner], False, member.span), member.span, member.blank)


def _is_list(form: Form) -> bool:
    return form.only is not None and isinstance(form.only.shape, Items)


def _run(children: list[Any], at: int, fits: Callable[[Any], bool], sign: str) -> tuple[list[Branch], int]:
    """The children from `at` on that fit, with signs between (and perhaps behind) them."""
    taken: list[Branch] = []
    while at < len(children):
        end = at
        if taken and sign and _is(children, at, ","):
            end += 1
        if end >= len(children) or not fits(children[end]):
            if sign == ",?" and end > at:
                at = end
            break
        taken.append(children[end])
        at = end + 1
    return taken, at


def _is(children: list[Any], at: int, text: str) -> bool:
    return at < len(children) and isinstance(children[at], Token) and children[at] == text


def _is_string(child: Any) -> bool:
    return _token_type(child) == "STRING"


def _token_type(child: Any) -> str:
    """The type of a token, alone or as all there is of a rule."""
    while isinstance(child, Branch) and len(child.children) == 1:
        child = child.children[0]
    return child.type if isinstance(child, Token) else ""


def _bounds(child: Any) -> tuple[int, int]:
    if isinstance(child, Token):
        return child.start_pos or 0, child.end_pos or 0
    return child.span.start, child.span.end


def _space_before(text: str, at: int) -> str:
    start = at
    while start > 0 and text[start - 1] in " \t\n":
        start -= 1
    return text[start:at]
