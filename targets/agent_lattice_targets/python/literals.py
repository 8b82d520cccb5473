"""Python literals as the usual formatters write them."""

from __future__ import annotations

import ast
from typing import Any

_BYTES = {chr(code): f"\\x{code:02x}" for code in range(0x80, 0x100)}
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def string(text: str) -> str:
    """A string on one line, in the quotes that need fewer escapes, double ones in doubt."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    if text.isprintable() and quote not in text and "\\" not in text:
        return quote + text + quote
    return quote + "".join("\\" + char if char == quote else escaped(char) for char in text) + quote


def escaped(char: str) -> str:
    """A character inside quotes; what would not show, or would show as something else, is an escape."""
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char.isprintable():
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def block_string(text: str) -> str:
    """A string of several lines in triple quotes, each line at the left edge."""
    body = "".join(
        "\n" if char == "\n" else '\\"' if char == '"' and quoted else escaped(char) for char, quoted in _quotes(text)
    )
    return f'"""\\\n{body}"""'


def _quotes(text: str) -> list[tuple[str, bool]]:
    """Each character with whether, as a quote, it could end the string: the third in a row, and the last."""
    found: list[tuple[str, bool]] = []
    run = 0
    for place, char in enumerate(text):
        run = run + 1 if char == '"' else 0
        ends = run == 3 or (char == '"' and place == len(text) - 1)
        found.append((char, ends))
        run = 0 if ends else run
    return found


def constant(value: Any) -> str:
    """None, bool, int, float, str, bytes or the ellipsis."""
    if isinstance(value, str):
        return string(value)
    if isinstance(value, bytes):
        return "b" + "".join(_BYTES.get(char) or char for char in string(value.decode("latin-1")))
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return "1e309" if value > 0 else "-1e309"
    return "..." if value is ... else repr(value)


def data(value: Any) -> ast.expr:
    """The display of plain data: None, bool, int, float, str, tuple, list and dict."""
    match value:
        case dict():
            return ast.Dict([data(key) for key in value], [data(item) for item in value.values()])
        case list():
            return ast.List([data(item) for item in value], ast.Load())
        case tuple():
            return ast.Tuple([data(item) for item in value], ast.Load())
    return ast.Constant(value)
