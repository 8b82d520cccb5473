"""How Copilot CLI decides about a call, as measured: what permissions are checked against.

A call is possible only if its tool is offered: the session's `--available-tools`, if any, hold for all of its agents, and an
agent's own `tools` for it alone; of both none means everything. Then the permission hooks of a trusted folder are asked, for
tools of a server always. Where they say nothing, what only reads is done and for anything else a person is asked; without a
person that is a refusal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

Hook = Callable[[str], str]
"""What a trusted hook says about a call: `allow`, `deny` or nothing."""
AGENTS = ("agent", "task")
"""How agents' files and command lines call the tool that starts sub-agents."""


def call_name(server: str, tool: str) -> str:
    """What models call a tool of a server, and hooks that are told of its calls."""
    return "-".join(re.sub(r"[^A-Za-z0-9_-]", "-", name) for name in (server, tool))


def asked_name(server: str, tool: str) -> str:
    """What agents' files call it, and hooks that are asked for permission."""
    return f"{server}/{tool}"


def offers(tools: Sequence[str] | None, server: str, tool: str) -> bool:
    """Whether a list has a tool of a server: of an agent, or of `--available-tools`."""
    names = {server, f"{server}/*", asked_name(server, tool), call_name(server, tool), "*"}
    return tools is None or not names.isdisjoint(tools)


def has(tools: Sequence[str] | None, names: Sequence[str]) -> bool:
    """Whether a list has a tool of the client's own, by any of its names."""
    return tools is None or not {*names, "*"}.isdisjoint(tools)


def decision(lists: Sequence[Sequence[str] | None], server: str, tool: str, *, reads: bool, hook: Hook | None) -> str:
    """`deny`, `ask` or `allow` for a call of a server's tool; `lists` are the session's and the agent's, `hook` is None until its
    folder is trusted."""
    said = hook(asked_name(server, tool)) if hook else ""
    if said == "deny" or not all(offers(tools, server, tool) for tools in lists):
        return "deny"
    return "allow" if reads or said == "allow" else "ask"
