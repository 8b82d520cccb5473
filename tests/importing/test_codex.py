"""What is made of a project of Codex."""

from __future__ import annotations

from pathlib import Path

from importing.using import files, imported, lines_about, offering

CONFIG = """\
model = "gpt-5.5"
approval_policy = "on-request"

[mcp_servers.shop]
command = "python3"
args = ["shop.py"]
env_vars = ["SHOP_LOG", "SHOP_TOKEN"]
tool_timeout_sec = 2.5
disabled_tools = ["drop"]
default_tools_approval_mode = "prompt"
tools.find.approval_mode = "approve"

[mcp_servers.docs]
url = "https://docs.example/mcp"
bearer_token_env_var = "DOCS_TOKEN"
http_headers = { Accept = "text/plain" }

[mcp_servers.off]
command = "x"
enabled = false

[agents]
max_threads = 2

[agents.writer]
description = "Writes."
config_file = "agents/w.toml"
"""
AGENT = (
    'name = "reader"\ndescription = "Reads."\ndeveloper_instructions = """\nRead.\n"""\nsandbox_mode = "read-only"\n'
)


def test_servers_agents_and_what_is_approved(tmp_path: Path) -> None:
    given = {
        ".codex/config.toml": CONFIG,
        ".codex/agents/r.toml": AGENT,
        ".agents/skills/tidy/SKILL.md": "---\nname: tidy\ndescription: Tidies.\n---\nTidy.",
    }
    text, report = imported("codex", files(tmp_path, given), offering("python3 shop.py", "find", "pay", "drop"))
    assert (
        text
        == """\
secret SHOP_TOKEN
secret DOCS_TOKEN
model gpt_5_5 = openai("gpt-5.5")

tool shop = mcp("python3 shop.py") {
  allow: [find]
  effect: write
  on_doubt: fail
  env: ["SHOP_LOG"]
  secrets: [SHOP_TOKEN]
  timeout: 2500ms
}

tool docs = mcp("https://docs.example/mcp") {
  header "Accept": "text/plain"
  auth bearer DOCS_TOKEN
}

/// Reads.
agent reader(task: string) -> string {
  model gpt_5_5
  tools shop.find
  system "Read."
  prompt "{{ task }}"
  max_turns 8
}

/// Writes.
agent writer(task: string) -> string {
  model gpt_5_5
  tools shop.find
  prompt "{{ task }}"
  max_turns 8
}

/// Tidies.
agent tidy(task: string) -> string {
  model gpt_5_5
  tools shop.find
  system "Tidy."
  prompt "{{ task }}"
  max_turns 8
}
"""
    )
    for words in [
        ("config.toml: approval_policy",),
        ("config.toml: agents.max_threads",),
        ("config.toml: off", "switched off"),
        ("config.toml: shop: pay", "asks before each call"),
        ("config.toml: docs", "snapshot"),
        ("r.toml: sandbox_mode",),
    ]:
        assert len(lines_about(report, *words)) == 1, (words, report)


def test_a_file_that_is_no_toml_is_reported_without_its_text(tmp_path: Path) -> None:
    _, report = imported("codex", files(tmp_path, {".codex/config.toml": 'key = "sk-live-1234567890abcdef'}))
    assert report == [".codex/config.toml: file: it is not TOML"]


def test_headers_from_variables(tmp_path: Path) -> None:
    config = """\
    [mcp_servers.a]
    url = "https://a.example/mcp"
    bearer_token_env_var = "lower"
    env_http_headers = { X-Key = "A_KEY", X-More = "MORE" }
    """
    text, report = imported("codex", files(tmp_path, {".codex/config.toml": config}))
    assert 'auth header "X-Key" A_KEY' in text and "lower" not in text
    assert lines_about(report, "a.bearer_token_env_var", "begins with a capital")
    assert lines_about(report, "a.env_http_headers.X-More", "one secret")


def test_agents_in_files_outside_of_the_project_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "w.toml").write_text('developer_instructions = "outside"', encoding="utf-8")
    config = '[agents.w]\ndescription = "W."\nconfig_file = "../../w.toml"\n'
    text, report = imported("codex", files(tmp_path / "project", {".codex/config.toml": config}))
    assert "outside" not in text and lines_about(report, "w.toml", "not in this project")
