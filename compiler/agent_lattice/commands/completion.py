"""`lattice completion SHELL`: the script that makes a shell complete commands, options and files."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from agent_lattice.terminal import out


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion_command(ctx: click.Context, shell: str) -> None:
    """Print the completion script for SHELL.

    For bash: eval "$(lattice completion bash)"; for zsh the same with zsh; for fish: lattice completion fish | source.
    """
    found = get_completion_class(shell)
    assert found is not None
    out(found(ctx.find_root().command, {}, "lattice", "_LATTICE_COMPLETE").source() + "\n")
