"""Parsers made from grammar text and readers, with the compiled tables kept beside the byte code."""

from __future__ import annotations

import hashlib
import marshal
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import lark
from lark import Lark, Token
from lark.grammar import Rule
from lark.lexer import TerminalDef

from agent_lattice.lexing import WholeLexer
from agent_lattice.source import Source
from agent_lattice.tree import Parts, Reader

_CACHE = Path(__file__).parent / "__pycache__"


class Parser:
    """An LALR parser whose rules are read by `readers`. `source` is what their spans point into; one text at a time."""

    def __init__(self, grammar: str, readers: Mapping[str, Reader], start: str) -> None:
        self.source = Source("", "")
        self.comments: list[Token] = []
        for name, reader in readers.items():
            setattr(self, name, self._bound(reader))
        hooks = {"transformer": self, "lexer_callbacks": {"COMMENT": self._comment}}
        self.lark = _load(grammar, start, hooks | {"_plugins": {"ContextualLexer": WholeLexer}})

    def _bound(self, reader: Reader) -> Callable[[list[Any]], Any]:
        return lambda children: reader(Parts(self.source, children))

    def _comment(self, token: Token) -> Token:
        self.comments.append(token)
        return token


def _load(grammar: str, start: str, hooks: dict[str, Any]) -> Lark:
    """The parser from the cache, or made and put there. A cache that cannot be read or written is as good as none."""
    key = f"{grammar}\0{start}\0{lark.__version__}\0{sys.version_info[:2]}"
    path = _CACHE / f"grammar-{hashlib.sha256(key.encode()).hexdigest()[:16]}.tables"
    try:
        data, memo = marshal.loads(path.read_bytes())
        loaded: Lark = Lark._load_from_dict(data, memo, **hooks)  # type: ignore[no-untyped-call]
        return loaded
    except Exception:
        made = Lark(
            grammar,
            start=start,
            parser="lalr",
            lexer="contextual",
            keep_all_tokens=True,
            maybe_placeholders=False,
            **hooks,
        )
        _store(made, path)
        return made


def _store(made: Lark, path: Path) -> None:
    """Write the tables so that a reader sees all of them or none."""
    part = path.with_suffix(f".{os.getpid()}")
    try:
        data, memo = made.memo_serialize([TerminalDef, Rule])
        hooks = ("transformer", "lexer_callbacks", "_plugins")
        options = {name: value for name, value in data["options"].items() if name not in hooks}  # `made` keeps its own
        path.parent.mkdir(exist_ok=True)
        part.write_bytes(marshal.dumps(({**data, "options": options}, memo)))
        part.replace(path)
    except (OSError, ValueError):
        part.unlink(missing_ok=True)
