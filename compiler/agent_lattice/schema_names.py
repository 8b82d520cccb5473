"""Names of the language for what schemas and servers call otherwise."""

from __future__ import annotations

import re

_NAME = re.compile(r"[a-z_][A-Za-z0-9_]*")


def type_name(*parts: str) -> str:
    """A type name made of the words of some names: `policy.search` gives `PolicySearch`."""
    words = [word for part in parts for word in re.split(r"[^A-Za-z0-9]+", part) if word]
    name = "".join(map(_capital, words))
    return name if name[:1].isupper() else f"T{name}"


def operation_name(tool: str) -> str:
    """A name of the language for a tool: `policy.search` gives `policy_search`."""
    name = re.sub(r"[^A-Za-z0-9_]+", "_", tool).strip("_")
    return name if _NAME.fullmatch(name) else f"tool_{name.lower()}" if not name[:1].isupper() else _lowered(name)


def is_name(text: str) -> bool:
    """Whether a text can be the name of a parameter."""
    return _NAME.fullmatch(text) is not None


def _lowered(name: str) -> str:
    return name[:1].lower() + name[1:]


def _capital(word: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in word.split("_"))
