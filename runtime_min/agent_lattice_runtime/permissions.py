"""What each step may touch: the manifest's grants by static step id, everything else is denied."""

from __future__ import annotations

from .errors import Failure
from .static_steps import Steps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

KEYS = ("tools", "operations", "hosts", "secrets", "env", "files", "models", "programs")
_DEFAULT_PORTS = (80, 443)
_NOUNS = {
    "tools": "the tool",
    "operations": "the operation",
    "secrets": "the secret",
    "env": "the environment variable",
    "models": "the model",
    "programs": "the program",
}


class Denied(Failure):
    """The manifest does not list what was wanted: `kind` is a key of the grant, `item` the missing name."""

    def __init__(self, kind: str, item: str, message: str, step: str) -> None:
        super().__init__("permission_denied", message, step=step)
        self.kind = kind
        self.item = item


class Grant:
    """What one step may touch: a tuple of names per key of KEYS."""

    __slots__ = KEYS

    tools: tuple[str, ...]
    operations: tuple[str, ...]
    hosts: tuple[str, ...]
    secrets: tuple[str, ...]
    env: tuple[str, ...]
    files: tuple[str, ...]
    models: tuple[str, ...]
    programs: tuple[str, ...]

    def __init__(self, **names: tuple[str, ...]) -> None:
        for key in KEYS:
            setattr(self, key, tuple(names.get(key, ())))

    def require(self, kind: str, item: str, step: str) -> None:
        """Raises Denied unless `item` is listed under `kind`."""
        if item not in getattr(self, kind):
            raise Denied(kind, item, f"{_step(step)} may not use {_NOUNS[kind]} {item}", step)

    def require_host(self, host: str, port: int, step: str) -> None:
        """Raises Denied unless the step may connect to `host` at `port`."""
        if not self.allows_host(host, port):
            raise Denied("hosts", f"{host}:{port}", f"{_step(step)} may not connect to {host}:{port}", step)

    def allows_host(self, host: str, port: int) -> bool:
        """An entry `host` stands for the ports 80 and 443, `host:port` for that one, `env:NAME` for the URL there."""
        return any((host.lower(), port) in endpoints(entry) for entry in self.hosts)


NOTHING = Grant()


def grants(manifest: Mapping[str, Any]) -> Steps:
    """The grants of a manifest by static step id; raises Failure validation when its shape is wrong."""
    others: dict[str, Steps] = {}
    made = _table(manifest, others)
    if made.calls:
        workflows = manifest.get("workflows")
        for name, entry in workflows.items() if isinstance(workflows, dict) else ():
            others[name] = _table(entry, others)
    return made


def _table(owner: object, others: dict[str, Steps]) -> Steps:
    """The grants of one workflow."""
    permissions = _part(owner, "permissions")
    calls = {step: str(child) for step, child in _part(permissions, "calls").items()}
    return Steps(
        ((step, _grant(step, entry)) for step, entry in _part(permissions, "steps").items()), calls, others.get
    )


def _part(table: object, key: str) -> dict[str, Any]:
    found = table.get(key, {}) if hasattr(table, "get") else None
    if not isinstance(found, dict):
        raise Failure("validation", f"the {key} of the manifest's permissions are not a table")
    return found


def _grant(step: str, entry: object) -> Grant:
    if not isinstance(entry, dict):
        raise Failure("validation", f"the manifest's permissions of step {step} are not a table")
    return Grant(**{key: tuple(map(str, entry.get(key) or ())) for key in KEYS})


def endpoints(entry: str) -> tuple[tuple[str, int], ...]:
    """The (host, port) pairs that an entry of `hosts` stands for; none for an unset or unreadable `env:NAME`."""
    if entry.startswith("env:"):
        return _url_endpoint(entry[4:])
    host, port = split_port(entry)
    return ((host, port),) if port is not None else tuple((host, default) for default in _DEFAULT_PORTS)


def split_port(entry: str) -> tuple[str, int | None]:
    """`host`, `host:port`, `[v6]` or `[v6]:port` in parts, the host in lower case and without brackets."""
    entry = entry.strip().lower()
    if entry.startswith("["):
        host, _, rest = entry[1:].partition("]")
        return host, int(rest[1:]) if rest[1:].isdecimal() else None
    host, colon, port = entry.rpartition(":")
    if colon and port.isdecimal() and ":" not in host:
        return host, int(port)
    return entry, None


def _url_endpoint(name: str) -> tuple[tuple[str, int], ...]:
    from os import environ

    scheme, separator, rest = environ.get(name, "").partition("://")
    if not separator:
        return ()
    authority = rest.partition("/")[0].partition("?")[0].partition("#")[0].rpartition("@")[2]
    host, port = split_port(authority)
    return ((host, port or (80 if scheme.lower() == "http" else 443)),) if host else ()


def _step(step: str) -> str:
    return f"step {step}" if step else "this run"
