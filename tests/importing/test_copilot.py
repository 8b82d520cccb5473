"""What is made of a project of GitHub Copilot."""

from __future__ import annotations

import json
from pathlib import Path

from importing.using import files, imported, lines_about, offering

SERVERS = {
    "mcpServers": {
        "shop": {"type": "local", "command": "python3", "args": ["shop.py"], "excludeTools": ["drop"]},
        "docs": {"type": "http", "url": "${DOCS_URL}", "tools": ["read"], "headers": {"X-Key": "${input:docs-key}"}},
        "old": {"type": "sse", "url": "https://old.example"},
    }
}
EDITOR = {
    "servers": {
        "shop": {"command": "other"},
        "local": {"type": "stdio", "command": "python3", "args": ["${workspaceFolder}/tools/x.py"], "cwd": "sub"},
    }
}
AGENT = "---\ndescription: Looks.\ntools: [read, shop/find, 'shop/*', other/find]\nmodel: [Claude Sonnet 4.6, gpt-5.5]\n---\nLook.\n"


def test_agents_and_servers(tmp_path: Path) -> None:
    given = {
        ".mcp.json": json.dumps(SERVERS),
        ".vscode/mcp.json": json.dumps(EDITOR),
        ".github/agents/look.agent.md": AGENT,
        ".claude/agents/look.md": "---\nname: look\ndescription: loses\n---\nNo.",
        ".github/prompts/ask.prompt.md": "---\ndescription: Asks.\n---\nAsk about ${input:topic:What?}.",
        ".github/hooks/h.json": "{}",
    }
    text, report = imported("copilot", files(tmp_path, given), offering("python3 shop.py", "find", "pay", "drop"))
    assert (
        text
        == """\
secret DOCS_X_KEY
model claude_sonnet_4_6 = anthropic("claude-sonnet-4-6")
model usual = anthropic("claude-sonnet-5-5")

tool shop = mcp("python3 shop.py") {
  allow: [find, pay]
  effect: write
  on_doubt: fail
}

tool docs = mcp(env.DOCS_URL) {
  // allow: [read], as soon as `lattice mcp` has taken a snapshot
  auth header "X-Key" DOCS_X_KEY
}

tool local = mcp("python3 tools/x.py") { }

/// Looks.
agent look(task: string) -> string {
  model claude_sonnet_4_6
  tools shop.find, shop.pay
  system "Look."
  prompt "{{ task }}"
  max_turns 8
}

/// Asks.
workflow ask(task: string) -> string {
  answer = ask usual -> string {
    prompt "Ask about {{ task }}."
  }
  return answer
}
"""
    )
    for words in [
        (".mcp.json: old.type", "not sse"),
        (".mcp.json: docs.headers.X-Key", "set DOCS_X_KEY"),
        (".vscode/mcp.json: local.cwd",),
        ("look.agent.md: tools", "`read`"),
        ("look.agent.md: tools", "`other/find`", "not imported"),
        ("h.json: hooks",),
    ]:
        assert len(lines_about(report, *words)) == 1, (words, report)
