"""How a package's MCP server is registered with clients."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agent_lattice_clients.exporting import Export


def mcp_json(export: Export) -> str:
    """The `.mcp.json` that two clients read. An unset variable is empty, not its own name."""
    entry: dict[str, object] = {"type": "stdio", "command": export.command[0], "args": list(export.command[1:])}
    if export.env:
        entry["env"] = {name: f"${{{name}:-}}" for name in export.env}
    return json.dumps({"mcpServers": {export.server: entry}}, indent=2, ensure_ascii=False) + "\n"
