"""Connections to PostgreSQL that come back after the server was away, and what its errors mean. psycopg is loaded here."""

from __future__ import annotations

from time import monotonic, sleep

from ..errors import StoreFailure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from psycopg import Connection

    Result = TypeVar("Result")

REQUIREMENT = "psycopg[binary]>=3.2,<4"  # as installers name it
SCHEMES = ("postgresql://", "postgres://")
WAIT = 10.0  # seconds to wait for a server that was there before
_PAUSE = 0.1  # seconds
_DEFAULTS = {"connect_timeout": "5", "application_name": "agent-lattice", "tcp_user_timeout": "10000"}
_SETTINGS = "SET lock_timeout = '5s'; SET client_encoding = 'UTF8'; SET search_path = pg_catalog"
_DURABLE = "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"

# SQLSTATE, or its class -> class of the catalogue, meaning
_MEANINGS = {
    "08": ("unavailable", "the connection was lost"),
    "0L": ("permission_denied", "the server denies access"),
    "25006": ("permission_denied", "the store can only be read"),
    "28": ("auth", "the server does not accept the user or the password"),
    "3D": ("not_found", "there is no such database"),
    "3F": ("validation", "not a store of runs, or a damaged one"),
    "40": ("unavailable", "the server broke off the transaction"),
    "42501": ("permission_denied", "the server denies access"),
    "42": ("validation", "not a store of runs, or a damaged one"),
    "53": ("unavailable", "the server has no disk space, memory or connections left"),
    "55": ("unavailable", "the store is locked"),
    "57": ("unavailable", "the server is being stopped or started"),
    "57014": ("unavailable", "the server broke off the statement"),
    "58": ("unavailable", "the disk of the server cannot be read or written"),
    "XX": ("validation", "the store is damaged"),
}
_REFUSALS = (  # a connection that is refused has no SQLSTATE
    ("authentication", "28"),
    ("no password supplied", "28"),
    ("pg_hba.conf", "28"),
    ("role ", "28"),
    ("database ", "3D"),
)
_PASSING = ("40", "57P", "08")  # what may go well the next time


def require_psycopg() -> None:
    """Raises StoreFailure when psycopg is not installed."""
    try:
        import psycopg as psycopg
    except ImportError as error:
        what = "is not installed" if error.name == "psycopg" else "cannot be loaded"
        message = f'psycopg {what}: install the extra `postgres`, or `pip install "{REQUIREMENT}"`'
        raise StoreFailure("validation", message) from None


class Session:
    """One connection, made again when it is lost. `where` is the DSN without user, password and options."""

    __slots__ = ("_connection", "_dsn", "_readonly", "where")

    def __init__(self, dsn: str, readonly: bool) -> None:
        self._dsn = dsn
        self._readonly = readonly
        self.where = shown_dsn(dsn)
        self._connection: Connection[Any] | None = None
        import psycopg

        try:
            self._connect()
        except psycopg.Error as error:
            raise self.failure(error) from None

    def do(self, work: Callable[[Connection[Any], bool], Result]) -> Result:
        """The outcome of `work(connection, again)`. When the connection is lost meanwhile, or the server breaks the
        transaction off, it is called `again`: what it did the first time may have happened. Raises StoreFailure."""
        import psycopg

        again, end = False, 0.0
        while True:
            try:
                return work(self._connect(), again)
            except psycopg.Error as error:
                if not self._lost(error):
                    raise self.failure(error) from None
                end = end or monotonic() + WAIT
                if monotonic() >= end:
                    raise self.failure(error) from None
                again = True
                sleep(_PAUSE)

    def _lost(self, error: Any) -> bool:
        connection = self._connection
        return connection is None or connection.closed or (error.sqlstate or "").startswith(_PASSING)

    def _connect(self) -> Connection[Any]:
        if self._connection is not None and not self._connection.closed:
            return self._connection
        import psycopg

        self._connection = None
        connection = psycopg.connect(_with_defaults(self._dsn), autocommit=True)
        connection.execute(_SETTINGS)
        connection.execute(_DURABLE)
        if self._readonly:
            connection.execute("SET default_transaction_read_only = on")
        self._connection = connection
        return connection

    def failure(self, error: Any) -> StoreFailure:
        """What an error of psycopg means, in one line and without what the DSN keeps secret."""
        said = " ".join(_without_password(str(error), self._dsn).split())[:300]
        state = error.sqlstate or next((state for words, state in _REFUSALS if words in said), "08")
        kind, meaning = _MEANINGS.get(state) or _MEANINGS.get(state[:2]) or ("internal", "the store failed")
        return StoreFailure(kind, f"{self.where}: {meaning} ({said})")

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()


def shown_dsn(dsn: str) -> str:
    """A DSN without user, password and options. Raises StoreFailure for one that cannot be read."""
    parts = _parts(dsn)
    port = f":{parts['port']}" if parts.get("port") else ""
    return f"postgresql://{parts.get('host') or ''}{port}/{parts.get('dbname') or parts.get('service') or ''}"


def _parts(dsn: str) -> dict[str, Any]:
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        return conninfo_to_dict(dsn)
    except ProgrammingError:  # its message may hold a part of the password
        form = "postgresql://USER@HOST:PORT/DATABASE?OPTION=VALUE"
        raise StoreFailure("validation", f"the address of the store is not of the form {form}") from None


def _with_defaults(dsn: str) -> str:
    from psycopg.conninfo import make_conninfo

    return make_conninfo(**(_DEFAULTS | _parts(dsn)))


def _without_password(text: str, dsn: str) -> str:
    password = _parts(dsn).get("password")
    return text.replace(str(password), "[secret]") if password else text
