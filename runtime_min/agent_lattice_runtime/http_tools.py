"""Operations of HTTP tools: what `tool t = http("https://…")` declares, carried out."""

from __future__ import annotations

from .canonical import canonical
from .errors import Failure
from .json_reading import read_json
from .urls import fill_path, path_names, query_of, require_private, split_url

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from .models import Auth, Check, Deps, Env, OnDoubt
    from .transport import Deadline, Response
    from .urls import Origin

MAX_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_READING = frozenset({"GET", "HEAD"})
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_RESERVED = frozenset({"host", "connection", "content-length", "transfer-encoding"})


class HttpOp:
    """One operation of an HTTP tool. `path` names its parameters as `{name}`; the others go into the query (GET,
    HEAD, DELETE) or into a JSON body. `key` names the parameter that makes a repeated write harmless; timeout in
    seconds, for connecting, sending and reading together."""

    __slots__ = (
        "auth",
        "base",
        "doubt",
        "effect",
        "headers",
        "key",
        "method",
        "name",
        "output",
        "parameters",
        "path",
        "timeout",
    )

    def __init__(
        self,
        *,
        name: str,
        method: str,
        base: str | Env,
        path: str,
        output: Check,
        parameters: tuple[str, ...] = (),
        auth: Auth | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 30.0,
        effect: str = "write",
        key: str | None = None,
        doubt: OnDoubt | None = None,
    ) -> None:
        self.name = name
        self.doubt = doubt
        self.method = method
        self.base = base
        self.path = path
        self.parameters = parameters
        self.auth = auth
        self.headers = dict(headers or {})
        self.timeout = timeout
        self.effect = effect
        self.key = key
        self.output = output

    def call(self, arguments: Mapping[str, object], deps: Deps) -> object:
        """Send the request once and decode the answer. Raises Failure of the class that the answer means,
        permission_denied before anything is sent, malformed_output for an answer that is not of the declared type."""
        from .statuses import error_in, status_failure, words_of
        from .transport import Deadline

        origin, prefix = split_url(deps.text(self.base))
        if "?" in prefix:
            raise Failure("validation", f"the address of {self.name} may not hold a query")
        target, body = self._request(prefix.rstrip("/"), arguments)
        headers = self._headers(body, deps)
        # A write that has started is waited for: given up, nobody would know whether it happened.
        cancelled = bool if self.effect == "write" else deps.cancelled
        deadline = Deadline(self.timeout, deps.clock, cancelled=cancelled)
        response, origin = self._exchange(origin, target, headers, body, deps, deadline)
        if not 200 <= response.status < 300:
            said = words_of(error_in(response.body))
            raise status_failure(response, f"{self.name} at {origin}", said, deps.redactor)
        return self._decoded(response)

    def _request(self, prefix: str, arguments: Mapping[str, object]) -> tuple[str, bytes | None]:
        """The target with its query, and the body: None where the method has none or nothing is left for it."""
        placed = path_names(self.path)
        path = prefix + fill_path(self.path, {name: _path_text(name, arguments.get(name)) for name in placed})
        rest = {name: arguments.get(name) for name in self.parameters if name not in placed}
        if self.method in _WITH_BODY:
            return path, canonical(rest).encode() if rest else None
        pairs = [(name, text) for name, value in rest.items() for text in _query_texts(name, value)]
        return path + query_of(pairs), None

    def _headers(self, body: bytes | None, deps: Deps) -> dict[str, str]:
        headers = {"accept": "application/json"}
        if body is not None:
            headers["content-type"] = "application/json"
        headers |= {name.lower(): value for name, value in self.headers.items()}
        if deps.idempotency_key is not None:
            headers["idempotency-key"] = deps.idempotency_key
        if self.auth is not None:
            secret = deps.secret(self.auth.secret).strip()
            bearer = self.auth.scheme == "bearer"
            headers["authorization" if bearer else self.auth.scheme.lower()] = f"Bearer {secret}" if bearer else secret
        if taken := _RESERVED & headers.keys():
            raise Failure("validation", f"{self.name} may not set the header {min(taken)}: the connection does")
        return headers

    def _exchange(
        self, origin: Origin, target: str, headers: dict[str, str], body: bytes | None, deps: Deps, deadline: Deadline
    ) -> tuple[Response, Origin]:
        """The answer, after the redirects of a reading request, and who gave it."""
        from .transport import exchange

        for _ in range(MAX_REDIRECTS + 1):
            require_private(origin)
            deps.allow_host(origin.host, origin.port)
            response = exchange(origin, self.method, target or "/", headers, body, deadline)
            location = response.headers.get("location")
            if response.status not in _REDIRECTS or self.method not in _READING or not location:
                return response, origin
            elsewhere, target = _redirected(origin, target, location)
            if elsewhere != origin:  # what the author declared is for the author's host: keys above all
                headers = {"accept": headers["accept"]}
            origin = elsewhere
        raise Failure("unavailable", f"{self.name} at {origin} redirects more than {MAX_REDIRECTS} times")

    def _decoded(self, response: Response) -> object:
        what = f"the answer of {self.name}"
        value = read_json(response.body, what, "malformed_output") if response.body.strip() else None
        errors: list[str] = []
        decoded = self.output(value, "$", errors)
        if errors:
            more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
            raise Failure("malformed_output", f"{what} is not valid: {errors[0]}{more}", details=errors)
        return decoded


def _path_text(name: str, value: object) -> str:
    if value is None:
        raise Failure("validation", f"the path parameter {name} has no value")
    return _text(name, value)


def _query_texts(name: str, value: object) -> list[str]:
    if value is None:
        return []
    if isinstance(value, (list, tuple)):
        return [_text(name, item) for item in value if item is not None]
    return [_text(name, value)]


def _text(name: str, value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, (bool, int, float, bytes)) or hasattr(value, "cel_text"):
        return canonical(value).strip('"')
    raise Failure("validation", f"the parameter {name} is a {type(value).__name__}, which cannot be part of an address")


def _redirected(origin: Origin, target: str, location: str) -> tuple[Origin, str]:
    from urllib.parse import urldefrag, urljoin

    try:
        return split_url(urldefrag(urljoin(f"{origin}{target}", location)).url)
    except (Failure, ValueError):
        raise Failure("unavailable", f"{origin} redirects to something that is not an address") from None
