"""`lattice import`: where the source and the report go, and how a project becomes a program step by step."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from cli.running import ROOT, lattice

AGENT = "---\nname: reader\ndescription: Reads.\ntools: mcp__corpus__read\nmodel: claude-haiku-4-5\n---\nRead before you answer.\n"
SERVER = {"mcpServers": {"corpus": {"command": "python", "args": ["corpus_server.py", "corpus.txt"]}}}


def project(root: Path) -> Path:
    """A project of Claude Code whose server is that of an example."""
    (root / ".claude/agents").mkdir(parents=True)
    (root / ".claude/agents/reader.md").write_text(AGENT, encoding="utf-8")
    (root / ".mcp.json").write_text(json.dumps(SERVER), encoding="utf-8")
    for name in ("corpus_server.py", "corpus.txt"):
        shutil.copy(ROOT / "examples/research" / name, root / name)
    return root


def test_from_a_project_to_an_agent_with_tools(here: Path) -> None:
    """Import, look at the servers, import again: then the agent is offered its tool, and nothing is left to report."""
    project(here)
    first = lattice("import", "claude", ".", "-o", "team.lat")
    assert first.exit_code == 1 and first.stdout == ""
    assert ".mcp.json: corpus: the types of its tools are not known yet" in first.stderr
    assert lattice("check", "team.lat").exit_code == 0
    assert lattice("mcp", "team.lat").exit_code == 0
    second = lattice("import", "claude", ".", "-o", "team.lat")
    assert (second.exit_code, second.output) == (0, "")
    text = (here / "team.lat").read_text(encoding="utf-8")
    assert "  allow: [read]\n" in text and "  tools corpus.read\n" in text
    assert lattice("check", "team.lat").exit_code == 0 and lattice("fmt", "--check", "team.lat").exit_code == 0
    assert lattice("import", "claude", ".").stdout == text


def test_for_programs(here: Path) -> None:
    project(here)
    done = lattice("import", "claude", ".", "--json")
    shown = json.loads(done.stdout)
    assert done.exit_code == 1 and done.stderr == ""
    assert shown["source"] == lattice("import", "claude", ".").stdout
    assert [sorted(item) for item in shown["report"]] == [["file", "item", "reason"]] * len(shown["report"])


def test_what_cannot_be_worked_with(here: Path) -> None:
    (here / "empty").mkdir()
    (here / "file").touch()
    for words, said in [
        (("claude", "empty"), "empty holds nothing that claude reads"),
        (("codex", "file"), "cannot read file: it is no folder"),
        (("codex", "gone"), "cannot read gone: it is no folder"),
        (("gemini", "."), "Invalid value for"),
        (("claude", "a\0b"), "it is no folder"),
    ]:
        done = lattice("import", *words)
        assert done.exit_code == 2 and said in done.stderr, done.output
    project(here)
    assert lattice("import", "claude", ".", "-o", "no/such/file.lat").exit_code == 2
