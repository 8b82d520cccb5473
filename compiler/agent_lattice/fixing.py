"""Applying machine fixes to a file: round after round, until nothing is left to mend. What is no more than a suggestion stays."""

from __future__ import annotations

import os
from pathlib import Path

from agent_lattice.compiling import compile_opened
from agent_lattice.diagnostics import Diagnostic, apply, compatible
from agent_lattice.reading import Opened, Unusable, open_source, reason, shown
from agent_lattice.records import replace

ROUNDS = 10


def fix_file(path: str, *, suggestions: bool = False) -> tuple[Opened, list[str]]:
    """Mend a file in place; what it holds afterwards, and a line for each fix. Raises Unusable."""
    opened = open_source(path)
    done: list[str] = []
    seen = {opened.content}
    for _ in range(ROUNDS):
        content, lines = _round(opened, suggestions)
        if content in seen:
            break
        seen.add(content)
        opened = replace(opened, content=content)
        done += lines
    if done:
        write_atomically(Path(path), opened.content)
    return opened, done


def _round(opened: Opened, suggestions: bool) -> tuple[bytes, list[str]]:
    """One round: the content after it, and a line for each fix that was applied."""
    try:
        opened.content.decode("utf-8")
    except UnicodeDecodeError:
        return opened.content, []  # writing it back would replace what could not be read
    compilation = compile_opened(opened).compilation
    fixable = [(d, d.fix) for d in compilation.report.sorted() if d.fix and (d.fix.safe or suggestions)]
    fixes = compatible(compilation.source, (fix for _, fix in fixable))
    lines = [
        f"fixed {shown(opened.path)}:{_line(d)}: {fix.title} ({d.code.number})"
        for d, fix in fixable
        if any(fix is one for one in fixes)
    ]
    return encoded(apply(compilation.source, fixes), opened.content), lines


def _line(diagnostic: Diagnostic) -> int:
    return diagnostic.span.source.position(diagnostic.span.start)[0]


def encoded(text: str, before: bytes) -> bytes:
    """The text with the line ends (when all are CRLF) and the byte order mark of what it replaces."""
    content = text.encode("utf-8")
    if before.count(b"\r\n") == before.count(b"\n") > 0:
        content = content.replace(b"\n", b"\r\n")
    return b"\xef\xbb\xbf" + content if before.startswith(b"\xef\xbb\xbf") else content


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a file so that it is always whole; a link stays one, the mode is kept. Raises Unusable."""
    try:
        real = path.resolve(strict=True)
        part = real.with_name(f".{real.name}.{os.getpid()}.part")
        try:
            part.write_bytes(content)
            part.chmod(real.stat().st_mode & 0o7777)
            part.replace(real)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise Unusable(f"cannot write {shown(str(path))}: {reason(error)}") from None


def write_file(name: str, content: bytes) -> None:
    """Write a file, or replace it as `write_atomically` does. Raises Unusable."""
    path = Path(name)
    try:
        if not path.exists():
            path.touch(exist_ok=False)
    except (OSError, ValueError) as error:
        raise Unusable(f"cannot write {shown(name)}: {reason(error)}") from None
    write_atomically(path, content)
