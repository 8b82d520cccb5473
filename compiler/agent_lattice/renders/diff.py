"""Two texts as a unified diff, safe to print: in colour where lines are added and removed."""

from __future__ import annotations

from difflib import unified_diff

from agent_lattice.renders.columns import visible
from agent_lattice.renders.paint import PLAIN, Paint

_STYLES = {"+": "added", "-": "removed", "@": "gutter"}


def unified(name: str, before: str | None, after: str | None, paint: Paint = PLAIN) -> str:
    """What changes in a file, with the line end of every line; None for a file that is not there. "" when nothing does."""
    old, new = ("/dev/null" if text is None else name for text in (before, after))
    lines = unified_diff(_lines(before), _lines(after), old, new)
    return "".join(_shown(line, number, paint) for number, line in enumerate(lines))


def _lines(text: str | None) -> list[str]:
    """Lines with their ends; nothing but `\\n` ends one."""
    lines = [f"{line}\n" for line in (text or "").split("\n")]
    last = lines.pop()[:-1]
    return [*lines, *([last] if last else [])]


def _shown(line: str, number: int, paint: Paint) -> str:
    whole = line.endswith("\n")
    text = visible(line.removesuffix("\n"))
    style = "strong" if number < 2 else _STYLES.get(line[0], "")
    return f"{paint(style, text)}\n" + ("" if whole else "\\ No newline at end of file\n")
