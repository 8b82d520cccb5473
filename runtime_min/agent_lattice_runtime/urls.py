"""Addresses: origins of services, paths and queries with strict percent-encoding. Pure functions."""

from __future__ import annotations

from .errors import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_PORTS = {"http": 80, "https": 443}
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


class Origin:
    """Who a request goes to: scheme "http" or "https", host in lower case without brackets, port."""

    __slots__ = ("host", "port", "scheme")

    def __init__(self, scheme: str, host: str, port: int) -> None:
        self.scheme = scheme
        self.host = host
        self.port = port

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host_header}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Origin) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))

    @property
    def host_header(self) -> str:
        """Host, and port where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def loopback(self) -> bool:
        """Does it stay on this machine?"""
        return self.host == "localhost" or is_loopback(self.host)


def is_loopback(address: str) -> bool:
    """Is `address` the text of an IP address that never leaves this machine?"""
    from ipaddress import ip_address

    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def split_url(url: str) -> tuple[Origin, str]:
    """Origin and the rest (path and query, as written, "" for none) of an absolute http(s) URL.

    Raises Failure validation; user names, fragments and characters that do not belong into a URL are refused.
    """
    from urllib.parse import urlsplit

    if any(ord(c) <= 32 or ord(c) >= 127 or c in '"<>\\^`{|}' for c in url):
        raise Failure("validation", "an address holds characters that are not allowed in a URL")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise Failure("validation", f"an address is not a URL: {error}") from None
    if parts.scheme not in _PORTS or not host:
        raise Failure("validation", "an address must start with https:// or http:// and a host")
    if "@" in parts.netloc or parts.fragment:
        raise Failure("validation", "an address may hold neither a user name nor a fragment")
    rest = parts.path + ("?" + parts.query if parts.query else "")
    return Origin(parts.scheme, host, _PORTS[parts.scheme] if port is None else port), rest


def require_private(origin: Origin) -> None:
    """Raises Failure permission_denied for plain http to another machine."""
    if origin.scheme == "http" and not origin.loopback:
        raise Failure("permission_denied", f"{origin} is not encrypted: plain http is for this machine only")


def fill_path(template: str, values: Mapping[str, str]) -> str:
    """`template` with every `{name}` replaced. A value stays inside its place: all but letters, digits, `-`, `_`,
    `~` and inner dots is encoded; an empty value and one of dots only are a Failure validation."""
    pieces: list[str] = []
    rest = template
    while "{" in rest:
        before, _, rest = rest.partition("{")
        name, closed, rest = rest.partition("}")
        if not closed or name not in values:
            raise Failure("validation", f"the path {template} has no value for {{{name}}}")
        pieces += [before, _segment(name, values[name])]
    return "".join(pieces) + rest


def path_names(template: str) -> list[str]:
    """The names in the places `{name}` of a path, in order."""
    return [piece.partition("}")[0] for piece in template.split("{")[1:]]


def _segment(name: str, value: str) -> str:
    if not value:
        raise Failure("validation", f"the path parameter {name} is empty")
    if not value.strip("."):  # servers resolve `.` and `..` even when they arrive as %2E%2E
        raise Failure("validation", f"the path parameter {name} is a relative path")
    return encode(value)


def query_of(pairs: list[tuple[str, str]]) -> str:
    """`?a=1&b=2`, or "" without pairs."""
    return "?" + "&".join(f"{encode(key)}={encode(value)}" for key, value in pairs) if pairs else ""


def encode(text: str) -> str:
    """`text` in UTF-8 with all but the unreserved characters percent-encoded; lone surrogates are a Failure."""
    try:
        raw = text.encode()
    except UnicodeEncodeError:
        raise Failure("validation", "a text with a lone surrogate cannot be part of an address") from None
    return "".join(chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in raw)
