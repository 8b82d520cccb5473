"""How Claude Code decides about a call, as measured: what permissions are checked against.

Of the rules that match, `deny` beats `ask` beats `allow`, whatever is more specific. Without a match a person is asked; without a person
the call is refused. An agent's `tools` replace what a session offers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

DECISIONS = ("deny", "ask", "allow")


def call_name(server: str, tool: str) -> str:
    """What a tool of an MCP server is called here."""
    return "__".join(("mcp", _plain(server), _plain(tool)))


def decision(permissions: Mapping[str, Sequence[str]], call: str) -> str:
    """What is done about a call: `deny`, `ask` or `allow`; a call is a tool's name, perhaps with what it is about: `Agent(x)`."""
    for word in DECISIONS:
        if any(matches(rule, call) for rule in permissions.get(word, ())):
            return word
    return "ask"


def offers(tools: Iterable[str], call: str) -> bool:
    """Whether an agent with these `tools` can make the call at all."""
    return any(matches(rule, call) for rule in tools)


def matches(rule: str, call: str) -> bool:
    """Whether a rule is about a call: the same tool and, if the rule has one, the same specifier; `mcp__server` is about all its tools."""
    if rule == call:
        return True
    tool, _, about = call.partition("(")
    if "(" in rule:
        name, _, wanted = rule.partition("(")
        return name == tool and bool(about) and _glob(wanted.rstrip(")"), about.rstrip(")"))
    server = rule.removesuffix("__*")
    return rule == tool or (_is_server(server) and tool.startswith(f"{server}__"))


def _is_server(rule: str) -> bool:
    return rule.startswith("mcp__") and "__" not in rule.removeprefix("mcp__")


def _glob(pattern: str, text: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL) is not None


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "_", name)
