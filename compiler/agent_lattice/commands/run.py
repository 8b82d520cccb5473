"""`lattice run FILE` and `lattice resume FILE RUN`: compiled in memory, run and logged as a package would."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click
from agent_lattice_runtime import commands
from agent_lattice_runtime.errors import Failure

from agent_lattice.compiling import compile_file
from agent_lattice.loading import load, workspace
from agent_lattice.reading import Unusable, read_json

if TYPE_CHECKING:
    from agent_lattice_runtime.models import Workflow
    from agent_lattice_runtime.run import Setting

_STORE = click.option("--store", metavar="PATH", help="Where runs are kept.  [default: .lattice/WORKFLOW.db]")
_SCRIPTED = click.option("--scripted", metavar="FILE", help="Replies to give in place of asking models.")
_JSON = click.option("--json", "as_json", is_flag=True, help="The outcome as one JSON object.")
_QUIET = click.option("--quiet", is_flag=True, help="Do not show the steps.")
_WORKFLOW = click.option("--workflow", metavar="NAME", help="The workflow to run.")


@click.command("run")
@click.argument("file")
@click.option("--input", "given", metavar="JSON|FILE|-", help="The input: JSON, a file with it, or `-`.  [default: {}]")
@_STORE
@click.option("--run-id", metavar="ID", help="The name of the run; a known one is continued.")
@_SCRIPTED
@_JSON
@_QUIET
@_WORKFLOW
def run_command(
    file: str,
    given: str | None,
    store: str | None,
    run_id: str | None,
    scripted: str | None,
    as_json: bool,
    quiet: bool,
    workflow: str | None,
) -> None:
    """Compile FILE in memory and run it: steps on standard error, the result as JSON on standard output.

    Every event is durable before the next step; a run that was killed goes on with `lattice resume FILE RUN`.
    """
    value = {} if given is None else read_json(given, "--input")

    def run(made: Workflow, place: str, setting: Setting) -> int:
        return commands.run_command(made, value, place, run_id=run_id, setting=setting, as_json=as_json, quiet=quiet)

    _carry_out(file, workflow, store, scripted, run)


@click.command("resume")
@click.argument("file")
@click.argument("run")
@_STORE
@_SCRIPTED
@_JSON
@_QUIET
@_WORKFLOW
def resume_command(
    file: str,
    run: str,
    store: str | None,
    scripted: str | None,
    as_json: bool,
    quiet: bool,
    workflow: str | None,
) -> None:
    """Go on with the run RUN of FILE where its log ends; nothing that is committed happens again."""

    def resume(made: Workflow, place: str, setting: Setting) -> int:
        return commands.resume_command(made, run, place, setting=setting, as_json=as_json, quiet=quiet)

    _carry_out(file, workflow, store, scripted, resume)


def _carry_out(
    file: str,
    workflow: str | None,
    store: str | None,
    scripted: str | None,
    action: Callable[[Workflow, str, Setting], int],
) -> None:
    """Compile, load, act, and exit with the action's code."""
    from agent_lattice_runtime.run import Setting

    replies: Any = None if scripted is None else read_json(scripted, "--scripted")
    compiled = compile_file(file)
    plan = compiled.plan(workflow)
    with failures(), workspace(plan, compiled.opened.root) as folder:
        made = load(plan)
        setting = Setting(scripted=replies, folder=folder, tools=folder)
        code = action(made, store or commands.default_store(made.name), setting)
    raise click.exceptions.Exit(code)


@contextmanager
def failures() -> Iterator[None]:
    """A typed failure before or after a run, of the store or the input, is unusable input."""
    try:
        yield
    except Failure as failure:
        raise Unusable(commands.explained(failure)) from None
