"""Reads prompt templates: text with `{{ expr }}`, `{% for %}`, `{% if %}` and `{# comments #}` inside a string literal.

In triple-quoted text the first newline and the common indentation are removed, and a line that holds nothing but one
tag or comment vanishes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent_lattice.diagnostics import Code, Report
from agent_lattice.diagnostics import replace as replacing
from agent_lattice.expr.parse import parse_text
from agent_lattice.expr.strings import decode, is_triple
from agent_lattice.expr.syntax import TOO_DEEP, WRONG_ESCAPE
from agent_lattice.expr.tree import Expr
from agent_lattice.records import field, record
from agent_lattice.source import NOWHERE, Span
from agent_lattice.tree import Name

TEMPLATE_SYNTAX = Code("LAT1106", "template-syntax")

MOST_BLOCKS = 10
"""How deeply `for` and `if` may nest in a template."""
MOST_BRANCHES = 30
"""How many `elif` an `if` may have."""


@record
class FixedText:
    text: str


@record
class ShownExpr:
    """`{{ expr }}`."""

    expr: Expr


@record
class ForBlock:
    """`{% for name in over %} … {% endfor %}`."""

    name: Name
    over: Expr
    body: tuple[TemplateNode, ...]


@record
class IfBlock:
    """`{% if %} … {% elif %} … {% else %} … {% endif %}`."""

    branches: tuple[tuple[Expr, tuple[TemplateNode, ...]], ...]
    otherwise: tuple[TemplateNode, ...]


TemplateNode = FixedText | ShownExpr | ForBlock | IfBlock


@record
class ParsedTemplate:
    """A template as written; what could not be read is reported and left out."""

    parts: tuple[TemplateNode, ...]
    span: Span = field(default=NOWHERE, compare=False)


@record
class _Located:
    """Text with the place in the source of each character, and of its end."""

    text: str
    places: Sequence[int]

    def part(self, start: int, end: int) -> _Located:
        return _Located(self.text[start:end], self.places[start : end + 1])


def parse_template(span: Span, report: Report) -> ParsedTemplate:
    """The template in the string literal at `span`, quotes included."""
    body = decode(span.text)
    for start, end, problem in body.problems:
        at = Span(span.source, span.start + start, span.start + end)
        fix = replacing("write the backslash twice", at.before(), "\\")
        report.add(WRONG_ESCAPE, problem, at, help="write `\\\\` for a backslash", fix=fix)
    located = _Located(body.text, [span.start + start for start in body.starts])
    if is_triple(span.text):
        located = _dedented(located, span.source.text)
    return ParsedTemplate(_Reader(located, span, report).read(), span)


def _dedented(text: _Located, source: str) -> _Located:
    """Without the first newline and the common indentation; lines of one tag reduced to it."""
    lines = _lines(text, source)
    if len(lines) > 1 and not lines[0].text.strip():
        lines = lines[1:]
    margins = [len(line.text) - len(line.text.lstrip(" \t")) for line in lines if line.text.strip()]
    margin = min(margins, default=0)
    chars: list[str] = []
    places: list[int] = []
    for line in lines:
        kept = _kept(line, margin)
        chars.append(kept.text)
        places.extend(kept.places[:-1])
    return _Located("".join(chars), [*places, text.places[-1]])


def _lines(text: _Located, source: str) -> list[_Located]:
    """Lines as they stand in the source, each with its newline; one written as an escape ends no line."""
    found: list[_Located] = []
    start = 0
    for at, char in enumerate(text.text):
        if char == "\n" and source[text.places[at]] == "\n":
            found.append(text.part(start, at + 1))
            start = at + 1
    return [*found, text.part(start, len(text.text))]


_ONE_TAG = re.compile(r"[ \t]*(\{%(?:(?!%\}).)*%\}|\{#(?:(?!#\}).)*#\})[ \t]*\n?")


def _kept(line: _Located, margin: int) -> _Located:
    """What stays of a line."""
    if found := _ONE_TAG.fullmatch(line.text):
        return line.part(*found.span(1))
    blank = not line.text.strip(" \t\n")
    return line.part(len(line.text.rstrip("\n")) if blank else margin, len(line.text))


_OPENING = re.compile(r"\{[{%#]")
_FOR = re.compile(r"for\s+([a-z_][A-Za-z0-9_]*)\s+in\b")
_WORD = re.compile(r"[a-z]*")


@record(frozen=False)
class _Block:
    """A block that is not closed yet."""

    word: str
    span: Span
    parts: list[TemplateNode] = field(default_factory=list)
    name: Name = field(default_factory=lambda: Name(""))
    head: Expr | None = None
    branches: list[tuple[Expr | None, tuple[TemplateNode, ...]]] = field(default_factory=list)
    in_else: bool = False


class _Reader:
    def __init__(self, text: _Located, span: Span, report: Report) -> None:
        self.text = text
        self.source = span.source
        self.report = report
        self.blocks = [_Block("", span)]

    def read(self) -> tuple[TemplateNode, ...]:
        at = 0
        while found := _OPENING.search(self.text.text, at):
            self._add_text(at, found.start())
            at = self._element(found.start(), found.group())
        self._add_text(at, len(self.text.text))
        for block in self.blocks[1:]:
            message = f"`{{% {block.word} %}}` is never closed"
            self.report.add(TEMPLATE_SYNTAX, message, block.span, help=f"close it with `{{% end{block.word} %}}`")
        while len(self.blocks) > 1:
            self._close()
        return tuple(self.blocks[0].parts)

    def _span(self, start: int, end: int) -> Span:
        """The characters `start` to `end` of the text; not empty, unless at its end."""
        return Span(self.source, self.text.places[start], self.text.places[end - 1] + 1 if end > start else start)

    def _add_text(self, start: int, end: int) -> None:
        if start < end:
            self.blocks[-1].parts.append(FixedText(self.text.text[start:end]))

    def _element(self, start: int, opening: str) -> int:
        """Read what begins at `start`; where it ends."""
        closing = {"{{": "}}", "{%": "%}", "{#": "#}"}[opening]
        inner = start + 2
        end = self.text.text.find(closing, inner) if opening == "{#" else _end_of_code(self.text.text, inner, closing)
        if end < 0:
            message = f"`{opening}` is never closed"
            self.report.add(TEMPLATE_SYNTAX, message, self._span(start, inner), help=f"close it with `{closing}`")
            return len(self.text.text)
        if opening == "{{":
            expr = self._expr(inner, end)
            if expr is not None:
                self.blocks[-1].parts.append(ShownExpr(expr))
        elif opening == "{%":
            self._tag(inner, end, self._span(start, end + 2))
        return end + 2

    def _expr(self, start: int, end: int) -> Expr | None:
        part = self.text.part(start, end)
        return parse_text(part.text, part.places, self.source, self.report)

    def _tag(self, start: int, end: int, span: Span) -> None:
        code = self.text.text[start:end]
        start += len(code) - len(code.lstrip())
        word = _WORD.match(self.text.text, start)
        match word.group() if word else "":
            case "for":
                self._open_for(start, end, span)
            case "if":
                self._open(_Block("if", span, head=self._expr(start + 2, end)))
            case "elif":
                self._branch(span, self._expr(start + 4, end))
            case "else" if code.strip() == "else":
                self._branch(span, None)
            case "endfor" | "endif" if code.strip() in ("endfor", "endif"):
                self._end(code.strip()[3:], span)
            case _:
                help = "the tags are `for … in`, `endfor`, `if`, `elif`, `else` and `endif`"
                self.report.add(TEMPLATE_SYNTAX, f"there is no tag `{{%{code}%}}`", span, help=help)

    def _open_for(self, start: int, end: int, span: Span) -> None:
        found = _FOR.match(self.text.text, start, end)
        if found is None:
            self.report.add(TEMPLATE_SYNTAX, "this loop has no variable", span, help="write `{% for x in items %}`")
            self._open(_Block("for", span))
            return
        name = Name(found.group(1), self._span(*found.span(1)))
        self._open(_Block("for", span, name=name, head=self._expr(found.end(), end)))

    def _open(self, block: _Block) -> None:
        if len(self.blocks) == MOST_BLOCKS + 1:
            self.report.add(TOO_DEEP, f"this template nests more than {MOST_BLOCKS} blocks deep", block.span)
        self.blocks.append(block)

    def _branch(self, span: Span, head: Expr | None) -> None:
        block = self.blocks[-1]
        if block.word != "if" or block.in_else:
            where = "after `{% else %}`" if block.in_else else "outside of `{% if %}`"
            self.report.add(TEMPLATE_SYNTAX, f"`{span.text}` stands {where}", span)
            return
        if len(block.branches) == MOST_BRANCHES:
            self.report.add(TOO_DEEP, f"this `if` has more than {MOST_BRANCHES} branches", span)
        block.branches.append((block.head, tuple(block.parts)))
        block.parts, block.head = [], head
        block.in_else = span.text.strip("{%} \t\n") == "else"

    def _end(self, word: str, span: Span) -> None:
        if self.blocks[-1].word == word:
            self._close()
            return
        opened = self.blocks[-1]
        help = f"`{opened.span.text}` is still open" if opened.word else ""
        self.report.add(TEMPLATE_SYNTAX, f"`{span.text}` closes nothing", span, help=help)

    def _close(self) -> None:
        """Make the node of the innermost block; one without a readable head is reported already."""
        block = self.blocks.pop()
        body = tuple(block.parts)
        parts = self.blocks[-1].parts
        if len(self.blocks) > MOST_BLOCKS:
            return
        if block.word == "for":
            if block.head is not None:
                parts.append(ForBlock(block.name, block.head, body))
            return
        branches = block.branches if block.in_else else [*block.branches, (block.head, body)]
        readable = tuple((head, inner) for head, inner in branches[: MOST_BRANCHES + 1] if head is not None)
        if readable:
            parts.append(IfBlock(readable, body if block.in_else else ()))


def _end_of_code(text: str, at: int, closing: str) -> int:
    """Where the code ends: the closing sign outside of quotes and braces; -1 when it is missing."""
    depth, quote = 0, ""
    while at < len(text):
        char = text[at]
        if quote:
            if char == "\\":
                at += 1
            elif char == quote:
                quote = ""
        elif depth <= 0 and text.startswith(closing, at):
            return at
        elif char in "\"'":
            quote = char
        elif char in "{}":
            depth += 1 if char == "{" else -1
        at += 1
    return -1
