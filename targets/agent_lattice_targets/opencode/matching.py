"""How OpenCode decides about a call, as measured: what permissions are checked against.

Of all rules that match, the last one counts: an agent's come after those of the project. Without any match a call is
allowed. A tool whose last rule for any use of it is `deny` is not offered at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

Rules = Mapping[str, str | Mapping[str, str]]


def call_name(server: str, tool: str) -> str:
    """What a tool of an MCP server is called here."""
    return "_".join(re.sub(r"[^A-Za-z0-9_-]", "_", name) for name in (server, tool))


def decision(rules: tuple[Rules, ...], call: str, about: str = "*") -> str:
    """`allow`, `ask` or `deny` for a call of a tool, by the project's rules and then the agent's; `about` is what the call is of: a
    skill, a sub-agent, a command line."""
    found = "allow"
    for layer in rules:
        for tool, pattern, action in _flat(layer):
            if _matches(tool, call) and _matches(pattern, about):
                found = action
    return found


def _flat(layer: Rules) -> Iterator[tuple[str, str, str]]:
    """Rules in the order in which they are written, each with the tool, what a call of it is about, and the action."""
    for tool, action in layer.items():
        if isinstance(action, str):
            yield tool, "*", action
        else:
            yield from ((tool, pattern, inner) for pattern, inner in action.items())


def _matches(pattern: str, text: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL) is not None
