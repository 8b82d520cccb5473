"""Single values of a document as the tokens of a program, checked one by one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from agent_lattice.diagnostics import Report
from agent_lattice.documents.data import Group, Leaf, Node
from agent_lattice.documents.forms import Scalar
from agent_lattice.documents.mistakes import UNKNOWN_KEY, WRONG_VALUE
from agent_lattice.documents.owners import setting_tables
from agent_lattice.documents.refusals import Refusals
from agent_lattice.documents.texts import STRING, literal, text_indent
from agent_lattice.documents.translated import Written
from agent_lattice.documents.values import SORTS, sort_of
from agent_lattice.expr.parse import parse_text
from agent_lattice.grammars import Parser
from agent_lattice.mistakes import UNEXPECTED
from agent_lattice.parse import joined
from agent_lattice.source import Span

_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
LITERAL = "literal"
"""The key of a value that is shown as it stands in a program."""


class Leaves:
    """Writes single values; what does not fit is reported."""

    def __init__(self, out: Written, report: Report) -> None:
        self.out = out
        self.report = report
        self.refusals = Refusals(report)

    def write(self, shape: Scalar, node: Node, setting: str = "") -> None:
        """A value of the shape. `setting`: the name of the entry it belongs to."""
        if isinstance(node, Group):
            self._group(shape, node, setting)
            return
        text = _as_text(node)
        match shape.sort:
            case "expr" if text is not None:
                self._expression(node, text)
            case "type" if isinstance(node.value, str):
                self._type(node, node.value)
            case "text" if isinstance(node.value, str):
                self._text(node, node.value, shape.lines)
            case "value" if text is not None and not isinstance(node.value, bool):
                self._value(shape, node, text, setting)
            case "name" | "number" | "atom" if (fitting := _fitting(shape, node)) is not None:
                self.out.value(fitting, node, shape.sort)
            case _:
                self.wrong(shape, node)

    def wrong(self, shape: Scalar, node: Node) -> None:
        """Say what was expected; null, numbers and truth values that stand where a text is meant can be put into quotes."""
        help = "put it into quotes" if isinstance(node, Leaf) and shape.sort in ("text", "type", "expr") else ""
        self.refusals.expected(shape.doc, node, help)

    def _group(self, shape: Scalar, node: Group, setting: str) -> None:
        """A literal as written, or a list of a setting's values."""
        if shape.sort == "value" and not node.keyed and "list" in shape.values:
            self._list(shape, node, setting)
        elif shape.sort in ("text", "value") and node.keyed and node.get(LITERAL) is not None:
            self._literal(shape, node)
        else:
            self.wrong(shape, node)

    def _list(self, shape: Scalar, node: Group, setting: str) -> None:
        self.out.word("[")
        for at, member in enumerate(node.members):
            if at:
                self.out.word(",")
            with self.out.member(member):
                self.write(shape, member.value, setting)
        self.out.notes(node)
        self.out.word("]")

    def _literal(self, shape: Scalar, node: Group) -> None:
        for member in node.members:
            if member.name != LITERAL and member.key:
                self.report.add(UNKNOWN_KEY, f"`{LITERAL}` stands alone", member.key.span)
        with self.out.member(node.members[0]):
            self._written(shape, node)
        self.out.notes(node)

    def _written(self, shape: Scalar, node: Group) -> None:
        leaf = node.get(LITERAL)
        text = leaf.value if isinstance(leaf, Leaf) else None
        patterns = [STRING, *(SORTS.values() if shape.sort == "value" else ())]
        if not isinstance(leaf, Leaf) or not isinstance(text, str) or not any(p.fullmatch(text) for p in patterns):
            self.report.add(WRONG_VALUE, f"expected {shape.doc} as it is written in a program", (leaf or node).span)
            return
        self.out.value(text, leaf, "literal")

    def _expression(self, leaf: Leaf, text: str) -> None:
        before = len(self.report.found)
        parse_text(text, _places(leaf, text), leaf.span.source, self.report)
        if len(self.report.found) == before:
            self.out.value(text, leaf, "expr")

    def _type(self, leaf: Leaf, text: str) -> None:
        if problem := type_problem(text):
            places = _places(leaf, text)
            at, message = problem
            end = min(at + 1, len(text))
            self.report.add(UNEXPECTED, message, Span(leaf.span.source, places[at], max(places[at], places[end])))
            return
        self.out.value(text, leaf, "type")

    def _text(self, leaf: Leaf, text: str, lines: bool = False) -> None:
        made, places = literal(text, text_indent(self.out.depth) if lines else None)
        self.out.value(made, leaf, "text", places)

    def _value(self, shape: Scalar, leaf: Leaf, text: str, setting: str) -> None:
        rules = setting_tables()[shape.settings][0] if shape.settings else {}
        rule = rules.get(setting)
        if isinstance(leaf.value, str):
            sort = sort_of(text, rule, shape.values if "list" not in shape.values else frozenset())
        else:
            sort = "number" if "number" in shape.values else ""
            text = _whole(leaf.value) if rule is not None and rule.whole else text
            text = text if SORTS["number"].fullmatch(text) else repr(leaf.value)
        if not sort or (sort == "number" and not SORTS["number"].fullmatch(text)):
            self.wrong(shape, leaf)
        elif sort == "text":
            self._text(leaf, str(leaf.value))
        else:
            self.out.value(text, leaf, "word")


def _as_text(leaf: Leaf) -> str | None:
    """A value as the text of an expression; None for null."""
    match leaf.value:
        case None:
            return None
        case bool():
            return "true" if leaf.value else "false"
        case str():
            return _normal(leaf.value)
    return leaf.written if _NUMBER.fullmatch(leaf.written) else str(leaf.value)


def _fitting(shape: Scalar, leaf: Leaf) -> str | None:
    """The token of a name, number or atom; None when it does not fit."""
    value = leaf.value
    if value is None or (shape.sort == "name" and not isinstance(value, str)):
        return None
    text = str(value).lower() if isinstance(value, bool) else _whole(value)
    return text if re.fullmatch(shape.pattern, text) else None


def _whole(value: object) -> str:
    """A value as text; `1.0` as `1`, which is the same number for JSON Schema."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _normal(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _places(leaf: Leaf, text: str) -> Sequence[int]:
    """Where each character of a value stands in the document; all at its start if that is not known."""
    if len(leaf.places) == len(text) + 1:
        return leaf.places
    return [*[leaf.span.start] * len(text), leaf.span.end]


@cache
def _type_parser() -> Parser:
    grammar, readers = joined()
    return Parser(grammar, readers, "type")


def type_problem(text: str) -> tuple[int, str] | None:
    """What is wrong with a type, and where in it; None when nothing is."""
    parser: Any = _type_parser()
    try:
        parser.lark.parse(text)
    except UnexpectedCharacters as error:
        return error.pos_in_stream or 0, f"unexpected `{text[error.pos_in_stream or 0]}` in a type"
    except UnexpectedToken as error:
        if error.token.type == "$END":
            return len(text), "this type ends too early"
        return error.token.start_pos or 0, f"unexpected `{error.token}` in a type"
    except UnexpectedInput:
        return 0, "this is no type"
    return None
