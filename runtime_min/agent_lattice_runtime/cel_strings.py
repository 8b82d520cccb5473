"""The string functions of CEL that plain Python does not have. Places count code points from 0."""

from __future__ import annotations

from .cel import CelError


def _place(index: int, length: int) -> int:
    if 0 <= index <= length:
        return index
    raise CelError(f"index out of range: {index}")


def char_at(value: str, index: int) -> str:
    """The character at an index; empty at the end of the string."""
    return value[_place(index, len(value)) :][:1] if index != len(value) else ""


def index_of(value: str, part: str, start: int = 0) -> int:
    return value.find(part, _place(start, len(value)))


def last_index_of(value: str, part: str, start: int | None = None) -> int:
    """The last place, at or before `start`, where `part` begins; -1 when there is none."""
    if start is None:
        return value.rfind(part)
    return value.rfind(part, 0, min(_place(start, len(value)) + len(part), len(value)))


def substring(value: str, start: int, end: int | None = None) -> str:
    length = len(value)
    last = length if end is None else _place(end, length)
    if _place(start, length) > last:
        raise CelError(f"invalid range: start {start} is behind end {last}")
    return value[start:last]


def replace(value: str, old: str, new: str, count: int = -1) -> str:
    return value.replace(old, new, max(count, -1))


def split(value: str, separator: str, count: int = -1) -> list[str]:
    """At most `count` parts (all when negative); an empty separator splits into characters."""
    if count == 0:
        return []
    if separator:
        return value.split(separator, count - 1 if count > 0 else -1)
    parts = list(value) or [""]
    return parts if not 0 < count < len(parts) else [*parts[: count - 1], "".join(parts[count - 1 :])]


def lower_ascii(value: str) -> str:
    return value.translate({code: code + 32 for code in range(65, 91)})


def upper_ascii(value: str) -> str:
    return value.translate({code: code - 32 for code in range(97, 123)})


_WHITE_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))


def trim(value: str) -> str:
    """Without Unicode white space at both ends."""
    return value.strip(_WHITE_SPACE)


_ESCAPES = {7: "\\a", 8: "\\b", 12: "\\f", 10: "\\n", 13: "\\r", 9: "\\t", 11: "\\v", 92: "\\\\", 34: '\\"'}


def quote(value: str) -> str:
    """In double quotes, with escapes for what would not show."""
    return f'"{value.translate(_ESCAPES)}"'


def matches(value: str, pattern: str) -> bool:
    """Whether the RE2 pattern occurs in the string; takes time linear in its length."""
    from .patterns import PatternError, compiled

    try:
        return compiled(pattern).search(value)
    except PatternError as error:
        raise CelError(f"invalid regular expression: {error}") from None
