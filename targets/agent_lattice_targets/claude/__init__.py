"""Claude Code: skill, agents, MCP server, permissions and hooks of a project, or a workflow script."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from agent_lattice_clients import tables
from agent_lattice_clients.capabilities import Table, table
from agent_lattice_clients.exporting import DRIVEN, INSTRUCTED, NATIVE
from agent_lattice_clients.models import Offered
from agent_lattice_clients.target import ClientTarget, Launch

if TYPE_CHECKING:
    from agent_lattice_clients.exporting import Export


class Claude(ClientTarget):
    """See README.md for the files."""

    name = "claude"
    title = "Claude Code"
    program = "claude"
    contract = 1
    modes = (DRIVEN, INSTRUCTED)
    shared: ClassVar = {"AGENTS.md": "markdown", ".mcp.json": "json", ".claude/settings.json": "json"}
    models = Offered(
        forms={"anthropic": "{}"},
        known={"anthropic": ("sonnet", "opus", "haiku")},
        open=True,
    )

    def table(self, mode: str) -> Table:
        return table({DRIVEN: tables.DRIVEN, NATIVE: tables.NATIVE, INSTRUCTED: tables.INSTRUCTED}[mode])

    def files(self, export: Export) -> dict[str, str]:
        from agent_lattice_targets.claude.files import files

        return files(export, self)

    def launch(self, slug: str, words: Sequence[str], *, mode: str, headless: bool) -> Launch:
        prompt = " ".join([f"/{slug}", *words])
        return Launch(("claude", "--agent", slug, *(["-p"] if headless else []), prompt))


TARGET = Claude()
