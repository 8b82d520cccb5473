"""What is made of a project of OpenCode."""

from __future__ import annotations

from pathlib import Path

from importing.using import files, imported, lines_about, offering

CONFIG = """\
{
  // a comment, and "quotes"
  "$schema": "https://opencode.ai/config.json",
  "model": "openai/gpt-5.5",
  "mcp": {
    "shop": { "type": "local", "command": ["python3", "shop.py"], "environment": { "LOG": "{env:LOG}", "MODE": "http://x//y" }, },
  },
  "permission": { "*": "ask", "shop_*": "allow", "shop_drop": "deny", "bash": { "git *": "allow" } },
  "agent": { "inline": { "prompt": "{file:./prompts/inline.txt}", "model": "mistral/large" } }, /* end */
}
"""
AGENT = """\
---
description: Looks.
mode: subagent
steps: 300
permission:
  "*": deny
  shop_find: allow
---
Look.
"""


def test_the_last_rule_that_fits_counts(tmp_path: Path) -> None:
    given = {"opencode.jsonc": CONFIG, ".opencode/agents/look.md": AGENT, "prompts/inline.txt": "Inline."}
    text, report = imported("opencode", files(tmp_path, given), offering("python3 shop.py", "find", "pay", "drop"))
    assert (
        text
        == """\
model gpt_5_5 = openai("gpt-5.5")
model usual = anthropic("claude-sonnet-5-5")

tool shop = mcp("python3 shop.py") {
  allow: [find, pay]
  effect: write
  on_doubt: fail
  env: ["LOG", "MODE"]
}

/// Looks.
agent look(task: string) -> string {
  model gpt_5_5
  tools shop.find
  system "Look."
  prompt "{{ task }}"
  max_turns 100
}

agent inline(task: string) -> string {
  model usual
  tools shop.find, shop.pay
  system "Inline."
  prompt "{{ task }}"
  max_turns 8
}
"""
    )
    for words in [
        ("opencode.jsonc: permission.bash",),
        ("opencode.jsonc: shop.environment.MODE", "set MODE in the environment"),
        ("opencode.jsonc: mistral/large", "`usual` stands in"),
        ("look.md: look", "100 now"),
    ]:
        assert len(lines_about(report, *words)) == 1, (words, report)
    assert "http://x//y" not in "".join(report)


def test_what_no_rule_fits_is_allowed(tmp_path: Path) -> None:
    given = {
        "opencode.json": '{"mcp": {"shop": {"type": "local", "command": ["x"]}}, "permission": {"shop_drop": {"a*": "allow"}}}'
    }
    text, report = imported("opencode", files(tmp_path, given), offering("x", "find", "drop"))
    assert "allow: [find]" in text
    assert lines_about(report, "permission.shop_drop", "whatever its arguments")


def test_prompts_outside_of_the_project_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("outside", encoding="utf-8")
    config = '{"agent": {"a": {"prompt": "{file:../secret.txt}"}, "b": {"prompt": "{file:/etc/hosts}"}}}'
    text, report = imported("opencode", files(tmp_path / "project", {"opencode.json": config}))
    assert "outside" not in text and "localhost" not in text
    assert len(lines_about(report, "not in this project")) == 2 and lines_about(report, "agent.a", "its prompt")


def test_rules_about_servers_that_are_not_there(tmp_path: Path) -> None:
    config = '{"mcp": {"shop": {"type": "local", "command": ["x"]}}, "permission": {"other_*": "allow", "sh*": "deny", "*": "ask"}}'
    _, report = imported("opencode", files(tmp_path, {"opencode.json": config}))
    assert lines_about(report, "opencode.json: permission.other_*", "not imported")
    assert not lines_about(report, "permission.sh") and not lines_about(report, "permission.*")


def test_an_agent_may_be_given_what_the_project_denies(tmp_path: Path) -> None:
    """Rules of an agent follow those of the project; other roles still have what the project allows."""
    given = {
        "opencode.json": '{"mcp": {"shop": {"type": "local", "command": ["x"]}}, "permission": "deny"}',
        ".opencode/agents/look.md": AGENT,
        ".opencode/skills/s/SKILL.md": "---\nname: s\n---\nS",
    }
    text, report = imported("opencode", files(tmp_path, given), offering("x", "find", "pay"))
    assert "allow: [find]\n" in text and "tools shop.find\n" in text and "workflow s(task" in text
    assert not lines_about(report, "allows none")
