"""Colours of a terminal; a `Paint` that is off leaves texts as they are."""

from __future__ import annotations

_CODES = {
    "error": "1;31",
    "warning": "1;33",
    "hint": "1;36",
    "gutter": "1;34",
    "related": "1;34",
    "strong": "1",
    "faint": "2",
    "good": "32",
    "added": "32",
    "removed": "31",
}


class Paint:
    """`paint(style, text)` with the styles of diagnostics and progress."""

    __slots__ = ("on",)

    def __init__(self, on: bool) -> None:
        self.on = on

    def __call__(self, style: str, text: str) -> str:
        code = _CODES.get(style)
        return f"\x1b[{code}m{text}\x1b[0m" if self.on and code and text else text


PLAIN = Paint(False)
