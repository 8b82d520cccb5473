"""What a Lattice text says about itself: `// error: [name]` (or `warning`, `hint`) at the end of a line, in YAML behind `#`.

Exactly that finding starts on that line; several are separated by commas. A text without such a comment is clean.
"""

from __future__ import annotations

import re
from collections import Counter

from agent_lattice.diagnostics import Diagnostic, Severity
from agent_lattice.driver import Compilation

Findings = Counter[tuple[int, str, str]]
"""How often each (line, severity, name of the code) stands."""

_EXPECTATION = re.compile(r"(?://|#)\s*(error|warning|hint):\s*(\[[\w-]+\](?:\s*,\s*\[[\w-]+\])*)")


def expected(text: str) -> Findings:
    """The findings that the comments of a text announce."""
    found: Findings = Counter()
    for number, line in enumerate(text.splitlines(), 1):
        for severity, names in _EXPECTATION.findall(line):
            found.update((number, severity, name) for name in re.findall(r"\[([\w-]+)\]", names))
    return found


def reported(compilation: Compilation, file: str | None = None) -> Findings:
    """The relevant findings in a file of a compilation; in the main source unless said otherwise."""
    file = file or compilation.source.name
    return Counter(
        (d.span.source.position(d.span.start)[0], str(d.severity), d.code.name)
        for d in compilation.report.sorted()
        if d.span.source.name == file and relevant(d)
    )


def messages(compilation: Compilation) -> Counter[tuple[str, str]]:
    """How often each (name of the code, message) stands in the main source, wherever that is."""
    found = (d for d in compilation.report.sorted() if d.span.source.name == compilation.source.name)
    return Counter((d.code.name, d.message) for d in found)


def relevant(diagnostic: Diagnostic) -> bool:
    """Whether a finding counts in a text that shows something else: what is unused in it, and hints, only if it says so."""
    is_aside = diagnostic.severity is Severity.HINT or diagnostic.code.name in UNUSED
    return not is_aside or f"[{diagnostic.code.name}]" in diagnostic.span.source.text


UNUSED = ("unused-value", "unused-variable", "unused-result", "unused-declaration")


def said(compilation: Compilation) -> str:
    """Every finding on a line, for the message of a failing test."""
    found = compilation.report.sorted()
    return "\n".join(f"{d.span.place} {d.severity} [{d.code.name}] {d.message}" for d in found)
