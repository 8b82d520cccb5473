"""GitHub Copilot: skill, agents, MCP server and hooks of a project for its CLI, and what VS Code reads besides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from agent_lattice.target import Strength
from agent_lattice_clients import tables
from agent_lattice_clients.capabilities import Table, table
from agent_lattice_clients.exporting import DRIVEN, INSTRUCTED
from agent_lattice_clients.models import Offered
from agent_lattice_clients.target import ClientTarget, Launch
from agent_lattice_runtime.client_names import server_name

if TYPE_CHECKING:
    from pathlib import Path

    from agent_lattice_clients.exporting import Export
    from agent_lattice_clients.trust import Home, Trust

_INSTRUCTED: tables.Entries = {
    **tables.INSTRUCTED,
    "run": (Strength.DEGRADED, "a sub-agent with the agent's tools; nobody counts its turns"),
    "permissions": (
        Strength.DEGRADED,
        "a step may call what any step of the workflow may; roles only what is theirs. A session that was not launched in the "
        "workflow keeps its own tools, and asks for them as ever",
    ),
}
_CLAUDES = (
    "claude-sonnet-5.5",
    "claude-sonnet-5",
    "claude-sonnet-4.6",
    "claude-opus-5.5",
    "claude-opus-5",
    "claude-opus-4.8",
    "claude-haiku-5.5",
    "claude-haiku-4.5",
)
_SPELLED = {name.replace(".", "-"): name for name in _CLAUDES}
"""Those who make these models write their versions with a hyphen."""


class Copilot(ClientTarget):
    """See README.md for the files."""

    name = "copilot"
    title = "GitHub Copilot"
    program = "copilot"
    contract = 3
    modes = (DRIVEN, INSTRUCTED)
    shared: ClassVar = {"AGENTS.md": "markdown", ".mcp.json": "json", ".vscode/mcp.json": "json"}
    trust = (
        "In a folder that nobody has accepted Copilot CLI reads `AGENTS.md`, the skill and the agents; there is neither server nor\n"
        "hook, and so nothing to run. Start `copilot` in it and accept, or give a single session `--trust-folder`. Without its\n"
        "hook, where hooks are turned off, it asks a person before each call that changes something, and refuses it where there\n"
        "is none."
    )
    models = Offered(
        forms={"anthropic": "{}", "openai": "{}"},
        known={
            "anthropic": tuple(_SPELLED),
            "openai": (
                "gpt-6.1-sol",
                "gpt-6-sol",
                "gpt-6-luna",
                "gpt-6-astra",
                "gpt-5.6-sol",
                "gpt-5.6-terra",
                "gpt-5.6-luna",
                "gpt-5.5",
                "gpt-5.4",
                "gpt-5.4-mini",
                "gpt-5.3-codex",
                "gpt-5-mini",
            ),
        },
        open=False,
        spelled=_SPELLED,
    )
    people = (
        "The hook says nothing of them, and so the client asks; with `-p` it refuses the call. `--allow-tool 'NAME(TOOL)'`, and\n"
        "what allows all tools, lets it pass."
    )

    def table(self, mode: str) -> Table:
        return table({DRIVEN: tables.DRIVEN, INSTRUCTED: _INSTRUCTED}[mode])

    def files(self, export: Export) -> dict[str, str]:
        from agent_lattice_targets.copilot.files import files

        return files(export, self)

    def trusted(self, project: Path, mode: str, home: Home) -> Trust:
        from agent_lattice_targets.copilot.trust import trusted

        return trusted(project, home)

    def launch(self, slug: str, words: Sequence[str], *, mode: str, headless: bool) -> Launch:
        own = ["task"] if mode == INSTRUCTED else []
        alone = ("--agent", slug, "--available-tools", f"{server_name(slug)}/*", *own)
        if headless:
            asked = " ".join([f"Use the skill {slug}.", *(["Arguments:", *words] if words else [])])
            return Launch(("copilot", *alone, "-p", asked))
        return Launch(("copilot", *alone, "-i", " ".join([f"/{slug}", *words])))


TARGET = Copilot()
