"""The commands that clients run at their hooks: the package writes what it is told into its log, or answers whether a call may be made."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING

from agent_lattice import plan

from agent_lattice_clients.embedding import folder_of, server_command

if TYPE_CHECKING:
    from agent_lattice_clients.exporting import Export, ServerTool


def hook_command(made: plan.Plan, client: str) -> str:
    """A line for a POSIX shell; finds the package from any folder of the project."""
    return shlex.join(server_command(made, f"hook {client}"))


def decide_command(made: plan.Plan, client: str) -> str:
    """The line of a hook that answers by `calls_file`."""
    return shlex.join(server_command(made, f"decide {calls_file(made, client)}"))


def calls_file(made: plan.Plan, client: str) -> str:
    """Where it stands who may call what."""
    return f"{folder_of(made)}/{client}-calls.json"


def calls_json(export: Export, call_name: Callable[[str, str], str]) -> str:
    """Who may call what, for the package's command `decide`; `call_name` is how the client calls a tool of a server."""

    def names(tools: tuple[ServerTool, ...]) -> list[str]:
        return [call_name(export.server, tool.name) for tool in tools]

    found = {
        "server": call_name(export.server, ""),
        "session": names(tuple(tool for tool in export.tools if not tool.asked)),
        "roles": {role.id: names(export.role_tools(role)) for role in export.roles},
    }
    if asked := tuple(tool for tool in export.tools if tool.asked):
        found["asked"] = names(asked)
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"
