"""The command that clients run at their hooks: the package writes what it is told into its log."""

from __future__ import annotations

from agent_lattice import plan

from agent_lattice_clients.embedding import server_command


def hook_command(made: plan.Plan, client: str) -> str:
    """A line for a POSIX shell; finds the package from any folder of the project."""
    import shlex

    return shlex.join(server_command(made, f"hook {client}"))
