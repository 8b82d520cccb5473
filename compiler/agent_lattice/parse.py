"""Text to tree: one LALR grammar joined from its fragments, and recovery that reports every independent mistake."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from lark import Token
from lark.exceptions import UnexpectedCharacters, UnexpectedToken
from lark.parsers.lalr_interactive_parser import InteractiveParser

from agent_lattice import annotations as types_as_written
from agent_lattice import settings
from agent_lattice.declarations import declarations
from agent_lattice.diagnostics import Report
from agent_lattice.expr import syntax
from agent_lattice.grammars import Parser
from agent_lattice.kinds import kinds
from agent_lattice.mistakes import TOKENS, report_mistake, report_unclosed
from agent_lattice.records import replace
from agent_lattice.source import Source, Span
from agent_lattice.tree import Arg, Block, Bound, Comment, Junk, Module, Number, Parts, Reader, Text

_NAME = re.compile(r"[a-z_][A-Za-z0-9_]*")
_BEFORE_DOCUMENTED = re.compile(r"[\s,]*")


def _read_argument(parts: Parts) -> Arg:
    token = parts.token("NAME") if len(parts.children) > 1 else None
    return Arg(parts.name() if token is not None else None, parts.children[-1], parts.span)


def _read_bound(parts: Parts) -> Bound:
    token = parts.children[-1]
    return Bound(Number(str(token), parts.spot(token)), parts.span)


_READERS: dict[str, Reader] = {
    "module": lambda parts: parts.children,
    "block": lambda parts: Block(tuple(child for child in parts if hasattr(child, "span")), parts.span),
    "arguments": lambda parts: parts.all(Arg),
    "argument": _read_argument,
    "at_most": _read_bound,
    "text": lambda parts: Text(parts.span.text, parts.span),
    "template": lambda parts: Text(parts.span.text, parts.span),
    "number": lambda parts: Number(parts.span.text, parts.span),
    "junk": lambda parts: Junk(str(parts.children[0]), parts.span),
}


@cache
def joined() -> tuple[str, dict[str, Reader]]:
    """The whole grammar on one page, and the readers of its rules."""
    frame = (Path(__file__).parent / "grammar.lark").read_text(encoding="utf-8")
    fragments = [frame, types_as_written.SYNTAX, settings.SYNTAX, syntax.SYNTAX]
    readers = dict(_READERS) | types_as_written.READERS | settings.READERS | syntax.READERS
    forms: list[Any] = [*declarations(), *kinds()]
    for form in forms:
        fragments.append(re.sub(r"(?m)^ {8}", "", form.syntax))
        readers |= form.readers
    return "\n".join(fragment.strip("\n") + "\n" for fragment in fragments), readers


@cache
def _parser() -> Parser:
    grammar, readers = joined()
    return Parser(grammar, readers, "module")


def parse(source: Source, report: Report) -> Module:
    """The tree of a source. Mistakes are reported; what could not be read stands in the tree as `Junk`."""
    parser = _parser()
    declared = declarations_of(source, parser, report)
    documented = _Docs(source, parser.comments).attach(declared)
    comments = (Comment(str(c).rstrip(), Span(source, c.start_pos or 0, c.end_pos or 0)) for c in parser.comments)
    return Module(tuple(documented), Span(source, 0, len(source.text)), tuple(comments))


def declarations_of(source: Source, parser: Parser, report: Report) -> list[Any]:
    """What the readers of a parser make of the declarations of a source."""
    parser.source, parser.comments = source, []
    return _Reading(source, parser.lark.parse_interactive(source.text, start="module"), report).run()


class _Reading:
    """One pass over a text that goes on behind mistakes."""

    def __init__(self, source: Source, interactive: InteractiveParser, report: Report) -> None:
        self.source = source
        self.interactive = interactive
        self.state = interactive.parser_state
        self.thread = interactive.lexer_thread
        self.report = report
        self.last_error = -1

    def run(self) -> list[Any]:
        while True:
            try:
                for token in self.thread.lex(self.state):  # type: ignore[no-untyped-call]
                    self.state.feed_token(token)
                end = Token("$END", "", len(self.source.text), end_pos=len(self.source.text))
                result = self.state.feed_token(end, is_end=True)
                assert isinstance(result, list)
                return result
            except UnexpectedToken as error:
                if not self._read_as_name(error.token):
                    self._recover(error.token, error.token.start_pos or 0)
            except UnexpectedCharacters as error:
                at = error.pos_in_stream or 0
                self._recover(Token("CHARACTER", self.source.text[at], at, end_pos=at + 1), at)

    def _read_as_name(self, token: Token) -> bool:
        """A keyword where none can stand, but a name can: the lexer looks at more than the place it is at, since LALR
        states of several places are one."""
        if token.type in ("NAME", "$END", "ERROR") or not _NAME.fullmatch(token) or not self._accepts("NAME"):
            return False
        self.state.feed_token(Token("NAME", str(token), token.start_pos, end_pos=token.end_pos))
        return True

    def _recover(self, token: Token, at: int) -> None:
        """Report what stands at `at`, then go on at the next place where something can start."""
        if self._close_open_blocks(*self._declaration_start(token, at)):
            return
        if at != self.last_error:
            report_mistake(self.source, self.state, token, self.report)
        dropped = self._unwind()
        start = _start(dropped[0]) if dropped else at
        stop = _next_start(self.source.text, at, _open_braces(dropped), force=at == self.last_error or not dropped)
        if token.type == "$END":
            stop = len(self.source.text)
        self.last_error = at
        text = self.source.text[start:stop].rstrip()
        self.state.feed_token(Token("ERROR", text, start, end_pos=start + len(text)))
        self._go_on_at(stop)

    def _go_on_at(self, offset: int) -> None:
        """Let the lexer read from another place."""
        assert self.thread.state is not None
        self.thread.state.line_ctr.char_pos = offset

    def _unwind(self) -> list[Any]:
        """Drop the unfinished innermost form; what was dropped, in order."""
        dropped: list[Any] = []
        while not self._accepts("ERROR"):
            self.state.state_stack.pop()
            dropped.append(self.state.value_stack.pop())
        return dropped[::-1]

    def _accepts(self, terminal: str) -> bool:
        """Whether the parser would take the terminal now, perhaps after finishing what is complete."""
        stack, states = list(self.state.state_stack), self.state.parse_conf.states
        while True:
            action = states[stack[-1]].get(terminal)
            if action is None:
                return False
            if not hasattr(action[1], "expansion"):
                return True
            if size := len(action[1].expansion):
                del stack[-size:]
            stack.append(states[stack[-1]][action[1].origin.name][1])

    def _declaration_start(self, token: Token, at: int) -> tuple[Token, int]:
        """The word before the mistake when it starts a line and a declaration (a statement took it for a name), else the mistake."""
        last = self.state.value_stack[-1] if self.state.value_stack else None
        if (
            isinstance(last, Token)
            and last.type == "NAME"
            and last in _declaration_words()
            and self._starts_line(last.start_pos)
        ):
            self.state.value_stack.pop()
            self.state.state_stack.pop()
            return last, last.start_pos or 0
        return token, at

    def _starts_line(self, at: int | None) -> bool:
        return at is not None and at > 0 and self.source.text[at - 1] == "\n"

    def _close_open_blocks(self, token: Token, at: int) -> bool:
        """A declaration at the start of a line, or the end of the text, inside open braces: close them and say so once."""
        at_declaration = str(token) in _declaration_words() and self._starts_line(at)
        if not (at_declaration or token.type == "$END") or not self._accepts("RBRACE"):
            return False
        open_brace = next(
            (v for v in reversed(self.state.value_stack) if isinstance(v, Token) and v.type == "LBRACE"), None
        )
        if open_brace is not None and at != self.last_error:
            report_unclosed(self.source, open_brace, at, self.report)
        self.last_error = at
        if self._accepts("LET"):  # a body whose end is a guess: its junk says so
            self.state.feed_token(Token("ERROR", "", at, end_pos=at))
        while self._accepts("RBRACE"):
            self.state.feed_token(Token("RBRACE", "", at, end_pos=at))
        self._go_on_at(at)
        return True


@cache
def _declaration_words() -> frozenset[str]:
    """Words that start a declaration."""
    return frozenset(form.word for form in declarations())


def _start(value: Any) -> int:
    start = (
        value.start_pos
        if isinstance(value, Token)
        else value.span.start
        if hasattr(value, "span")
        else value[0].span.start
    )
    assert isinstance(start, int)
    return start


def _open_braces(values: list[Any]) -> int:
    signs = [value.type for value in values if isinstance(value, Token)]
    return signs.count("LBRACE") - signs.count("RBRACE")


def _next_start(text: str, at: int, depth: int, *, force: bool) -> int:
    """Where reading can go on: the start of a line, or a closing brace, outside the braces opened since the mistake.

    `force`: not at `at` itself, since nothing was gained there.
    """
    line = text.rfind("\n", 0, at) + 1
    if not force and depth <= 0 and not text[line:at].strip():
        return at
    for match in TOKENS.finditer(text, at):
        sign = match.group()
        if sign == "}" and depth <= 0 and (not force or match.start() > at):
            return match.start()
        depth += (sign == "{") - (sign == "}")
        if sign == "\n" and depth <= 0:
            rest = re.compile(r"\s*((?:else|catch|finally)\b)?").match(text, match.end())
            if rest and rest[1]:  # the `if` or `try` before it is what was dropped
                continue
            return rest.end() if rest else match.end()
    return len(text)


def documentation(source: Source, comments: Sequence[Token]) -> dict[int, list[int]]:
    """Doc comments (`///`): the numbers of those that stand together, by the place of what follows them."""
    found: dict[int, list[int]] = {}
    together: list[int] = []
    for number, comment in enumerate(comments):
        if not comment.startswith("///"):
            continue
        together.append(number)
        rest = _BEFORE_DOCUMENTED.match(source.text, comment.end_pos or 0)
        after = rest.end() if rest else 0
        if not source.text.startswith("///", after):
            found[after], together = together, []
    return found


def doc_text(comments: Iterable[Token]) -> str:
    """What doc comments say, line by line."""
    return "\n".join(comment[3:].removeprefix(" ").rstrip() for comment in comments)


class _Docs:
    """Doc comments, attached to the declaration, field or operation that follows them."""

    def __init__(self, source: Source, comments: list[Token]) -> None:
        found = documentation(source, comments)
        self.by_start = {start: doc_text(comments[number] for number in own) for start, own in found.items()}

    def attach(self, nodes: list[Any]) -> Iterator[Any]:
        for node in nodes:
            yield self._documented(node) if self.by_start else node

    def _documented(self, node: Any) -> Any:
        changes: dict[str, Any] = {}
        if node.span.start in self.by_start and hasattr(node, "doc"):
            changes["doc"] = self.by_start[node.span.start]
        for group in ("fields", "items"):
            if hasattr(node, group) and hasattr(node, "doc"):
                changes[group] = tuple(self._documented(item) for item in getattr(node, group))
        return replace(node, **changes) if changes else node
