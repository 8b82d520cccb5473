"""`tool bank = http("https://…") { … }`: requests to a service; what is checked is its address, methods and paths."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from agent_lattice import plan
from agent_lattice.annotations import unquote
from agent_lattice.declarations.protocols import Given, ToolProtocol, misplaced
from agent_lattice.diagnostics import Code, Report, did_you_mean, nearest, replace
from agent_lattice.plan import EnvRef
from agent_lattice.program import Module
from agent_lattice.records import replace as with_changes
from agent_lattice.settings import Rule, Value
from agent_lattice.tree import Text

WRONG_ADDRESS = Code("LAT2430", "wrong-tool-address")
MISSING_CALL = Code("LAT2431", "operation-without-request")
UNKNOWN_METHOD = Code("LAT2432", "unknown-http-method")
WRONG_PATH = Code("LAT2433", "wrong-operation-path")

TIMEOUT = Rule("duration", least=0.001, most=86_400.0, doc="for a whole request or call")
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


def _call(node: Any, given: Given, report: Report) -> dict[str, Any]:
    if node.method is not None and node.method.text == "TOOL":
        misplaced("= TOOL …", node.call_span, "mcp", PROTOCOL, report)
    http = plan.HttpCall(node.method.text, unquote(node.path.raw)) if node.method and node.path else None
    return {"http": http}


def _connect(made: plan.ToolSet, node: Any, given: Given, module: Module, report: Report) -> plan.ToolSet:
    return with_changes(made, base=base_url(node.target, report))


def _check(tool: plan.ToolSet, declared: Any, module: Module, report: Report) -> None:
    """Methods and paths of the operations."""
    for node in declared.nodes:
        if node.method is None or node.path is None:
            report.add(
                MISSING_CALL,
                f"`{node.name}` does not say which request it makes",
                node.name.span,
                help='write `= GET "/path"` behind its type',
            )
            continue
        if node.method.text == "TOOL":
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


PROTOCOL = ToolProtocol(
    word="http",
    instead="say what the service needs with `auth`, `header` and parameters",
    clauses=frozenset({"auth", "header"}),
    settings={"timeout": TIMEOUT},
    operation_settings={},
    call=_call,
    connect=_connect,
    check=_check,
)
