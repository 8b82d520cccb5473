"""Values of settings in a document: what a text there is taken for."""

from __future__ import annotations

import re
from collections.abc import Set
from typing import Any

from agent_lattice.documents.texts import STRING_PATTERN

SORTS = {
    "number": re.compile(r"-?(?:[0-9][0-9_]*|[0-9]*\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+)"),
    "duration": re.compile(r"[0-9]+(?:ms|s|m|h|d)"),
    "env": re.compile(r"env\.[A-Za-z_][A-Za-z0-9_]*"),
    "doubt": re.compile(
        rf"verify +with +[a-z_][A-Za-z0-9_]*|assume +done|ask +(?:{STRING_PATTERN})(?: +within +[0-9]+(?:ms|s|m|h|d))?"
    ),
    "word": re.compile(r"[A-Za-z_][A-Za-z0-9_]*"),
}


def sort_of(text: str, rule: Any, only: Set[str]) -> str:
    """What a text is taken for: the first of what may stand there that it can be, and otherwise a text."""
    may_be = set(only) or (set(allowed(rule)) if rule else {*SORTS, "text"})
    return next((sort for sort, pattern in SORTS.items() if sort in may_be and pattern.fullmatch(text)), "text")


def allowed(rule: Any) -> list[str]:
    """The sorts of a rule's values; of a list those of its items."""
    return list(rule.choices) if rule.sort == "list" else rule.sort.split("|")
