"""An MCP server as its author would write it, with the official SDK: over stdio, or with a port over streamable HTTP."""

from __future__ import annotations

import os
import sys

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel

server = MCPServer("policies")

TEXTS = {"returns": "Goods can be returned within 30 days.", "damage": "Damaged goods are replaced."}


class Doc(BaseModel):
    id: str
    text: str
    score: float


@server.tool()
def search(query: str, limit: int = 10) -> list[Doc]:
    """Find policies that hold a word."""
    found = [Doc(id=key, text=text, score=1.0) for key, text in TEXTS.items() if query.lower() in text.lower()]
    return found[:limit]


@server.tool(name="policy.fetch")
def fetch(id: str) -> str:
    """The text of a policy."""
    if id not in TEXTS:
        raise ToolError(f"there is no policy {id}")
    return TEXTS[id]


@server.tool()
def environment() -> list[str]:
    """The names of the variables that this process was given."""
    return sorted(os.environ)


@server.tool()
def secret(name: str) -> str:
    """The value of a variable."""
    return f"it is {os.environ[name]}"


@server.tool()
def crash() -> str:
    """End without an answer."""
    print("about to give up", file=sys.stderr, flush=True)
    os._exit(7)


@server.tool()
def count(by: int) -> int:
    """How often this process was asked, counted in its memory."""
    global counted
    counted += by
    return counted


counted = 0

if __name__ == "__main__":
    if len(sys.argv) > 1:
        server.run("streamable-http", host="127.0.0.1", port=int(sys.argv[1]))
    else:
        server.run()
