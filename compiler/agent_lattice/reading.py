"""Reading what the command line names: sources and the files around them, JSON. Every failure is one clear line."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

import click

from agent_lattice.records import field, record

MOST_BYTES = 10_000_000
"""Files beyond this are no sources and no inputs."""

STDIN = "-"


class Unusable(click.ClickException):
    """What was given cannot be worked with: one line, exit code 2."""

    exit_code = 2


def read_file(path: str) -> bytes:
    """The bytes of a regular file or pipe, or of standard input for `-`. Raises Unusable."""
    if not path:
        raise Unusable("cannot read a file without a name")
    try:
        if path == STDIN:
            content = sys.stdin.buffer.read(MOST_BYTES + 1)
        else:
            with Path(path).open("rb") as file:
                content = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise Unusable(f"cannot read {shown(path)}: {reason(error)}") from None
    if len(content) > MOST_BYTES:
        raise Unusable(f"cannot read {shown(path)}: it is larger than {MOST_BYTES // 1_000_000} MB")
    return content


def read_text(path: str) -> bytes:
    """The bytes of a file that can be text. Raises Unusable."""
    content = read_file(path)
    if b"\0" in content:
        raise Unusable(f"cannot read {shown(path)}: it is a binary file")
    return content


def read_json(text: str, what: str) -> Any:
    """JSON given as it is, as the name of a file, or on standard input as `-`. Raises Unusable."""
    from agent_lattice_runtime.canonical import parse
    from agent_lattice_runtime.errors import Failure

    inline = text.lstrip()[:1] in ("{", "[", '"')
    content = text.encode("utf-8", "surrogatepass") if inline else read_file(text)
    try:
        return parse(content, what if inline else shown(text))
    except Failure as failure:
        raise Unusable(failure.message) from None


def reason(error: OSError | ValueError) -> str:
    """Why a file operation failed, in lower case."""
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    if isinstance(error, IsADirectoryError):
        return "it is a folder"
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return text[:1].lower() + text[1:]


def shown(path: str) -> str:
    """A path as it is shown: relative to here, with `/`."""
    if path == STDIN:
        return "<stdin>"
    try:
        path = os.path.relpath(path)
    except (OSError, ValueError):  # no current folder, another drive, a NUL
        path = path.rsplit("\\", 1)[-1].replace("\0", "␀")
    return path.replace(os.sep, "/")


@record
class Opened:
    """A main source: `name` within its `folder`; what stands beside it is read through `files`."""

    path: str
    name: str
    root: Path
    content: bytes
    files: Callable[[str], bytes | None] = field(repr=False)

    @property
    def folder(self) -> str:
        """The folder as it is shown, "" for this one."""
        parent = "." if self.path == STDIN else str(PurePosixPath(shown(self.path)).parent)
        return "" if parent == "." else parent


def open_source(path: str) -> Opened:
    """Read a main source; what it imports is looked for beside it (beside here for standard input). Raises Unusable."""
    content = read_text(path)
    if path == STDIN:
        return Opened(path, "<stdin>", Path(), content, beside(Path()))
    root = Path(path).parent
    return Opened(path, Path(path).name, root, content, beside(root))


def beside(root: Path) -> Callable[[str], bytes | None]:
    """A reader of files below a folder by relative POSIX path; None for what is not there or is not to be read."""

    def files(name: str) -> bytes | None:
        if "\0" in name or PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            return None
        try:
            path = root / name
            if not stat.S_ISREG(path.stat().st_mode) or path.stat().st_size > MOST_BYTES:
                return None
            return path.read_bytes()
        except (OSError, ValueError):
            return None

    return files
