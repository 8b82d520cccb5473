"""Where two JSON values, or two texts, differ: the places, and as much of both sides as a person needs to see it."""

from __future__ import annotations

from .canonical import canonical

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_WIDTH = 60  # characters of each side that are shown of a text
_BEFORE = 20  # of them before the place where the texts part
ABSENT = "(nothing)"


def differences(one: object, other: object, place: str = "") -> Iterator[tuple[str, str, str]]:
    """(place, one side, other side) of every smallest part of two JSON values that differs; places are like
    `order.items[2].price`."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in [*one, *(name for name in other if name not in one)]:
            inner = f"{place}.{name}" if place else str(name)
            if name not in other:
                yield inner, shortened(canonical(one[name])), ABSENT
            elif name not in one:
                yield inner, ABSENT, shortened(canonical(other[name]))
            else:
                yield from differences(one[name], other[name], inner)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, (left, right) in enumerate(zip(one, other, strict=True)):
            yield from differences(left, right, f"{place}[{index}]")
    elif isinstance(one, str) and isinstance(other, str):
        if one != other:
            yield place, *parting(canonical(one), canonical(other))
    elif (left := canonical(one)) != (right := canonical(other)):
        yield place, *parting(left, right)


def parting(one: str, other: str) -> tuple[str, str]:
    """Both texts in one line around the place where they part; in full when they are short."""
    if len(one) <= _WIDTH and len(other) <= _WIDTH:
        return one, other
    common = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        common += 1
    start = max(0, common - _BEFORE)
    return _cut(one, start), _cut(other, start)


def _cut(text: str, start: int) -> str:
    before = "…" if start else ""
    after = "…" if len(text) > start + _WIDTH else ""
    return f"{before}{text[start : start + _WIDTH]}{after}"


def shortened(text: str, limit: int = _WIDTH) -> str:
    """A text that fits into a line of a table."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def counted(text: str) -> str:
    """A long text with how long it is."""
    return text if len(text) <= 300 else f"{text[:300]}… ({len(text)} characters)"
