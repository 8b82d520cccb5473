"""Where the keys of a TOML text stand: the standard library's reader tells values, not places."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

Key = tuple[str, ...]

_TOKEN = re.compile(
    r"""(?P<skip>[ \t]+|\#[^\n]*)
      | (?P<text>\"{3}(?:\\.|[^\\])*?\"{3,5} | '{3}.*?'{3,5} | "(?:\\.|[^"\\\n])*" | '[^'\n]*')
      | (?P<sign>\[\[|\]\]|[\[\]{}=,.\n])
      | (?P<bare>[^\s\[\]{}=,.\#"']+)
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)


def places(text: str) -> dict[Key, int]:
    """The offset of every key and table header by its path; of one that is written several times, the first.

    `text` is TOML that could be read, with LF line ends. Keys inside arrays are not told.
    """
    found: dict[Key, int] = {}
    reader = _Reader(text)
    for path, offset in reader.pairs():
        for end in range(1, len(path) + 1):
            found.setdefault(path[:end], offset)
    return found


class _Reader:
    """Walks over the tokens once; `table` is the header above."""

    def __init__(self, text: str) -> None:
        self.tokens = [
            (match.lastgroup or "", match[0], match.start())
            for match in _TOKEN.finditer(text)
            if match.lastgroup != "skip"
        ]
        self.at = 0

    def pairs(self) -> Iterator[tuple[Key, int]]:
        table: Key = ()
        while self.at < len(self.tokens):
            _, token, offset = self.tokens[self.at]
            if token == "\n":
                self.at += 1
            elif token in ("[", "[["):
                self.at += 1
                table = self._key(())
                self.at += 1
                yield table, offset
            else:
                yield from self._pair(table)

    def _key(self, table: Key) -> Key:
        """A key of one or more parts, up to what ends it."""
        parts = list(table)
        while self.at < len(self.tokens):
            kind, token, _ = self.tokens[self.at]
            if kind in ("text", "bare"):
                parts.append(_unquoted(token))
            elif token != ".":
                break
            self.at += 1
        return tuple(parts)

    def _is(self, sign: str) -> bool:
        return self.at < len(self.tokens) and self.tokens[self.at][1] == sign

    def _pair(self, table: Key) -> Iterator[tuple[Key, int]]:
        """`key = value`; of an inline table also what is in it."""
        offset = self.tokens[self.at][2]
        path = self._key(table)
        yield path, offset
        self.at += 1
        if self._is("{"):
            self.at += 1
            while self.at < len(self.tokens) and not self._is("}"):
                if self._is(",") or self._is("\n"):
                    self.at += 1
                else:
                    yield from self._pair(path)
            self.at += 1
        else:
            self._skip_value()

    def _skip_value(self) -> None:
        """Up to the end of a value that is no inline table."""
        depth = 0
        while self.at < len(self.tokens):
            kind, token, _ = self.tokens[self.at]
            if depth == 0 and token in ("\n", ",", "}"):
                return
            if kind == "sign":
                depth += token.count("[") + token.count("{") - token.count("]") - token.count("}")
            self.at += 1


def _unquoted(part: str) -> str:
    """What a part of a key means."""
    if part[0] not in "\"'":
        return part
    return next(iter(tomllib.loads(f"{part} = 0")))
