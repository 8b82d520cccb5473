"""The tokens of lark's contextual lexer, made with one pattern for the whole grammar instead of one for each parser state.

What is accepted in a state is a part of the whole, in the same order; so where the whole finds a token that the state
accepts, the state's own pattern would find the same one. Only elsewhere (a keyword used as a name, a mistake) that
pattern is made, which takes longer than reading fifty steps.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from copy import copy
from typing import Any

from lark import Token
from lark.common import LexerConf
from lark.lexer import AbstractBasicLexer, BasicLexer, ContextualLexer, LexerState, PatternStr


class WholeLexer(ContextualLexer):
    """Stands in for lark's ContextualLexer. Tokens have no line and column, only `start_pos` and `end_pos`."""

    def __init__(
        self, conf: LexerConf, states: dict[int, Collection[str]], always_accept: Collection[str] = ()
    ) -> None:
        self.lexers = _StateLexers(conf, states)
        self.root_lexer = self._root = BasicLexer(copy(conf))
        self._words = {t.pattern.value: t.name for t in conf.terminals if isinstance(t.pattern, PatternStr)}

    def lex(self, lexer_state: LexerState, parser_state: Any) -> Iterator[Token]:
        states = parser_state.parse_conf.states
        while True:
            token = self._whole(lexer_state, states[parser_state.position])
            if token is None:  # no such token here: a name, a mistake or the end
                token = next(super().lex(lexer_state, parser_state), None)
                if token is None:
                    return
            yield token

    def _whole(self, lexer_state: LexerState, accepted: dict[str, Any]) -> Token | None:
        """The next token, if it is one that the parser state accepts."""
        text, place, lexer = lexer_state.text, lexer_state.line_ctr, self._root
        while found := lexer.match(text, place.char_pos):  # type: ignore[no-untyped-call]
            value, kind = found
            kind = self._words.get(value, kind)
            if kind in lexer.ignore_types:
                if kind in lexer.user_callbacks:
                    lexer.user_callbacks[kind](_token(kind, value, place.char_pos))
            elif kind not in accepted:
                return None
            else:
                lexer_state.last_token = token = _token(kind, value, place.char_pos)
                place.char_pos += len(value)
                return token
            place.char_pos += len(value)
        return None


def _token(kind: str, value: str, start: int) -> Token:
    return Token(kind, value, start, end_pos=start + len(value))


class _StateLexers(dict[int, AbstractBasicLexer]):
    """The lexer of each parser state, made when it is first asked for."""

    def __init__(self, conf: LexerConf, states: dict[int, Collection[str]]) -> None:
        self._conf = conf
        self._states = states
        self._known: dict[frozenset[str], AbstractBasicLexer] = {}

    def __missing__(self, state: int) -> AbstractBasicLexer:
        names = frozenset(self._states[state]).union(self._conf.ignore)
        if names not in self._known:
            conf = copy(self._conf)
            conf.terminals = [terminal for terminal in conf.terminals if terminal.name in names]
            self._known[names] = BasicLexer(conf)
        self[state] = self._known[names]
        return self[state]
