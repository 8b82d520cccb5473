"""Texts of documents and string literals of programs: what stands for what, character by character."""

from __future__ import annotations

import re

from agent_lattice.expr.strings import decode, is_triple

STRING_PATTERN = (
    r"""[rR]"{3}(?:[^"]|"(?!""))*"{3}|[rR]'{3}(?:[^']|'(?!''))*'{3}"""
    r"""|"{3}(?:[^"\\]|\\[\s\S]|"(?!""))*"{3}|'{3}(?:[^'\\]|\\[\s\S]|'(?!''))*'{3}"""
    r"""|[rR]"[^"\n]*"|[rR]'[^'\n]*'|"(?:[^"\\\n]|\\[^\n])*"|'(?:[^'\\\n]|\\[^\n])*'"""
)
STRING = re.compile(STRING_PATTERN)

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_SPECIAL = re.compile(r'[\\"\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]')


def literal(text: str, indent: int | None) -> tuple[str, list[int]]:
    """The canonical literal for a text, and where in it each character begins (one more entry: the end). `indent`: the columns of
    its lines where it may stand in lines of its own; None where it may not."""
    return _long(text, indent) if indent is not None and is_long(text) else _short(text)


def text_indent(depth: int) -> int:
    """The columns of the lines of a text within so many open braces."""
    return 2 * (depth + 1)


def is_long(text: str) -> bool:
    """Whether a text stands in triple quotes: it has lines, and is the same without their common indentation."""
    if "\n" not in text or "\r" in text:
        return False
    lines = text.split("\n")
    filled = [line for line in lines if line.strip()]
    blank_ends = any(line and not line.strip() for line in lines)
    margin = min((len(line) - len(line.lstrip(" \t")) for line in filled), default=1)
    first = len(lines) > 1 and bool(lines[0].strip())
    return margin == 0 and not blank_ends and first


def _short(text: str) -> tuple[str, list[int]]:
    made, places = ['"'], []
    length = 1
    for char in text:
        places.append(length)
        piece = _escaped(char)
        made.append(piece)
        length += len(piece)
    return "".join(made) + '"', [*places, length]


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    return f"\\u{ord(char):04x}" if _SPECIAL.match(char) else char


def _long(text: str, indent: int) -> tuple[str, list[int]]:
    made, places = ['"""\n'], []
    length, start = 4, True
    for at, char in enumerate(text):
        if start and char != "\n":
            made.append(" " * indent)
            length += indent
        places.append(length)
        quote = char == '"' and (text.startswith('"""', at) or at == len(text) - 1)
        piece = _ESCAPES[char] if char == "\\" or quote else _escaped(char) if char not in '\n\t"' else char
        made.append(piece)
        length += len(piece)
        start = char == "\n"
    if start:
        made.append(" " * max(0, indent - 2))
        length += max(0, indent - 2)
    return "".join(made) + '"""', [*places, length]


def text_of(raw: str, indent: int | None) -> str | None:
    """The text whose literal at this indent is the one given; None when there is none, so that it must be shown as written."""
    text = decode(raw).text
    if indent is not None and is_triple(raw):
        text = _dedented(text)
    return text if literal(text, indent)[0] == raw else None


def is_written(key: str) -> bool:
    """Whether a key is a literal as a program writes it: one that no plain text stands for, such as a name in single quotes."""
    return STRING.fullmatch(key) is not None


def _dedented(text: str) -> str:
    """Without the first line if it is empty, and without the common indentation."""
    lines = text.split("\n")
    if len(lines) > 1 and not lines[0].strip():
        lines = lines[1:]
    margin = min((len(line) - len(line.lstrip(" \t")) for line in lines if line.strip()), default=0)
    return "\n".join(line[margin:] if line.strip() else "" for line in lines)
