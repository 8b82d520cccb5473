"""The standard streams of a process, also of one that was started without them."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO


def open_closed_streams() -> None:
    """Give a process that was started without standard input, output or error empty ones: otherwise the next files that it
    opens, such as its store, would have their numbers."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(descriptor, mode, encoding="utf-8", closefd=False))


def silence(stream: TextIO) -> None:
    """Nobody reads there any more: keep the interpreter from complaining about that, now and at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
