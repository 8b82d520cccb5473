"""Reads one expression that stands alone: the text of `lattice eval`, a hole of a template."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from lark import Token
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from agent_lattice.diagnostics import Report
from agent_lattice.expr import syntax
from agent_lattice.expr.syntax import EXPRESSION_SYNTAX
from agent_lattice.expr.tree import Expr
from agent_lattice.grammars import Parser
from agent_lattice.source import Source, Span

_FRAME = r"""
TYPE_NAME: /[A-Z][A-Za-z0-9_]*/
COMMENT: /\/\/[^\n]*/
WHITE_SPACE: /[ \t\n]+/
%ignore COMMENT
%ignore WHITE_SPACE
"""


@cache
def _parser() -> Parser:
    return Parser(syntax.SYNTAX + _FRAME, syntax.READERS, "expr")


def parse_expr(source: Source, start: int, end: int, report: Report) -> Expr | None:
    """The expression between two offsets of a source; None when that is reported as wrong."""
    return parse_text(source.text[start:end], range(start, end + 1), source, report)


def parse_text(text: str, places: Sequence[int], source: Source, report: Report) -> Expr | None:
    """The expression `text`, whose character `i` stands at `places[i]` of the source (one more entry: the end)."""
    expressions = _parser()
    expressions.source = source
    parser = expressions.lark.parse_interactive(text)
    placed = None
    try:
        for token in parser.lexer_thread.lex(parser.parser_state):  # type: ignore[no-untyped-call]
            token.start_pos, token.end_pos = places[token.start_pos], places[token.end_pos]
            placed = token
            parser.feed_token(token)
        end = Token.new_borrow_pos("$END", "", Token("$END", "", places[-1], end_pos=places[-1]))
        result = parser.feed_token(end)
    except UnexpectedInput as error:
        if isinstance(error, UnexpectedToken) and error.token is not placed and error.token.type != "$END":
            # found by the lexer, so it still counts from the start of the text
            error.token.start_pos, error.token.end_pos = places[error.token.start_pos], places[error.token.end_pos]
        _report(error, text, places, source, report)
        return None
    assert isinstance(result, Expr)
    return result


def _report(error: UnexpectedInput, text: str, places: Sequence[int], source: Source, report: Report) -> None:
    if isinstance(error, UnexpectedCharacters):
        at = error.pos_in_stream or 0
        found, span = text[at], Span(source, places[at], places[at + 1])
    elif isinstance(error, UnexpectedToken) and error.token.type != "$END":
        found, span = str(error.token), Span(source, error.token.start_pos, error.token.end_pos)
    else:
        message = "this expression ends too early" if text.strip() else "an expression is missing here"
        report.add(EXPRESSION_SYNTAX, message, Span(source, places[-1], places[-1]))
        return
    if found in ("'", '"'):
        report.add(EXPRESSION_SYNTAX, "this string never ends", span, help=f"close it with `{found}`")
    else:
        report.add(EXPRESSION_SYNTAX, f"unexpected `{found}` in an expression", span, help=ADVICE.get(found, ""))


ADVICE = {
    "=": "compare with `==`",
    "&": "write `&&` for and",
    "|": "write `||` for or",
    "and": "write `&&`",
    "or": "write `||`",
    "not": "write `!`",
}
