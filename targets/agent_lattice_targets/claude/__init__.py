"""Claude Code: skill, agents, MCP server, permissions and hooks of a project, or a workflow script."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from agent_lattice_clients import tables
from agent_lattice_clients.capabilities import Table, table
from agent_lattice_clients.exporting import DRIVEN, INSTRUCTED, NATIVE, Export
from agent_lattice_clients.models import Offered
from agent_lattice_clients.target import ClientTarget, Launch

if TYPE_CHECKING:
    from pathlib import Path

    from agent_lattice.plan import Plan
    from agent_lattice.target import Loss
    from agent_lattice_clients.trust import Home, Trust


class Claude(ClientTarget):
    """See README.md for the files."""

    name = "claude"
    title = "Claude Code"
    program = "claude"
    contract = 3
    modes = (DRIVEN, NATIVE, INSTRUCTED)
    shared: ClassVar = {"AGENTS.md": "markdown", ".mcp.json": "json", ".claude/settings.json": "json"}
    hiding = ("CLAUDE.md",)
    trust = (
        "In a folder that nobody has accepted Claude Code ignores `permissions.allow`, and asks before each call. The skill's\n"
        "own `allowed-tools`, agents, servers and hooks work."
    )
    models = Offered(
        forms={"anthropic": "{}"},
        known={"anthropic": ("sonnet", "opus", "haiku")},
        open=True,
    )
    people = (
        "They are in `permissions.ask`; with `-p` the call is refused. That stands above what a person allows, also above\n"
        "`--dangerously-skip-permissions`; only a `PermissionRequest` hook of the person can answer in their place."
    )

    def table(self, mode: str) -> Table:
        return table({DRIVEN: tables.DRIVEN, NATIVE: tables.NATIVE, INSTRUCTED: tables.INSTRUCTED}[mode])

    def losses(self, made: Plan, mode: str | None = None) -> tuple[Loss, ...]:
        found = super().losses(made, mode)
        if mode != NATIVE:
            return found
        from agent_lattice_clients.javascript.losses import script_losses

        return found + script_losses(made, Export(made, mode).script)

    def files(self, export: Export) -> dict[str, str]:
        from agent_lattice_targets.claude.files import files

        return files(export, self)

    def trusted(self, project: Path, mode: str, home: Home) -> Trust:
        from agent_lattice_targets.claude.trust import trusted

        return trusted(project, home)

    def launch(self, slug: str, words: Sequence[str], *, mode: str, headless: bool) -> Launch:
        prompt = " ".join([f"/{slug}", *words])
        return Launch(("claude", "--agent", slug, *(["-p"] if headless else []), prompt))


TARGET = Claude()
