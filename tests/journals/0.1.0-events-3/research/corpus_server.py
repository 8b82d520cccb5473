"""An MCP server over a small corpus, written with the official SDK: `python corpus_server.py corpus.txt`, over stdio.

The corpus is one file of pages, each of them a line with `# name` and the lines that follow.
"""

from __future__ import annotations

import sys
from pathlib import Path

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel

server = MCPServer("corpus")


class Hit(BaseModel):
    page: str
    line: str


def pages(text: str) -> dict[str, str]:
    """The pages of a corpus by name, in their order."""
    parts = [part.partition("\n") for part in ("\n" + text).split("\n# ")[1:]]
    return {name.strip(): body.strip() for name, _, body in parts}


PAGES = pages(Path(sys.argv[1]).read_text(encoding="utf-8"))


@server.tool()
def search(query: str, limit: int = 5) -> list[Hit]:
    """Lines that have words of the query in them, those with the most first."""
    words = {word for word in query.lower().split() if len(word) > 2}
    found = [
        (sum(word in line.lower() for word in words), Hit(page=name, line=line))
        for name, text in PAGES.items()
        for line in text.splitlines()
    ]
    ranked = sorted((one for one in found if one[0]), key=lambda one: -one[0])
    return [hit for _, hit in ranked[:limit]]


@server.tool()
def read(page: str) -> str:
    """The whole text of a page."""
    if page not in PAGES:
        raise ToolError(f"there is no page {page}")
    return PAGES[page]


if __name__ == "__main__":
    server.run()
