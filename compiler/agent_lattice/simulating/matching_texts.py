"""Texts in which patterns occur, made from the patterns."""

from __future__ import annotations

from typing import Any

from agent_lattice_runtime.pattern_syntax import Chars, read
from agent_lattice_runtime.patterns import compiled

from agent_lattice.simulating.choices import Choices

_TRIES = 40
_USUAL = "a0A_-. bZ9@/:\n\tß✓"  # of these the first few that fit stand for a set of characters
_MORE = 3  # repetitions beyond the least


def matching(patterns: list[str], least: int, most: int | None, choices: Choices, at: str) -> str:
    """A text of `least` to `most` characters in which every pattern occurs; the last one tried when none is found."""
    text = ""
    for number in range(_TRIES):
        label = f"{at}~{number}" if number else at
        text = "".join(
            _Writer(choices, f"{label}/{index}").text(read(pattern)) for index, pattern in enumerate(patterns)
        )
        for filled in (text, text.ljust(least, "a"), text.rjust(least, "a"), text.ljust(least, text[-1:] or "0")):
            if _fits(filled, patterns, least, most):
                return filled
    return text


def _fits(text: str, patterns: list[str], least: int, most: int | None) -> bool:
    if not least <= len(text) <= (len(text) if most is None else most):
        return False
    return all(compiled(pattern).search(text) for pattern in patterns)


class _Writer:
    """Writes one text of a pattern; its decisions are numbered in the order of writing."""

    def __init__(self, choices: Choices, at: str) -> None:
        self._choices = choices
        self._at = at
        self._count = 0

    def _take(self, among: int) -> int:
        self._count += 1
        return self._choices.take(f"{self._at}.{self._count}", among)

    def text(self, node: Any) -> str:
        match node:
            case ("chars", chars):
                return self._char(chars)
            case ("sequence", items):
                return "".join(map(self.text, items))
            case ("choice", options):
                return self.text(options[self._take(len(options))])
            case ("repeat", inner, least, most):
                widest = min(most, least + _MORE) if most is not None else least + _MORE
                return "".join(self.text(inner) for _ in range(least + self._take(widest - least + 1)))
        return ""  # an edge of the text or of a word: whether it is there shows in the end

    def _char(self, chars: Chars) -> str:
        fitting = [char for char in (*_edges(chars), *_USUAL) if chars.holds(char)]
        return fitting[self._take(len(fitting))] if fitting else ""


def _edges(chars: Chars) -> list[str]:
    """The ends of a set's ranges."""
    codes = [code for low, high in chars.ranges for code in (low, high, (low + high) // 2)]
    return [chr(code) for code in dict.fromkeys(codes) if not 0xD800 <= code <= 0xDFFF]
