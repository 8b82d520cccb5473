"""No secret of a project comes out, wherever it stands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from agent_lattice.importing.secret_texts import hidden, holds_secret, words_hold_secret
from importing.using import files, imported, lines_about

KNOWN = [
    "sk-ant-api03-Zx9Qw8Er7Ty6Ui5Op4",
    "ghp_0123456789abcdefghijABCDEFGHIJ",
    "xoxb-1234-abcdefgh",
    "AKIAIOSFODNN7EXAMPLE",
]
RANDOM = "q7Zk29fLw0xT3vBn8sPdRy41"


@pytest.mark.parametrize("secret", [*KNOWN, RANDOM])
def test_a_value_of_a_variable_or_header_stays_where_it_is(secret: str, tmp_path: Path) -> None:
    servers = {
        "a": {"command": "x", "env": {"A_KEY": secret, "PLAIN": secret, "api_key": secret}},
        "b": {"url": "https://b.example/mcp", "headers": {"Authorization": f"Bearer {secret}", "X-Id": secret}},
        "c": {"command": "x", "args": ["--token", secret]},
        "d": {"command": "x", "args": [f"--auth={secret}"]},
        "e": {"url": f"https://e.example/mcp?key={secret}"},
        "f": {"url": f"https://user:{secret}@f.example/mcp"},
    }
    settings = {"permissions": {"allow": [f"Bash(curl -H 'Authorization: Bearer {secret}' x)"], "deny": []}, secret: 1}
    given = {".mcp.json": json.dumps({"mcpServers": servers}), ".claude/settings.json": json.dumps(settings)}
    text, report = imported("claude", files(tmp_path, given))
    assert secret not in text
    assert secret not in "".join(report).replace(f"settings.json: {secret}", "" if secret == RANDOM else secret)
    assert 'tool a = mcp("x") {\n  env: ["PLAIN"]\n  secrets: [A_KEY]\n}' in text
    assert "  auth bearer B_AUTHORIZATION\n" in text and "c = mcp" not in text and "d = mcp" not in text
    for words in [
        ("a.env.A_KEY", "set A_KEY"),
        ("a.env.api_key",),
        ("b.headers.Authorization", "B_AUTHORIZATION"),
        ("c:",),
        ("d:",),
    ]:
        assert lines_about(report, *words), words
    assert lines_about(report, ".mcp.json: e:") and lines_about(report, ".mcp.json: f:")


@pytest.mark.parametrize("secret", KNOWN)
def test_a_secret_in_prose_is_left_out(secret: str, tmp_path: Path) -> None:
    agent = f"---\nname: a\ndescription: uses {secret}\n---\nLog in with {secret}, then go on."
    text, report = imported("claude", files(tmp_path, {".claude/agents/a.md": agent}))
    assert secret not in text and secret not in "".join(report)
    assert "Log in with [secret], then go on." in text
    assert lines_about(report, "a.md: a", "looks like a secret")


@pytest.mark.parametrize(
    "plain",
    [
        "uvx",
        "@scope/server-files@1.2.3",
        "--directory",
        "./tools/server.py",
        "https://docs.example/mcp",
        "a" * 40,
        "our-own-internal-server-v2-20250101",
        "-y",
    ],
)
def test_plain_words_are_no_secrets(plain: str) -> None:
    assert not holds_secret(plain) and hidden(plain) == plain


def test_options_of_a_command() -> None:
    assert words_hold_secret(("x", "--api-key", "short")) and words_hold_secret(("x", "--password=short"))
    assert not words_hold_secret(("x", "--token")) and not words_hold_secret(
        ("x", "--root", "files", "--auth", "--verbose")
    )
