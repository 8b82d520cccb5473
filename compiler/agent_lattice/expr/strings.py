"""String literals: from the characters between the quotes to text, and back to their places."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent_lattice.records import record

_SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_ESCAPE = re.compile(
    r"""\\(?:(?P<simple>[abfnrtv])|(?P<self>[\\?"'`])|(?P<octal>[0-3][0-7]{2})"""
    r"""|[xX](?P<x>[0-9a-fA-F]{2})|u(?P<u>[0-9a-fA-F]{4})|U(?P<U>[0-9a-fA-F]{8}))"""
)
_MOST = 0x10FFFF


@record
class Body:
    """The text of a literal. `starts[i]` is where character `i` begins in the literal; one more entry is the end."""

    text: str
    starts: Sequence[int]
    problems: tuple[tuple[int, int, str], ...] = ()
    """Wrong escapes: start and end in the raw literal, and what is wrong. They stand in `text` as written."""


def is_triple(raw: str) -> bool:
    """Whether the literal (with its prefix) stands in triple quotes."""
    return raw.lstrip("rR").startswith(('"""', "'''"))


def unescape(raw: str) -> str:
    """The text of a STRING token, quotes and prefix included; a wrong escape stays as written."""
    return decode(raw).text


def decode(raw: str) -> Body:
    """The text of a STRING token and where each of its characters comes from."""
    prefix = 1 if raw[0] in "rR" else 0
    width = prefix + (3 if is_triple(raw) else 1)
    end = len(raw) - (width - prefix)
    text = raw[width:end]
    if prefix or "\\" not in text:
        return Body(text, range(width, end + 1))
    return _decode_escapes(raw, width, end)


def decode_bytes(raw: str) -> tuple[bytes, str]:
    """The bytes of a BYTES token without its `b`, and the first wrong escape: `\\xff` is a byte, text is UTF-8."""
    prefix = 1 if raw[0] in "rR" else 0
    width = 3 if is_triple(raw) else 1
    text = raw[prefix + width : len(raw) - width]
    if prefix:
        return text.encode("utf-8"), ""
    made, at = bytearray(), 0
    while (escape := text.find("\\", at)) >= 0:
        made += text[at:escape].encode("utf-8")
        found = _ESCAPE.match(text, escape)
        if found is None or found.group("u") or found.group("U"):
            return b"", found.group() if found else text[escape : escape + 2]
        made += _escaped(found).encode("latin-1")
        at = found.end()
    return bytes(made + text[at:].encode("utf-8")), ""


def _decode_escapes(raw: str, at: int, end: int) -> Body:
    chars: list[str] = []
    starts: list[int] = []
    problems: list[tuple[int, int, str]] = []
    while at < end:
        starts.append(at)
        found = _ESCAPE.match(raw, at, end) if raw[at] == "\\" else None
        char = _escaped(found) if found else raw[at]
        if found is None and char == "\\":
            problems.append((at, min(at + 2, end), f"`{raw[at : min(at + 2, end)]}` is no escape sequence"))
        elif not char and found:
            problems.append((at, found.end(), f"`{found.group()}` is no Unicode character"))
            found, char = None, "\\"
        chars.append(char)
        at = found.end() if found else at + 1
    starts.append(end)
    return Body("".join(chars), starts, tuple(problems))


def _escaped(found: re.Match[str]) -> str:
    """The character of an escape; empty for a surrogate or a number beyond Unicode."""
    if simple := found.group("simple"):
        return _SIMPLE[simple]
    if itself := found.group("self"):
        return itself
    octal = found.group("octal")
    number = int(octal, 8) if octal else int(found.group("x") or found.group("u") or found.group("U"), 16)
    return "" if 0xD800 <= number < 0xE000 or number > _MOST else chr(number)
