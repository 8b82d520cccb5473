"""What is checked of an `http` tool: address, methods, paths."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from agent_lattice.annotations import unquote
from agent_lattice.diagnostics import Code, Report, did_you_mean, nearest, replace
from agent_lattice.plan import EnvRef
from agent_lattice.settings import Value
from agent_lattice.tree import Text

WRONG_ADDRESS = Code("LAT2430", "wrong-tool-address")
MISSING_CALL = Code("LAT2431", "operation-without-request")
UNKNOWN_METHOD = Code("LAT2432", "unknown-http-method")
WRONG_PATH = Code("LAT2433", "wrong-operation-path")

METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
_PLACE = re.compile(r"\{([^{}]*)\}")


def base_url(target: Text | Value, report: Report) -> str | EnvRef | None:
    """The address of a service as declared."""
    if isinstance(target, Value):
        return EnvRef(target.value)
    text = unquote(target.raw)
    try:
        url = urlsplit(text)
        good = url.scheme in ("http", "https") and bool(url.hostname) and url.port is not False
    except ValueError:
        good = False
    if not good:
        report.add(
            WRONG_ADDRESS,
            "the address of a service starts with `https://` and a host",
            target.span,
            help="or take it from the environment: `http(env.NAME)`",
        )
        return None
    if url.username or url.password or url.query or url.fragment:
        report.add(
            WRONG_ADDRESS,
            "the address of a service has no user, query or fragment",
            target.span,
            help="declare a `secret` and say `auth bearer NAME`",
        )
    return text.rstrip("/")


def check_http(nodes: Iterable[Any], report: Report) -> None:
    """Methods and paths of the operations."""
    for node in nodes:
        if node.method is None or node.path is None:
            report.add(
                MISSING_CALL,
                f"`{node.name}` does not say which request it makes",
                node.name.span,
                help='write `= GET "/path"` behind its type',
            )
            continue
        if node.method.text not in METHODS:
            help, fix = did_you_mean(node.method.text, METHODS, node.method.span)
            report.add(
                UNKNOWN_METHOD,
                f"unknown method `{node.method}`",
                node.method.span,
                help=help or f"there are {', '.join(METHODS)}",
                fix=fix,
            )
        _check_path(node, report)


def _check_path(node: Any, report: Report) -> None:
    path, names = unquote(node.path.raw), [param.name.text for param in node.params]
    if not path.startswith("/") or any(sign in path for sign in "?# \n"):
        fix = replace("add `/`", node.path.span, f'"/{path}"') if re.fullmatch(r"[\w{}.~/-]+", path) else None
        report.add(
            WRONG_PATH,
            "a path starts with `/` and has no query",
            node.path.span,
            help="other parameters become the query or the body",
            fix=fix,
        )
    for place in _PLACE.findall(path):
        if place not in names:
            help, meant = did_you_mean(place, names, node.path.span)
            new = node.path.raw.replace(f"{{{place}}}", f"{{{nearest(place, names)}}}")
            fix = meant and replace(meant.title, node.path.span, new)
            report.add(
                WRONG_PATH, f"`{{{place}}}` is no parameter of `{node.name}`", node.path.span, help=help, fix=fix
            )
