"""Whatever the files of a project hold, the source compiles, is canonical, and every other word is a line of the report."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import pytest
from agent_lattice.commands.import_ import CLIENTS
from agent_lattice.program import no_surfaces
from agent_lattice.surface import surface_of
from hypothesis import given, settings
from hypothesis import strategies as st
from importing import test_claude, test_codex, test_copilot, test_opencode
from importing.using import TEXT, files, imported

PLACES = {
    "claude": (
        ".mcp.json", ".claude/settings.json", ".claude/agents/a.md", ".claude/agents/b.md", ".claude/skills/s/SKILL.md",
        ".claude/commands/c.md",
    ),
    "codex": (".codex/config.toml", ".codex/agents/a.toml", ".agents/skills/s/SKILL.md", ".codex/skills/t/SKILL.md"),
    "opencode": (
        "opencode.json", "opencode.jsonc", ".opencode/agents/a.md", ".opencode/agent/b.md", ".opencode/commands/c.md",
        ".opencode/skills/s/SKILL.md",
    ),
    "copilot": (
        ".mcp.json", ".vscode/mcp.json", ".github/agents/a.agent.md", ".github/prompts/p.prompt.md", ".claude/agents/a.md",
        ".github/copilot/settings.json",
    ),
}  # fmt: skip
"""What each client reads."""

WORDS = [
    "shop", "mcp__shop__find", "mcp__shop__*", "mcp__", "shop_*", "shop/find", "*", "${KEY}", "${KEY:-x}", "{env:KEY}", "{file:x}",
    "allow", "ask", "deny", "stdio", "http", "sse", "https://a.example/mcp", "http://[", "python3 x.py", "|", "$HOME", "", " ", "\n",
    "{{ x }}", "{% if %}", '"""', "'''", "\\", "sonnet", "gpt-5", "anthropic/x", "Bearer ${T}", "$ARGUMENTS", "\u2028", "é", "a: b",
    "\ud800",
]  # fmt: skip
KEYS = [
    "mcpServers", "servers", "mcp", "mcp_servers", "permissions", "permission", "allow", "ask", "deny", "shop", "a b", "command", "args",
    "env", "env_vars", "environment", "url", "headers", "http_headers", "bearer_token_env_var", "enabled", "enabled_tools", "timeout",
    "tools", "excludeTools", "agent", "agents", "prompt", "description", "name", "model", "maxTurns", "steps", "cwd", "type", "X-Key", "",
    "disallowedTools", "allowed-tools", "mcp-servers", "approval_mode", "config_file", "template", "disable", "Authorization", "__proto__",
]  # fmt: skip
LEAVES = st.one_of(
    st.sampled_from(WORDS), st.text(max_size=12), st.booleans(), st.none(), st.integers(), st.floats(), st.just(10**400)
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(st.sampled_from(KEYS), st.text(max_size=6)), inner, max_size=6),
    ),
    max_leaves=25,
)
WORDED = st.sampled_from(WORDS)
NAMED = st.sampled_from(["KEY", "key", "T", "LOG_LEVEL", "a b", "X-Key", "Authorization", "1", "é", ""])
MEMBERS = {
    "command": WORDED | st.lists(WORDED, max_size=3),
    "args": st.lists(WORDED, max_size=3),
    "type": st.sampled_from(["stdio", "local", "http", "sse"]),
    "url": st.sampled_from(
        ["https://a.example/mcp", "http://[", "${KEY}", "{env:KEY}", "https://a.example/?x=1", "ftp://x"]
    ),
    "bearer_token_env_var": NAMED,
    "enabled": st.booleans(),
    "timeout": st.integers(-1, 10**9) | st.floats(),
    "tool_timeout_sec": st.integers(-1, 10**9) | st.floats(),
    "default_tools_approval_mode": st.sampled_from(["approve", "prompt", "auto"]),
}
MEMBERS |= dict.fromkeys(
    ("env", "environment", "headers", "http_headers", "env_http_headers"),
    st.dictionaries(NAMED, WORDED | NAMED, max_size=3),
)
MEMBERS |= dict.fromkeys(
    ("env_vars", "tools", "excludeTools", "enabled_tools", "disabled_tools"), st.lists(WORDED | NAMED, max_size=3)
)
ENTRY = st.fixed_dictionaries({}, optional={key: value | value | VALUES for key, value in MEMBERS.items()})
CONFIG = st.fixed_dictionaries(
    {},
    optional={
        key: st.dictionaries(st.sampled_from(["shop", "a b", "Ö", "", "in"]), ENTRY | ENTRY | VALUES, max_size=3)
        | VALUES
        for key in ("mcpServers", "servers", "mcp", "mcp_servers", "agent", "permissions", "permission", "model")
    },
)


class Real(NamedTuple):
    """A file as people write it, and what the names of such files end with."""

    kind: str
    content: str


REAL = (
    Real(".json", test_claude.SHOP),
    Real(".json", test_claude.SETTINGS),
    Real(".json", json.dumps(test_copilot.SERVERS | test_copilot.EDITOR)),
    Real(".json", test_opencode.CONFIG),
    Real(".jsonc", test_opencode.CONFIG),
    Real(".toml", test_codex.CONFIG),
    Real(".toml", test_codex.AGENT),
    Real(".md", test_claude.AGENT),
    Real(".md", test_opencode.AGENT),
    Real(".md", test_copilot.AGENT),
)


def toml(value: Any) -> str:
    """A table as TOML, as far as it can be said; what cannot makes the file none."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value)


@st.composite
def contents(draw: st.DrawFn, name: str) -> bytes:
    """What a file may hold: something of its kind, some of that cut or mixed up, or anything at all."""
    value = draw(CONFIG | VALUES)
    if name.endswith(".md"):
        front = {} if not isinstance(value, dict) else value
        text = "---\n" + "".join(f"{json.dumps(key)}: {json.dumps(one)}\n" for key, one in front.items())
        text += f"---\n{draw(st.sampled_from(WORDS) | st.text())}"
    elif name.endswith(".toml"):
        lines = value.items() if isinstance(value, dict) else ()
        text = "".join(f"{json.dumps(key)} = {toml(one)}\n" for key, one in lines)
    else:
        text = json.dumps(value)
    real = [one for one in REAL if name.endswith(one.kind)]
    whole = draw(
        st.just(text.encode("utf-8", "surrogatepass")) | st.sampled_from([one.content.encode() for one in real])
    )
    cut, end = sorted((draw(st.integers(0, len(whole))), draw(st.integers(0, len(whole)))))
    changed = (
        whole[:cut] + draw(st.sampled_from(WORDS) | st.text(max_size=4)).encode("utf-8", "surrogatepass") + whole[end:]
    )
    return draw(
        st.sampled_from([whole, changed, changed, whole[:cut], whole[cut:] + whole[:cut]]) | st.binary(max_size=40)
    )


@pytest.mark.parametrize("client", CLIENTS)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_any_bytes_in_any_file(client: str, data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.sampled_from(PLACES[client]), unique=True, min_size=1))
    given = {name: data.draw(contents(name)) for name in chosen}
    seen = surface_of(
        "2025-11-25", [{"name": name, "inputSchema": TEXT} for name in ("find", "pay", "look-up.order", "in")]
    )
    surfaces = data.draw(st.sampled_from([no_surfaces, lambda key: seen]))
    with TemporaryDirectory() as folder:
        imported(client, files(Path(folder), given), surfaces)


@pytest.mark.parametrize("client", CLIENTS)
def test_deep_nesting(client: str, tmp_path: Path) -> None:
    deep = {"md": "---\na: " + "[" * 20_000 + "\n---\n", "toml": "a = " + "[" * 20_000 + "]" * 20_000}
    given = {name: deep.get(name.rpartition(".")[2], "[" * 100_000) for name in PLACES[client]}
    _, report = imported(client, files(tmp_path, given))
    assert len(report) >= len(given)


@pytest.mark.parametrize("client", CLIENTS)
def test_folders_where_files_belong(client: str, tmp_path: Path) -> None:
    for name in PLACES[client]:
        (tmp_path / name).mkdir(parents=True)
    _, report = imported(client, tmp_path)
    assert any("it is no regular file" in line for line in report)
