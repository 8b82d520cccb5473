"""What an install would change, as a diff. Values of others that look like secrets are not shown."""

from __future__ import annotations

import re

from agent_lattice.renders.columns import visible
from agent_lattice.renders.diff import unified
from agent_lattice.renders.paint import PLAIN, Paint
from agent_lattice.source import decoded

from .planning import Change

_SECRET = re.compile(
    r"""((?:token|secret|passw|api_?-?key|credential|authorization|bearer)[^\s:="']*["']?\s*[:=]\s*)"""
    r"""("(?!\$|\{)(?:\\.|[^"\\\n])*"|'(?!\$|\{)[^'\n]*'|(?!["'$\[{])[^\s,}\]]+)""",
    re.IGNORECASE,
)


def difference(change: Change, paint: Paint = PLAIN) -> str:
    """A unified diff; of a file that comes or goes as a whole and is only ours, one line."""
    if not change.shared and (change.before is None or change.after is None):
        content = change.before if change.after is None else change.after
        count = len((content or b"").splitlines())
        sort = "new file" if change.before is None else "removed file"
        return f"{sort} {visible(change.name)} ({count:,} {'line' if count == 1 else 'lines'})\n"
    before, after = (None if content is None else _text(content) for content in (change.before, change.after))
    shown = unified(visible(change.name), before, after, paint)
    return shown or f"file {visible(change.name)} differs in what cannot be shown\n"


def _text(content: bytes) -> str:
    if b"\0" in content:
        return "(binary)\n"
    return _SECRET.sub(r"\1***", decoded(content))
