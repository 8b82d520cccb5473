"""The files of SQLite stores: opening, making and migrating them, and what SQLite's errors mean."""

from __future__ import annotations

from ..errors import StoreFailure

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
else:
    try:  # the core alone: its wrapper imports datetime, which costs as much as opening the store
        import _sqlite3 as sqlite3
    except ImportError:
        import sqlite3

APPLICATION = 0x4C415454  # "LATT", in the file's header: tells our files from other SQLite files
VERSION = 2
WAIT = 5.0  # seconds to wait for a lock
_PAUSE = 0.02  # seconds
ERRORS = (sqlite3.Error, UnicodeDecodeError)  # its messages may quote what is damaged

# a pruned run leaves a checkpoint: its key and its id are never given to another one
_ADDED = """
CREATE TABLE checkpoints (
    key INTEGER PRIMARY KEY, run_id TEXT NOT NULL UNIQUE, workflow TEXT NOT NULL, plan TEXT NOT NULL, status TEXT NOT NULL,
    head_seq INTEGER NOT NULL, head_hash BLOB NOT NULL, started INTEGER NOT NULL, ended INTEGER NOT NULL,
    number INTEGER NOT NULL UNIQUE, hash BLOB NOT NULL
);
CREATE INDEX runs_open ON runs (due) WHERE status IN ('queued', 'running', 'waiting');
"""
_SCHEMA = f"""
CREATE TABLE runs (
    key INTEGER PRIMARY KEY, run_id TEXT NOT NULL UNIQUE, workflow TEXT NOT NULL, plan TEXT NOT NULL,
    status TEXT NOT NULL, head_seq INTEGER, head_hash BLOB, due INTEGER
);
CREATE TABLE events (
    run INTEGER NOT NULL, seq INTEGER NOT NULL, ts INTEGER NOT NULL, type TEXT NOT NULL, step TEXT NOT NULL,
    payload TEXT NOT NULL, redaction TEXT, hash BLOB NOT NULL,
    PRIMARY KEY (run, seq)
) WITHOUT ROWID;
{_ADDED}"""
_MIGRATION = f"ALTER TABLE runs ADD COLUMN due INTEGER; {_ADDED}"  # from version 1


def open_file(path: str, readonly: bool) -> sqlite3.Connection:
    """A connection to the store at `path`, made when it is missing and brought to our version unless `readonly`."""
    _require_usable(path, readonly)
    if not readonly:
        return _connected(path, path, readonly)
    try:
        return _connected(path, f"{_uri(path)}?mode=ro", readonly)
    except StoreFailure:
        from os.path import exists

        if exists(f"{path}-wal"):
            raise
        # nobody is writing, and where nobody may write not even the shared-memory file beside it can be made
        return _connected(path, f"{_uri(path)}?mode=ro&immutable=1", readonly)


def _connected(path: str, location: str, readonly: bool) -> sqlite3.Connection:
    connection = None
    try:
        connection = sqlite3.connect(location, timeout=WAIT, isolation_level=None, uri=readonly)
        connection.text_factory = _text
        _prepare(connection, path, readonly)
    except (*ERRORS, StoreFailure) as error:
        if connection is not None:
            connection.close()
        raise error if isinstance(error, StoreFailure) else store_failure(error, path) from None
    return connection


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")  # damaged text must reach `verify`, not stop it


def _require_usable(path: str, readonly: bool) -> None:
    from os import makedirs
    from os.path import dirname, exists, isdir

    if "\0" in path:
        raise StoreFailure("validation", "the path of the store holds a null character")
    if isdir(path):
        raise StoreFailure("validation", f"{path} is a directory, not a store")
    if readonly:
        if not exists(path):
            raise StoreFailure("not_found", f"there is no store at {path}")
        return
    try:
        if folder := dirname(path):
            makedirs(folder, exist_ok=True)
    except OSError as error:
        raise StoreFailure("permission_denied", f"cannot make a folder for {path}: {error.strerror}") from None


def _uri(path: str) -> str:
    from os.path import abspath
    from urllib.parse import quote

    return f"file:{quote(abspath(path))}"


def _prepare(connection: sqlite3.Connection, path: str, readonly: bool) -> None:
    execute = connection.execute
    application = execute("PRAGMA application_id").fetchone()[0]
    if application == 0 and not readonly:
        if not execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone():
            _create(connection)
        application = execute("PRAGMA application_id").fetchone()[0]  # somebody else may have made it just now
    if application != APPLICATION:
        raise StoreFailure("validation", f"{path} is an SQLite file, but not a store of runs")
    if not readonly:
        execute("PRAGMA synchronous=FULL")
        _migrate(connection)
    version = version_of(connection)
    if version > VERSION:
        raise StoreFailure("validation", f"{path} was written by a newer version (format {version}, not {VERSION})")
    if version < 1:
        raise StoreFailure("validation", f"{path} has the unknown format {version}")
    execute(f"SELECT key, {'due, ' if version > 1 else ''}head_hash FROM runs LIMIT 0")
    execute("SELECT run, seq, hash FROM events LIMIT 0")


class Transaction:
    """`with` it, all of what is done is stored, or none: then nothing is left of it."""

    __slots__ = ("_connection",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._connection.execute("COMMIT")
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")


def copied(connection: sqlite3.Connection, path: str) -> None:
    """Write what a store holds now into a file that is not there yet. Raises StoreFailure."""
    from ..new_files import write_new

    def copy(part: str) -> None:
        target = sqlite3.connect(part)
        try:
            connection.backup(target)
        except sqlite3.Error as error:
            raise store_failure(error, path) from None
        finally:
            target.close()

    write_new(path, copy)


def version_of(connection: sqlite3.Connection) -> int:
    """The version of a store's tables: 1, which only readers meet, is without `due` and without checkpoints."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def _migrate(connection: sqlite3.Connection) -> None:
    """Bring a store of version 1 to ours, in one transaction; processes of the old version can still append to it."""
    if version_of(connection) != 1:
        return
    with Transaction(connection):
        if version_of(connection) == 1:  # nobody else was faster
            _execute_all(connection, _MIGRATION)


def _execute_all(connection: sqlite3.Connection, statements: str) -> None:
    for statement in statements.split(";")[:-1]:
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version={VERSION}")


def _create(connection: sqlite3.Connection) -> None:
    """A store without runs. There is nothing to lose yet: the disk is waited for once, at the end, not at each step."""
    connection.execute("PRAGMA synchronous=OFF")
    _use_wal(connection)
    connection.execute("BEGIN IMMEDIATE")
    if connection.execute("PRAGMA application_id").fetchone()[0] == 0:  # nobody else was faster
        _execute_all(connection, _SCHEMA)
        connection.execute(f"PRAGMA application_id={APPLICATION}")
    connection.execute("COMMIT")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _use_wal(connection: sqlite3.Connection) -> None:
    """Several processes may make the same store at once, and for this change SQLite does not wait by itself."""
    for left in range(int(WAIT / _PAUSE), -1, -1):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.Error as error:
            if left == 0 or getattr(error, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            from time import sleep

            sleep(_PAUSE)
        else:
            return


def store_failure(error: Exception, path: str) -> StoreFailure:
    """What one of ERRORS means for whoever uses the store at `path`."""
    if isinstance(error, UnicodeDecodeError):
        return StoreFailure("validation", f"{path}: the store is damaged (text that is not UTF-8)")
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    kind, meaning = _MEANINGS.get(code, ("internal", "the store failed"))
    if code == sqlite3.SQLITE_CANTOPEN and not _writable(path):
        kind = "permission_denied"
    return StoreFailure(kind, f"{path}: {meaning} ({' '.join(str(error).split())})")


def _writable(path: str) -> bool:
    import os

    return os.access(os.path.dirname(path) or ".", os.W_OK) and (not os.path.exists(path) or os.access(path, os.W_OK))


_MEANINGS = {
    sqlite3.SQLITE_NOTADB: ("validation", "not a store of runs"),
    sqlite3.SQLITE_CORRUPT: ("validation", "the store is damaged"),
    sqlite3.SQLITE_ERROR: ("validation", "not a store of runs, or a damaged one"),
    sqlite3.SQLITE_READONLY: ("permission_denied", "the store can only be read"),
    sqlite3.SQLITE_PERM: ("permission_denied", "access to the store is denied"),
    sqlite3.SQLITE_AUTH: ("permission_denied", "access to the store is denied"),
    sqlite3.SQLITE_CANTOPEN: ("unavailable", "the store cannot be opened"),
    sqlite3.SQLITE_BUSY: ("unavailable", f"the store was locked by another process for {WAIT:g} s"),
    sqlite3.SQLITE_LOCKED: ("unavailable", "the store is locked"),
    sqlite3.SQLITE_FULL: ("unavailable", "the disk is full"),
    sqlite3.SQLITE_IOERR: ("unavailable", "the disk cannot be read or written"),
}
