"""Single values of a text, its comments and documentation, as they stand in a document."""

from __future__ import annotations

import re
from typing import Any

from lark import Token

from agent_lattice.documents.branches import Braces, Branch, bounds, is_string, joined_tokens, space_before, token_type
from agent_lattice.documents.data import Group, Leaf, Member, Node, Note, mapping
from agent_lattice.documents.forms import Scalar
from agent_lattice.documents.texts import text_indent, text_of
from agent_lattice.documents.values import sort_of
from agent_lattice.expr.tree import Expr
from agent_lattice.parse import documentation
from agent_lattice.source import Source, Span

_JSON_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_MOST_INT = 2**53


class Values:
    """Takes single values from a text, and keeps count of the comments that belong to them."""

    def __init__(self, source: Source, comments: list[Token], braces: Braces) -> None:
        self.source = source
        self.braces = braces
        self.comments = comments
        self.docs = documentation(source, comments)
        self.used: set[int] = set()
        self.verbatim: list[tuple[int, int]] = []

    def notes(self) -> Any:
        """The comments that no doc and no verbatim value has."""
        for at, comment in enumerate(self.comments):
            start = comment.start_pos or 0
            if at in self.used or any(low <= start < high for low, high in self._near(start)):
                continue
            before = space_before(self.source.text, start)
            trailing = "\n" not in before and len(before) < start
            yield start, trailing, Note(comment[2:].rstrip(), before.count("\n") > 1)

    def _near(self, start: int) -> list[tuple[int, int]]:
        return [span for span in self.verbatim if span[0] <= start < span[1]] if self.verbatim else []

    def member(self, value: Node, branch: Any, key: Leaf | None = None) -> Member:
        start, end = bounds(branch)
        start = self.documented_start(start)
        return Member(key, value, Span(self.source, start, end), self.blank(start))

    def documented_start(self, start: int) -> int:
        """Where the doc comment of what starts here begins."""
        own = self.docs.get(start, [])
        return self.comments[own[0]].start_pos or 0 if own and own[0] in self.used else start

    def blank(self, at: int) -> bool:
        return space_before(self.source.text, at).count("\n") > 1

    def group(self, keyed: bool, members: list[Member], start: int, end: int) -> Group:
        flow = "\n" not in self.source.text[start:end]
        return Group(keyed, members, flow, Span(self.source, start, end))

    def leaf(self, shape: Scalar, child: Any) -> Node | None:
        """A token, expression or type as one value."""
        span = self.span(child)
        match shape.sort:
            case "expr":
                return self._expression(span) if isinstance(child, Expr) else None
            case "type":
                is_type = not isinstance(child, Token | Expr | Branch)
                return self._verbatim(span) if is_type else None
            case "text":
                return self._text(span, shape.lines) if is_string(child) else None
            case "name":
                return Leaf(span.text, span) if token_type(child) in shape.terminals else None
            case "number":
                return _number(span.text, span) if token_type(child) == "INT" else None
            case "value":
                return self._value_leaf(shape, child)
        if shape.rule:
            fits = isinstance(child, Branch) and child.rule == shape.rule
            return _atom(joined_tokens(child), span) if fits else None
        return Leaf(span.text, span) if token_type(child) in shape.terminals else None

    def _value_leaf(self, shape: Scalar, child: Any) -> Node | None:
        if not isinstance(child, Branch):
            return None
        sort = "text" if child.rule == "text" else child.rule.removeprefix("setting_")
        if sort not in shape.values:
            return None
        return self.value(child, None, only=shape.values)

    def value(self, child: Any, rule: Any, only: frozenset[str] = frozenset()) -> Node:
        """A value of a setting. What its kind would not be taken for as it stands is shown as a literal."""
        span = self.span(child)
        sort = "text" if child.rule == "text" else child.rule.removeprefix("setting_")
        if sort == "list":
            inner = [c for c in child.children if isinstance(c, Branch)]
            members = [self.member(self.value(c, rule, only), c) for c in inner]
            return self.group(False, members, span.start, span.end)
        if sort == "text":
            made = self._text(span)
            same = isinstance(made, Leaf) and sort_of(str(made.value), rule, only) == "text"
            return made if same else _shown(span.text, span)
        written = joined_tokens(child)
        if sort == "number":
            leaf = _number(written, span)
            changed = rule is not None and rule.whole and isinstance(leaf.value, float)
            return _shown(written, span) if changed else leaf
        return Leaf(written, span) if sort_of(written, rule, only) == sort else _shown(written, span)

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

    def _text(self, span: Span, lines: bool = False) -> Node:
        text = text_of(span.text, text_indent(self.braces.depth(span.start)) if lines else None)
        return _shown(span.text, span) if text is None else Leaf(text, span)

    def span(self, child: Any) -> Span:
        start, end = bounds(child)
        return Span(self.source, start, end)


def _number(text: str, span: Span) -> Leaf:
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


def _shown(text: str, span: Span) -> Group:
    """A literal as it is written."""
    made = mapping(literal=Leaf(text, span))
    made.span, made.members[0].span, made.flow = span, span, "\n" not in span.text
    return made


def _moved(span: Span) -> str:
    """The text of a span, its further lines without the indentation that all of them have."""
    first, *others = span.text.split("\n")
    if not others or '"""' in span.text or "'''" in span.text:
        return span.text
    margin = min((len(line) - len(line.lstrip()) for line in others if line.strip()), default=0)
    return "\n".join([first, *(line[margin:] for line in others)])
