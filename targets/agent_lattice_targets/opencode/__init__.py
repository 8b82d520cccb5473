"""OpenCode: skill, agents, command, MCP server and permissions of a project."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from agent_lattice_clients import tables
from agent_lattice_clients.capabilities import Table, table
from agent_lattice_clients.exporting import DRIVEN, INSTRUCTED
from agent_lattice_clients.models import Offered
from agent_lattice_clients.target import ClientTarget, Launch

if TYPE_CHECKING:
    from pathlib import Path

    from agent_lattice_clients.exporting import Export
    from agent_lattice_clients.trust import Home, Trust


class OpenCode(ClientTarget):
    """See README.md for the files."""

    name = "opencode"
    title = "OpenCode"
    program = "opencode"
    contract = 2
    modes = (DRIVEN, INSTRUCTED)
    shared: ClassVar = {"AGENTS.md": "markdown", "opencode.json": "json"}
    servers = ("opencode.json", "mcp")
    models = Offered(
        forms={"anthropic": "anthropic/{}", "openai": "openai/{}", "ollama": "ollama/{}"},
        known={"anthropic": (), "openai": (), "ollama": ()},
        open=True,
    )
    trust = "Nothing: the client has no such notion, and everything in a project holds at once. The plugin of `instructed` runs, too."
    people = (
        "They are `ask` in `permission`; `opencode run` refuses the call, and its turn ends there. A person's own `opencode.json`\n"
        "does not change that; `--auto` does."
    )

    def table(self, mode: str) -> Table:
        return table({DRIVEN: tables.DRIVEN, INSTRUCTED: tables.INSTRUCTED}[mode])

    def files(self, export: Export) -> dict[str, str]:
        from agent_lattice_targets.opencode.files import files

        return files(export, self)

    def trusted(self, project: Path, mode: str, home: Home) -> Trust:
        from agent_lattice_clients.trust import Trust

        return Trust(True, "the client has no such notion")

    def launch(self, slug: str, words: Sequence[str], *, mode: str, headless: bool) -> Launch:
        if headless:
            return Launch(("opencode", "run", "--command", slug, "--", *words))  # a word like --model is no option
        return Launch(("opencode", "--agent", slug, "--prompt", " ".join([f"/{slug}", *words])))


TARGET = OpenCode()
