"""One HTTP exchange under one deadline, over the standard library's client.

Never follows a redirect, never looks at `http_proxy`, never keeps a connection. Everything that goes wrong is an
HttpFailure or a Failure of the catalogue. Import it only where a call is made: http.client and ssl are not cheap.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import threading
from contextlib import suppress
from time import monotonic

from .errors import Failure
from .urls import is_loopback

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from .urls import Origin

MAX_BODY = 16 * 2**20  # bytes
MAX_MESSAGE = 500  # characters of the other side's own words in a failure
_CHUNK = 64 * 1024
_PATIENCE = 0.2  # seconds in which a cancelled call notices


class HttpFailure(Failure):
    """A failure of an exchange: `status` 0 without an answer, `retry_after` seconds or None if it did not say."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int = 0,
        retry_after: float | None = None,
        retryable: bool | None = None,
    ) -> None:
        super().__init__(code, message, retryable=retryable)
        self.status = status
        self.retry_after = retry_after


class Deadline:
    """The point in time by which something must be over, `seconds` from now and not after the one it lies `within`;
    `cancelled` says that nobody waits for it any more."""

    __slots__ = ("_cancelled", "_clock", "_end", "seconds")

    def __init__(
        self,
        seconds: float,
        clock: Callable[[], float] = monotonic,
        *,
        within: Deadline | None = None,
        cancelled: Callable[[], bool] = bool,
    ) -> None:
        self.seconds = seconds
        self._clock = clock
        self._cancelled = cancelled
        self._end: float = clock() + (seconds if within is None else min(seconds, within.left()))

    def left(self) -> float:
        """The seconds that are left, 0 or less when it has passed."""
        return self._end - self._clock()

    def require(self) -> float:
        """The seconds that are left; raises HttpFailure timeout when none are, cancelled when nobody waits."""
        if self._cancelled():
            raise HttpFailure("cancelled", "nobody waits for this answer any more")
        left = self.left()
        if left <= 0:
            raise self.passed()
        return left

    def passed(self) -> HttpFailure:
        """The failure of a call that this deadline ended."""
        return HttpFailure("timeout", f"no complete answer within {self.seconds:g} s")


class Response:
    """An answer: the names in `headers` are lower case, of repeated ones the last counts."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body


def exchange(
    origin: Origin, method: str, target: str, headers: Mapping[str, str], body: bytes | None, deadline: Deadline
) -> Response:
    """Send one request and read the whole answer, whatever its status.

    `target` is path and query, already percent-encoded. Raises HttpFailure timeout, unavailable, malformed_output
    (an answer above MAX_BODY) or validation (a header or target that cannot be sent).
    """
    _require_sendable(target, headers)
    sent = False
    try:
        sock = _connect(origin, deadline)
        sent = True
        try:
            connection = _Connection(origin, _Wire(sock, deadline))
            return _converse(connection, method, target, {"Host": origin.host_header, **headers}, body, deadline)
        finally:
            sock.close()
    except HttpFailure as failure:
        failure.unsent = not sent
        raise
    except (OSError, http.client.HTTPException, ValueError) as error:
        found = _failure_of(error, origin, deadline)
        found.unsent = not sent
        raise found from None


def _failure_of(error: Exception, origin: Origin, deadline: Deadline) -> HttpFailure:
    if isinstance(error, TimeoutError):
        return deadline.passed()
    if isinstance(error, ssl.SSLError):
        return HttpFailure("unavailable", f"no trusted TLS connection to {origin}: {_tls_reason(error)}")
    if isinstance(error, http.client.IncompleteRead):
        return HttpFailure("unavailable", f"{origin} broke off in the middle of its answer")
    return HttpFailure("unavailable", f"no answer from {origin}: {_reason(error)}")


def _require_sendable(target: str, headers: Mapping[str, str]) -> None:
    """http.client checks this too, but quotes the value, which may be a key."""
    if not target.startswith("/") or any(not "!" <= c <= "~" for c in target):
        raise HttpFailure("validation", "the path of the request holds characters that cannot be sent")
    for name, value in headers.items():
        if not name or any(not (c.isascii() and (c.isalnum() or c in "!#$%&'*+-.^_`|~")) for c in name):
            raise HttpFailure("validation", "the name of a header holds characters that cannot be sent")
        if any(not (" " <= c <= "~" or c == "\t") for c in value):
            raise HttpFailure("validation", f"the value of the header {name} holds characters that cannot be sent")


def _converse(
    connection: _Connection,
    method: str,
    target: str,
    headers: Mapping[str, str],
    body: bytes | None,
    deadline: Deadline,
) -> Response:
    with suppress(BrokenPipeError, ConnectionResetError):  # a server may answer 413 before it has read everything
        connection.request(method, target, body=body, headers=dict(headers))
    answer = connection.getresponse()
    content = _read(answer, deadline)
    return Response(answer.status, {name.lower(): value for name, value in answer.getheaders()}, content)


def _read(answer: http.client.HTTPResponse, deadline: Deadline) -> bytes:
    expected = answer.length
    if expected is not None and expected > MAX_BODY:
        raise _too_large()
    parts: list[bytes] = []
    size = 0
    while chunk := answer.read(_CHUNK):
        deadline.require()
        parts.append(chunk)
        size += len(chunk)
        if size > MAX_BODY:
            raise _too_large()
    if expected is not None and size < expected:  # read(n) itself does not complain about a short body
        raise http.client.IncompleteRead(b"", expected - size)
    return b"".join(parts)


def _too_large() -> HttpFailure:
    return HttpFailure("malformed_output", f"the answer is larger than {MAX_BODY // 2**20} MB")


class _Connection(http.client.HTTPConnection):
    """A connection over a socket that is open already."""

    auto_open = 0

    def __init__(self, origin: Origin, wire: _Wire) -> None:
        super().__init__(origin.host, origin.port)
        self.sock = wire


class _Wire:
    """The part of a socket that http.client uses. Timeouts of a socket count per operation; here they shrink.

    http.client closes it before the body is read when the server will close too, so closing is left to `exchange`.
    """

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock = sock
        self._deadline = deadline

    def sendall(self, data: Any) -> None:
        view = memoryview(data)
        while view:
            self._sock.settimeout(self._deadline.require())
            view = view[self._sock.send(view) :]

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Incoming(self._sock, self._deadline))

    def close(self) -> None:
        pass


class _Incoming(io.RawIOBase):
    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        super().__init__()
        self._sock = sock
        self._deadline = deadline
        self._allowed = 2 * MAX_BODY  # with headers and chunk sizes: a hostile chunk size would read for ever

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        size = self._receive(buffer)
        self._allowed -= size
        if self._allowed < 0:
            raise _too_large()
        return size

    def _receive(self, buffer: Any) -> int:
        while True:
            self._sock.settimeout(min(self._deadline.require(), _PATIENCE))
            try:
                return self._sock.recv_into(buffer)
            except TimeoutError:
                continue


def _connect(origin: Origin, deadline: Deadline) -> socket.socket:
    failure: OSError = OSError("the name has no address")
    for family, kind, protocol, _, address in _addresses(origin, deadline):
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(deadline.require())
            sock.connect(address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return _secured(sock, origin, deadline) if origin.scheme == "https" else sock
        except OSError as error:
            failure = error
            sock.close()
        except BaseException:
            sock.close()
            raise
    raise failure


def _secured(sock: socket.socket, origin: Origin, deadline: Deadline) -> ssl.SSLSocket:
    context = ssl.create_default_context()
    secured = context.wrap_socket(sock, server_hostname=origin.host, do_handshake_on_connect=False)
    try:
        secured.settimeout(deadline.require())
        secured.do_handshake()
    except BaseException:
        secured.close()
        raise
    return secured


def _addresses(origin: Origin, deadline: Deadline) -> list[tuple[Any, Any, Any, Any, Any]]:
    """What the host resolves to; in a thread, because a resolver has no timeout of its own."""
    found: list[tuple[Any, Any, Any, Any, Any]] = []
    failures: list[Exception] = []

    def resolve() -> None:
        try:
            found.extend(socket.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            failures.append(error)

    resolver = threading.Thread(target=resolve, daemon=True)
    resolver.start()
    resolver.join(deadline.require())
    if resolver.is_alive():
        raise TimeoutError
    if failures:
        raise OSError(f"the name cannot be resolved ({_reason(failures[0])})")
    if origin.scheme == "http" and origin.loopback:  # a hosts file may send "localhost" anywhere
        return [entry for entry in found if is_loopback(str(entry[4][0]))]
    return found


def _reason(error: BaseException) -> str:
    if isinstance(error, http.client.RemoteDisconnected):
        return "it closed the connection without an answer"
    if isinstance(error, (http.client.HTTPException, ValueError)):
        return f"it does not speak HTTP ({type(error).__name__})"
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return (text or type(error).__name__)[:MAX_MESSAGE]


def _tls_reason(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message or "the certificate is not valid"
    return (error.reason or str(error) or type(error).__name__).replace("_", " ").lower()
