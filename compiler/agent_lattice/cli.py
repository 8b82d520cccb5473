"""The `lattice` command line: its commands, each loaded when it is called, and what all of them keep to."""

from __future__ import annotations

import atexit
import errno
import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NoReturn

import click

from agent_lattice import __version__
from agent_lattice.terminal import note, note_paint, tolerate_any_text

COMMANDS = {
    "check": ("check", "report every mistake in sources, and mend those that can be mended"),
    "fmt": ("fmt", "put sources into canonical layout"),
    "convert": ("convert", "turn a program into text, YAML or JSON"),
    "build": ("build", "write the package of a workflow"),
    "targets": ("targets", "list what to build for, and what of a workflow each carries"),
    "install": ("install", "put a workflow into a project that has files of its own"),
    "uninstall": ("uninstall", "take it out again, byte for byte"),
    "launch": ("launch", "start a client in a workflow of a project"),
    "run": ("run", "compile in memory and run"),
    "resume": ("run", "go on with a run that was stopped or waited, or with all that are due"),
    "enqueue": ("working", "put a run into the store for a worker"),
    "worker": ("working", "drive every run that is due"),
    "signal": ("deliveries", "send a run a value"),
    "approve": ("deliveries", "say yes to what a run asks"),
    "reject": ("deliveries", "say no to what a run asks"),
    "resolve": ("deliveries", "say what became of a write in doubt"),
    "cancel": ("deliveries", "stop a run for good"),
    "replay": ("logs", "run the code against a log, performing nothing"),
    "runs": ("logs", "list the runs of a store"),
    "events": ("logs", "show the log of a run"),
    "trace": ("logs", "show what a run did when, and how long it took"),
    "fork": ("fork", "make a run that begins as another one did"),
    "compat": ("compat", "tell whether runs of an old version go on with a new one"),
    "diff": ("logs", "show where two runs part"),
    "verify": ("logs", "find what was changed in a log"),
    "test": ("test", "run the test blocks of sources"),
    "simulate": ("simulate", "run a workflow many times in a made-up world with faults and crashes"),
    "graph": ("graph", "draw what can follow what"),
    "plan": ("plan", "print what targets and the runtime get to see"),
    "types": ("types", "print types as JSON Schema, or a JSON Schema as types"),
    "schema": ("schema", "print the JSON Schema of a document, a plan, a lock and the like"),
    "permissions": ("permissions", "list what a run may touch"),
    "eval": ("eval", "evaluate one expression"),
    "explain": ("explain", "say more about a finding"),
    "import": ("import_", "turn the project of a coding-agent client into declarations"),
    "mcp": ("mcp", "take snapshots of MCP servers, or tell how they differ from the ones taken"),
    "new": ("new", "start a project"),
    "doctor": ("doctor", "look at the machine that this runs on, or at a project of a client"),
    "completion": ("completion", "print the completion script of a shell"),
}
"""Commands by name: the module of `commands/` that holds `<name>_command`, and one line about it."""

EXIT_CODES = (
    "Exit codes: 0 clean; 1 findings, a failed run, a divergence or a changed log; 2 wrong usage or unusable input; "
    "3 an internal error, with a report file; 4 a run that waits; 130 interrupted."
)


class CommandLine(click.Group):
    """A group that loads a command when it is called, and that ends every way with a documented exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"agent_lattice.commands.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        command.epilog = command.epilog or EXIT_CODES
        command.short_help = COMMANDS[cmd_name][1]
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with a guess what an unknown word was meant to be."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError:
            if args[0].startswith("-"):
                raise
            from agent_lattice.diagnostics import nearest

            guess = nearest(args[0], COMMANDS)
            hint = f"did you mean `{guess}`?" if guess else "`lattice --help` lists the commands"
            raise click.UsageError(f"there is no command `{args[0]}`; {hint}", ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])

    def main(self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any) -> NoReturn:  # type: ignore[override]
        """Run and exit; no exception but SystemExit comes out."""
        extra.pop("standalone_mode", None)
        tolerate_any_text()
        spare_collector()
        try:
            code = super().main(args, prog_name or "lattice", standalone_mode=False, **extra)
            sys.stdout.flush()
        except click.ClickException as error:
            code = _show(error)
        except (click.Abort, KeyboardInterrupt):
            note("interrupted\n")
            code = 130
        except Exception as error:
            code = _internal(error, args)
        sys.exit(code if isinstance(code, int) else 0)


def spare_collector() -> None:
    """What a compilation makes stays until its end: looking for garbage in it, each time and once more at the exit, took a third of
    the time of 10,000 steps and a tenth of that of 50."""
    gc.set_threshold(200_000)
    atexit.register(gc.freeze)


def _show(error: click.ClickException) -> int:
    if isinstance(error, click.UsageError) and error.ctx is not None:
        note(f"{error.ctx.get_usage()}\n")
    note(f"{note_paint()('error', 'error')}: {error.format_message()}\n")
    return error.exit_code if isinstance(error, click.UsageError) or error.exit_code != 1 else 2


def _internal(error: Exception, args: Sequence[str] | None) -> int:
    if isinstance(error, OSError) and error.errno == errno.EPIPE:
        _silence()
        return 1
    from agent_lattice.crash import write_report

    words = sys.argv[1:] if args is None else args
    path = write_report(error, next((word for word in words if word in COMMANDS), ""))
    where = f"a report is in {path}" if path else "no report could be written"
    first = str(error).split("\n")[0][:200]
    note(f"internal error: {type(error).__name__}: {first}; {where}\n")
    return 3


def _silence() -> None:
    """The reader of the output has gone: nothing more is written, not even at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            os.dup2(nowhere, stream.fileno())
        except (OSError, ValueError):
            continue


@click.command(
    cls=CommandLine,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=EXIT_CODES,
    invoke_without_command=True,
)
@click.version_option(__version__, prog_name="lattice", message="%(prog)s %(version)s")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Lattice: agent workflows that are proved before they run and survive being killed."""
    if ctx.invoked_subcommand is None:
        note(f"{ctx.get_help()}\n")
        ctx.exit(2)


if __name__ == "__main__":
    main()
