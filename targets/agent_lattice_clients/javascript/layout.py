"""JavaScript over several lines: plain data as literals, and statements that are too long for one."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

from agent_lattice_clients.javascript.code import constant, key

WIDTH = 120


def literal(value: Any, indent: int = 0, used: int = 0) -> str:
    """None, bool, int, float, str, list and dict as a literal: on one line if it fits, else an item per line. `used` columns of the
    first line are taken."""
    flat = _flat(value)
    if indent + used + len(flat) < WIDTH or not value or not isinstance(value, list | dict):
        return flat
    inner = " " * (indent + 2)
    if isinstance(value, dict):
        parts = [f"{inner}{key(k)}: {literal(v, indent + 2, len(key(k)) + 3)}," for k, v in value.items()]
    else:
        parts = [f"{inner}{literal(item, indent + 2, 1)}," for item in value]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return "\n".join([opening, *parts, " " * indent + closing])


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key(k)}: {_flat(v)}' for k, v in value.items())} }}" if value else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_flat, value))}]"
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else constant(value).text


def folded(text: str, indent: int) -> str:
    """A statement on one line if it fits; else its longest list, object or call opened, an item per line."""
    found = None if indent + len(text) <= WIDTH or "\n" in text or _PATTERN in text else _longest(text)
    if found is None:
        return text
    start, end, commas = found
    places = [start, *commas, end]
    items = [text[at + 1 : following].strip() for at, following in pairwise(places)]
    inner = " " * (indent + 2)
    lines = [f"{inner}{folded(item, indent + 2)}," for item in items if item]
    return "\n".join([text[: start + 1], *lines, " " * indent + folded(text[end:], indent)])


_PATTERN = "like: /"
"""Where a regular expression stands, whose brackets are none."""

Brackets = tuple[int, int, list[int]]
"""Where they open and close, and the commas between that are not in others."""


def _longest(text: str) -> Brackets | None:
    """The brackets that hold most of a text and may be opened: those of lists, objects and calls that are in no others."""
    found: list[Brackets] = []
    stack: list[int] = []
    commas: list[int] = []
    at = 0
    while at < len(text):
        char = text[at]
        if char in '"`':
            at = _behind_string(text, at)
            continue
        if char in "([{":
            stack.append(at)
            commas = [] if len(stack) == 1 else commas
        elif char in ")]}":
            if not stack:
                return None
            start = stack.pop()
            if not stack and _may_open(text, start):
                found.append((start, at, commas))
        elif char == "," and len(stack) == 1:
            commas.append(at)
        at += 1
    return max(found, key=lambda one: one[1] - one[0], default=None) if not stack else None


def _may_open(text: str, start: int) -> bool:
    """Whether a comma may stand behind the last of what these brackets hold: not in those that only group."""
    return text[start] != "(" or bool(re.match(r"[\w$)\]]", text[start - 1 : start]))


def _behind_string(text: str, at: int) -> int:
    """The place behind a string or template literal."""
    quote, depth = text[at], 0
    at += 1
    while text[at] != quote or depth:
        if text[at] == "\\":
            at += 1
        elif quote == "`" and text.startswith("${", at):
            depth, at = depth + 1, at + 1
        elif depth and text[at] in '"`':
            at = _behind_string(text, at) - 1
        elif depth and text[at] in "{}":
            depth += 1 if text[at] == "{" else -1
        at += 1
    return at + 1
