"""Codex CLI: skill, agents, MCP server, approvals and hooks of a project."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from agent_lattice.target import Strength
from agent_lattice_clients import tables
from agent_lattice_clients.capabilities import Table, table
from agent_lattice_clients.exporting import DRIVEN, INSTRUCTED
from agent_lattice_clients.models import Offered
from agent_lattice_clients.target import ClientTarget, Launch

if TYPE_CHECKING:
    from pathlib import Path

    from agent_lattice_clients.exporting import Export
    from agent_lattice_clients.trust import Home, Trust

_INSTRUCTED: tables.Entries = {
    **tables.INSTRUCTED,
    "run": (Strength.DEGRADED, "a sub-agent, which a hook holds to the agent's tools; nobody counts its turns"),
    "permissions": (
        Strength.DEGRADED,
        "a step may call what any step of the workflow may; a hook holds roles to what is theirs: until it is trusted "
        "no operation that some role lacks is called unasked, but a role may do what the session's sandbox allows",
    ),
    "log": (
        Strength.DEGRADED,
        "hooks write down what was called, once they are trusted; a run that was stopped is not resumed",
    ),
}
_ALONE = ("-s", "read-only", "-c", "features.shell_tool=false", "-c", 'web_search="disabled"')
"""A session that has its servers and nothing else: no shell, no changed files, no searches. Its sub-agents inherit that."""


class Codex(ClientTarget):
    """See README.md for the files."""

    name = "codex"
    title = "Codex CLI"
    program = "codex"
    contract = 3
    modes = (DRIVEN, INSTRUCTED)
    shared: ClassVar = {"AGENTS.md": "markdown", ".codex/config.toml": "toml", ".codex/hooks.json": "json"}
    servers = (".codex/config.toml", "mcp_servers")
    trust = (
        "In a folder that nobody has accepted Codex reads `AGENTS.md` and the skill alone: there is no server, and so nothing\n"
        "to run. An instructed workflow with sub-agents needs its hooks as well. Start `codex` in the folder: it asks about\n"
        "both, and about hooks again when a build has changed them. Until then Codex asks a person before each call of an\n"
        "operation that some sub-agent lacks, and refuses it where there is none, as in `codex exec`."
    )
    models = Offered(
        forms={"openai": "{}"},
        known={
            "openai": (
                "gpt-6.1-sol",
                "gpt-6.1-terra",
                "gpt-6-astra",
                "gpt-6-sol",
                "gpt-6-luna",
                "gpt-5.6-sol",
                "gpt-5.6-terra",
                "gpt-5.6-luna",
                "gpt-5.5",
            )
        },
        open=True,
    )
    people = (
        "They have `approval_mode` `prompt`; `codex exec` refuses the call. A person's `config.toml` does not change that;\n"
        "`-c mcp_servers.NAME.tools.TOOL.approval_mode=…` on the command line and `--dangerously-bypass-approvals-and-sandbox` do."
    )

    def table(self, mode: str) -> Table:
        return table({DRIVEN: tables.DRIVEN, INSTRUCTED: _INSTRUCTED}[mode])

    def files(self, export: Export) -> dict[str, str]:
        from agent_lattice_targets.codex.files import files

        return files(export, self)

    def trusted(self, project: Path, mode: str, home: Home) -> Trust:
        from agent_lattice_targets.codex.trust import trusted

        return trusted(project, mode, home)

    def launch(self, slug: str, words: Sequence[str], *, mode: str, headless: bool) -> Launch:
        prompt = " ".join([f"${slug}", *words])
        return Launch(("codex", *(["exec"] if headless else []), *_ALONE, prompt))


TARGET = Codex()
