"""How Codex decides about a call of an MCP tool, as measured: what approvals are checked against.

A tool must be enabled to be there at all. Its approval mode, else the server's, says what happens: `approve` runs it, `prompt` asks,
the others run what only reads and ask for the rest. Who is asked is first the hook, if its project trusts it, then the person;
without a person the call is refused. A hook before every call can refuse it in any case. Sub-agents have their session's tools,
whatever their own files say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

Hook = Callable[[str], str]
"""What a trusted hook says about a call: `allow`, `deny` or nothing."""


def call_name(server: str, tool: str) -> str:
    """What hooks and code call a tool of an MCP server."""
    return "__".join(("mcp", _plain(server), _plain(tool)))


def offered(config: Mapping[str, Any], server: str, tool: str) -> bool:
    """Whether a session has the tool, if the server serves it."""
    entry = config.get("mcp_servers", {}).get(server)
    if entry is None or not entry.get("enabled", True):
        return False
    return tool in entry.get("enabled_tools", [tool]) and tool not in entry.get("disabled_tools", ())


def decision(config: Mapping[str, Any], server: str, tool: str, *, reads: bool, hook: Hook | None) -> str:
    """`deny`, `ask` or `allow`; `hook` is None until it is trusted."""
    said = hook(call_name(server, tool)) if hook else ""
    if not offered(config, server, tool) or said == "deny":
        return "deny"
    entry = config["mcp_servers"][server]
    mode = entry.get("tools", {}).get(tool, {}).get("approval_mode") or entry.get("default_tools_approval_mode", "auto")
    runs = mode == "approve" or (mode in ("auto", "writes") and reads)
    return "allow" if runs or said == "allow" else "ask"


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_]", "_", name)
