"""What a Lattice text says about itself: `// error: [name]` (or `warning`, `hint`) at the end of a line.

Exactly that finding starts on that line; several are separated by commas. A text without such a comment is clean.
"""

from __future__ import annotations

import re
from collections import Counter

from agent_lattice.driver import Compilation

Findings = Counter[tuple[int, str, str]]
"""How often each (line, severity, name of the code) stands."""

_EXPECTATION = re.compile(r"//\s*(error|warning|hint):\s*(\[[\w-]+\](?:\s*,\s*\[[\w-]+\])*)")


def expected(text: str) -> Findings:
    """The findings that the comments of a text announce."""
    found: Findings = Counter()
    for number, line in enumerate(text.splitlines(), 1):
        for severity, names in _EXPECTATION.findall(line):
            found.update((number, severity, name) for name in re.findall(r"\[([\w-]+)\]", names))
    return found


def reported(compilation: Compilation, file: str | None = None) -> Findings:
    """The findings in a file of a compilation; in the main source unless said otherwise."""
    file = file or compilation.source.name
    return Counter(
        (d.span.source.position(d.span.start)[0], str(d.severity), d.code.name)
        for d in compilation.report.sorted()
        if d.span.source.name == file
    )


def said(compilation: Compilation) -> str:
    """Every finding on a line, for the message of a failing test."""
    found = compilation.report.sorted()
    return "\n".join(f"{d.span.place} {d.severity} [{d.code.name}] {d.message}" for d in found)
