"""What is made of a project of Claude Code."""

from __future__ import annotations

import json
from pathlib import Path

from importing.using import files, imported, lines_about, offering

SHOP = json.dumps(
    {"mcpServers": {"shop": {"command": "python3", "args": ["shop.py"], "env": {"SHOP_KEY": "${SHOP_KEY}"}}}}
)
KEY = "python3 shop.py"
AGENT = """\
---
name: refund-agent
description: Looks orders up: for refunds.
tools: Read, mcp__shop__get_order
model: sonnet
maxTurns: 5
color: red
---

You look orders up.
Never say {{ name }} or {% if %}.
"""
SETTINGS = json.dumps(
    {
        "permissions": {
            "allow": ["mcp__shop__find", "Bash(git *)"],
            "ask": ["mcp__shop__pay"],
            "deny": ["mcp__shop__drop"],
        }
    }
)


def project(root: Path, **more: str) -> Path:
    given = {".mcp.json": SHOP, ".claude/agents/a.md": AGENT, ".claude/settings.json": SETTINGS}
    return files(root, given | more)


def test_an_agent_is_offered_what_it_lists_and_may_use(tmp_path: Path) -> None:
    text, report = imported("claude", project(tmp_path), offering(KEY, "get_order", "find", "pay", "drop"))
    assert (
        text
        == '''\
secret SHOP_KEY
model claude_sonnet_5_5 = anthropic("claude-sonnet-5-5")

tool shop = mcp("python3 shop.py") {
  allow: [find, get_order]
  effect: write
  on_doubt: fail
  secrets: [SHOP_KEY]
}

/// Looks orders up: for refunds.
agent refund_agent(task: string) -> string {
  model claude_sonnet_5_5
  tools shop.get_order
  system """
    You look orders up.
    Never say {{ '{' }}{ name }} or {{ '{' }}% if %}.
  """
  prompt "{{ task }}"
  max_turns 5
}
'''
    )
    assert lines_about(report, ".claude/settings.json", "permissions.allow: Bash")
    assert lines_about(report, ".mcp.json", "shop: pay", "asks before each call")
    assert lines_about(report, ".claude/agents/a.md", "Read")
    assert lines_about(report, ".claude/agents/a.md", "sonnet", "claude-sonnet-5-5")
    assert len(report) == 4


def test_without_a_snapshot_a_role_asks_its_model_once(tmp_path: Path) -> None:
    text, report = imported("claude", project(tmp_path))
    assert "  // allow: [find, get_order], as soon as `lattice mcp` has taken a snapshot\n" in text
    assert "workflow refund_agent(task: string) -> string {\n  answer = ask claude_sonnet_5_5 -> string {" in text
    assert lines_about(report, ".mcp.json: shop", "snapshot")
    assert lines_about(report, "refund-agent", "calls no declared tool")


def test_an_agent_that_lists_nothing_has_what_the_project_allows(tmp_path: Path) -> None:
    agent = "---\nname: helper\ndescription: d\n---\nHelp."
    text, _ = imported(
        "claude", project(tmp_path, **{".claude/agents/a.md": agent}), offering(KEY, "get_order", "find", "drop")
    )
    assert "tools shop.find\n" in text and "allow: [find]\n" in text


def test_denials_come_before_what_an_agent_lists(tmp_path: Path) -> None:
    agent = "---\nname: helper\ndescription: d\ntools: [mcp__shop__drop, mcp__shop]\ndisallowedTools: mcp__shop__find\n---\nHelp."
    text, _ = imported(
        "claude", project(tmp_path, **{".claude/agents/a.md": agent}), offering(KEY, "get_order", "find", "drop")
    )
    assert "allow: [find, get_order]\n" in text and "tools shop.get_order\n" in text


def test_skills_and_commands(tmp_path: Path) -> None:
    skill = "---\nname: tidy\ndescription: Tidies.\n---\n1. Look.\n2. Tidy."
    command = "---\ndescription: Explains.\n---\nExplain $ARGUMENTS to `me`."
    root = files(
        tmp_path,
        {
            ".claude/skills/tidy/SKILL.md": skill,
            ".claude/skills/tidy/scripts/run.sh": "true",
            ".claude/commands/deep/explain.md": command,
        },
    )
    text, report = imported("claude", root)
    assert 'system """\n      1. Look.\n      2. Tidy.\n    """\n    prompt "{{ task }}"' in text
    assert 'prompt "Explain {{ task }} to `me`."' in text and text.count("system") == 1
    assert lines_about(report, "tidy", ".claude/skills/tidy/scripts/run.sh")
    assert lines_about(report, "tidy", "steps stay prose")


def test_what_the_client_does_itself_is_reported(tmp_path: Path) -> None:
    settings = {"hooks": {}, "permissions": {"defaultMode": "plan"}, "enabledMcpjsonServers": []}
    root = files(
        tmp_path,
        {
            ".claude/settings.json": json.dumps(settings),
            "CLAUDE.md": "x",
            ".claude/workflows/a.js": "x",
            ".claude/agents/note.md": "no agent",
            ".claude/agents/b.md": "---\nname: b\nhooks: {}\neffort: high\n---\nB",
        },
    )
    _, report = imported("claude", root)
    for words in [
        ("settings.json: hooks",),
        ("settings.json: permissions.defaultMode",),
        ("CLAUDE.md: instructions",),
        ("a.js: workflow",),
        ("note.md", "without a `name`"),
        ("b.md: effort",),
        ("b.md: hooks",),
    ]:
        assert len(lines_about(report, *words)) == 1, (words, report)


def test_names_are_made_valid_and_different(tmp_path: Path) -> None:
    servers = {"my shop": {"command": "a"}, "my-shop": {"command": "b"}, "2nd": {"command": "c"}, "Ö": {"command": "d"}}
    agents = {
        f".claude/agents/{n}.md": f"---\nname: {name}\n---\nx"
        for n, name in enumerate(["my-shop", "task", "answer", "My Shop!"])
    }
    root = files(tmp_path, {".mcp.json": json.dumps({"mcpServers": servers})} | agents)
    text, _ = imported("claude", root)
    names = [line.split("(")[0].split()[1] for line in text.splitlines() if line.startswith(("tool ", "workflow "))]
    assert len(set(names)) == len(names) == 8
    assert names[:2] == ["my_shop", "my_shop_2"] and "task_2" in names


def test_rules_about_servers_that_are_not_there(tmp_path: Path) -> None:
    settings = json.dumps({"permissions": {"allow": ["mcp__other__find", "mcp__shop"], "deny": ["mcp__shop__drop"]}})
    text, report = imported(
        "claude", project(tmp_path, **{".claude/settings.json": settings}), offering(KEY, "find", "drop")
    )
    assert "allow: [find]\n" in text
    assert lines_about(report, "mcp__other__find", "not imported")
    assert lines_about(report, "shop: get_order", "no such tool")
