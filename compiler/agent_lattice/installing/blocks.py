"""Whole lines of a text, as in TOML, in YAML's block style and in Markdown: adding and taking out."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .splices import Splice, cut, line_end_of, line_start


def lines_added(text: str, at: int, lines: Iterable[str], *, blank: bool = False) -> Splice:
    """Add lines behind the line that ends at `at` (or before the first one), after an empty line when `blank`.

    A text whose last line has no end keeps that.
    """
    end = line_end_of(text)
    block = end.join(lines)
    if not text or (at == 0 and line_start(text, at) == 0 and not blank):
        return Splice(0, block + end)
    lead = end if blank else ""
    stop = re.compile(r"\r?\n").match(text, at)
    if stop:
        return Splice(stop.end(), lead + block + end)
    return Splice(at, end + lead + block)


def lines_removed(text: str, start: int, end: int, *, blank: bool = False) -> Splice:
    """Take out the lines from the one that begins at `start` to the one that ends at `end`; with the empty line before when `blank`."""
    if blank and (before := re.compile(r"(?:\A|\n)(\r?\n)\Z").search(text, 0, start)):
        start = before.start(1)
    stop = re.compile(r"\r?\n").match(text, end)
    if stop:
        return cut(text, start, stop.end())
    before_end = re.compile(r"\r?\n\Z").search(text, 0, start)
    return cut(text, before_end.start() if before_end else start, end)
