"""Standard output and error: colours only where a person sees them, JSON always as UTF-8."""

from __future__ import annotations

import os
import sys
from typing import TextIO

import click

from agent_lattice.renders.paint import Paint


def paint_for(stream: TextIO) -> Paint:
    """Colours on terminals; NO_COLOR turns them off, else FORCE_COLOR on."""
    if os.environ.get("NO_COLOR"):
        return Paint(False)
    forced = os.environ.get("FORCE_COLOR", "")
    if forced:
        return Paint(forced != "0")
    return Paint(stream.isatty() and os.environ.get("TERM") != "dumb")


def out(text: str) -> None:
    """Results, on standard output, as they are."""
    click.echo(text, nl=False, color=True)


def note(text: str) -> None:
    """What is said about the work, on standard error, as it is."""
    click.echo(text, nl=False, err=True, color=True)


def out_paint() -> Paint:
    return paint_for(sys.stdout)


def note_paint() -> Paint:
    return paint_for(sys.stderr)


def out_json(text: str) -> None:
    """What programs read on standard output: in UTF-8 whatever the locale. Lone surrogates are escaped."""
    click.echo(text.encode("utf-8", "backslashreplace"), nl=False)


def tolerate_any_text() -> None:
    """Characters that the terminal's encoding lacks are written as escapes instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
