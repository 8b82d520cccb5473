"""Commands on runs as a package has them, for a source that is compiled in memory, or for a store alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
from agent_lattice_runtime.commands import COMMANDS, Request, carry_out
from agent_lattice_runtime.commands.showing import explained
from agent_lattice_runtime.errors import Failure

from agent_lattice.reading import Unusable

if TYPE_CHECKING:
    from agent_lattice_runtime.arguments import Arguments

Value = str | bool | tuple[str, ...] | None
"""What click reads for an argument, an option or a flag."""


def carry_out_on(file: str, workflow: str | None, command: str, given: Mapping[str, Value]) -> None:
    """Compile, load, carry out with what click has read, and exit with the command's code."""
    from agent_lattice.compiling import compile_file
    from agent_lattice.loading import load, workspace

    compiled = compile_file(file)
    plan = compiled.plan(workflow)
    with failures(), workspace(plan, compiled.opened.root) as folder:
        code = carry_out(Request(load(plan), _arguments(command, given), folder=folder, tools=folder))
    raise click.exceptions.Exit(code)


def carry_out_in_store(command: str, given: Mapping[str, Value]) -> None:
    """The same for a command that needs no workflow: the store is the only one there is unless one is named."""
    with failures():
        code = carry_out(Request(None, _arguments(command, {**given, "store": given["store"] or _only_store()})))
    raise click.exceptions.Exit(code)


def _arguments(command: str, given: Mapping[str, Value]) -> Arguments:
    """What click has read, as a package would have read it: texts, flags, and tuples of what may be repeated."""
    from agent_lattice_runtime.arguments import Arguments

    places = {word.rstrip("?").lower(): word.rstrip("?") for word in COMMANDS[command].positional}
    named = {places.get(name) or name.replace("_", "-"): value for name, value in given.items()}
    values = {name: value for name, value in named.items() if isinstance(value, str)}
    lists = {name: value for name, value in named.items() if isinstance(value, tuple)}
    return Arguments(command, values, frozenset(name for name, value in named.items() if value is True), lists)


@contextmanager
def failures() -> Iterator[None]:
    """A typed failure before or after a run, of the store or the input, is unusable input."""
    try:
        yield
    except Failure as failure:
        raise Unusable(explained(failure)) from None


def _only_store() -> str:
    """The store below this folder, when there is one and no other."""
    found = sorted(path.as_posix() for path in Path(".lattice").glob("*.db"))
    if len(found) == 1:
        return found[0]
    if found:
        raise Unusable(f"there are several stores: say which with --store: {', '.join(found)}")
    raise Unusable("there are no runs in .lattice/ below this folder; say where with --store")
