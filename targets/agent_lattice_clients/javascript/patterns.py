"""Regular expressions as data: the program that the runtime searches with, for the matcher in `prelude/patterns.js`."""

from __future__ import annotations

from functools import cache
from typing import Any

from agent_lattice_runtime.pattern_syntax import Chars
from agent_lattice_runtime.patterns import compiled


@cache
def program(pattern: str) -> str:
    """The steps of a pattern as a JavaScript object. Raises PatternError."""
    found = compiled(pattern)
    (start,) = found.start
    return f"{{ start: {start}, steps: [{', '.join(_step(step, to) for step, to in found.program)}] }}"


def _step(step: Any, to: Any) -> str:
    if step is None:
        return "{}"
    if isinstance(step, Chars):
        return f"{{ {_chars(step)}, to: {to} }}"
    return f"{{ to: [{', '.join(map(str, to))}] }}" if step == "jump" else f'{{ if: "{step}", to: [{to[0]}] }}'


def _chars(chars: Chars) -> str:
    parts = [f"in: [{', '.join(f'[{low}, {high}]' for low, high in chars.ranges)}]"]
    if chars.negated:
        parts.append("out: true")
    if chars.folded:
        parts.append("fold: true")
    if chars.categories:
        classes = "".join(f"\\{'p' if wanted else 'P'}{{{name}}}" for name, wanted in chars.categories)
        parts.append(f"like: /[{classes}]/u")
    return ", ".join(parts)
