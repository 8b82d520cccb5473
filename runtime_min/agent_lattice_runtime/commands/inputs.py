"""What commands read: JSON that is given or named, and stores."""

from __future__ import annotations

import sys

from ..canonical import parse
from ..errors import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..stores.sqlite import SqliteStore


def read_input(text: str, what: str = "--input") -> object:
    """The value of an option: JSON as it is, the name of a JSON file, or - for standard input. Raises Failure."""
    if text == "-":
        return parse(sys.stdin.buffer.read(), "standard input")
    if text.lstrip()[:1] in tuple('{["'):
        return parse(text, what)
    return read_json_file(text)


def read_json_file(path: str) -> object:
    """The value of a JSON file; raises Failure validation when it cannot be read."""
    try:
        with open(path, "rb") as file:
            raw = file.read()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise Failure("validation", f"cannot read {path}: {reason}") from None
    return parse(raw, path)


def open_store(path: str, readonly: bool = False) -> SqliteStore:
    """The store at `path`; raises StoreFailure."""
    from ..stores.sqlite import SqliteStore

    return SqliteStore(path, readonly=readonly)
