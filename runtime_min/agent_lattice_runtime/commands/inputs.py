"""What commands read: JSON that is given or named, and stores."""

from __future__ import annotations

import sys

from ..canonical import parse
from ..errors import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..stores import Store

_DATABASES = ("postgresql://", "postgres://")


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


def read_value(text: str, what: str) -> object:
    """A value that is JSON, or - for JSON on standard input. Raises Failure."""
    return parse(sys.stdin.buffer.read(), "standard input") if text == "-" else parse(text, what)


def open_known(path: str) -> Store:
    """The store at `path`, which somebody has made before; raises StoreFailure."""
    open_store(path, readonly=True).close()
    return open_store(path)


def is_there(location: str) -> bool:
    """Whether there may be a store: no file is missing."""
    from os.path import exists

    return location.startswith(_DATABASES) or exists(location)


def open_store(location: str, readonly: bool = False) -> Store:
    """The store at the path of a file, made when it is missing unless `readonly`, or in the database of a DSN
    `postgresql://…`. Raises StoreFailure."""
    if location.startswith(_DATABASES):
        return _postgres(location, readonly)
    from ..stores.sqlite import SqliteStore

    return SqliteStore(location, readonly=readonly)


def _postgres(dsn: str, readonly: bool) -> Store:
    """The module is loaded by its name: a package that was not built for it does not have it."""
    stores = f"{__name__.rpartition('.commands.')[0]}.stores"
    try:
        module = __import__(f"{stores}.postgres", fromlist=("",))
    except ModuleNotFoundError as error:
        if error.name != f"{stores}.postgres":
            raise
        message = "this package keeps runs in SQLite files only: build it with --store postgres"
        raise Failure("validation", message) from None
    store: Store = module.PostgresStore(dsn, readonly=readonly)
    return store
