"""docs/cli.md names every command and option, and none that is not there."""

from __future__ import annotations

import re

import click
from agent_lattice.cli import COMMANDS, main
from agent_lattice_runtime import commands as package
from cli.running import ROOT

PAGE = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")


def options() -> dict[str, set[str]]:
    """The options of each command, without --help."""
    assert isinstance(main, click.Group)
    context = click.Context(main)
    found = {name: main.get_command(context, name) for name in COMMANDS}
    return {
        name: {
            option
            for parameter in command.params
            if isinstance(parameter, click.Option)
            for option in (*parameter.opts, *parameter.secondary_opts)
        }
        for name, command in found.items()
        if command is not None
    }


def test_every_command_and_option_is_documented() -> None:
    for name, own in options().items():
        assert f"`lattice {name}" in PAGE, name
        for option in own - {"--output"}:
            assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", PAGE), (name, option)


def test_nothing_is_documented_that_is_not_there() -> None:
    known = options()
    assert set(re.findall(r"lattice ([a-z]+)", PAGE)) <= known.keys()
    packages = {
        f"--{option.rstrip('*')}"
        for command in package.COMMANDS.values()
        for option in (*command.options, *command.flags)
    }
    there = set().union(*known.values(), packages, {"--help", "--version"})
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", PAGE)) <= there
