"""`lattice build FILE -o DIR`: the package of a workflow, written by the one writer of that folder."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

import click

from agent_lattice.compiling import compile_file, show_findings
from agent_lattice.diagnostics import nearest
from agent_lattice.output_folder import Changes, OutputFolder
from agent_lattice.reading import Unusable, shown
from agent_lattice.terminal import note, out

if TYPE_CHECKING:
    from agent_lattice.plan import Plan


@click.command("build")
@click.argument("file")
@click.option("-o", "--output", required=True, metavar="DIR", help="The folder that the build gets to itself.")
@click.option("--target", default="python", metavar="NAME", show_default=True, help="What to build for.")
@click.option("--pyz", is_flag=True, help="Also write NAME.pyz, the whole package in one file.")
@click.option("--workflow", metavar="NAME", help="The workflow to run.")
@click.option("--force", is_flag=True, help="Overwrite files that were edited or that no build wrote.")
def build_command(file: str, output: str, target: str, pyz: bool, workflow: str | None, force: bool) -> None:
    """Write the package of FILE into DIR.

    Only files that differ are written. A file in DIR that no build wrote, or that was edited since, is left alone and
    stops the build; what an earlier build wrote and this one does not is removed.
    """
    module = _target(target)
    compiled = compile_file(file)
    plan = compiled.plan(workflow)
    show_findings(compiled.findings)
    changes = OutputFolder(Path(output)).write(_files(plan, module, pyz), force=force)
    _show(changes, output)


def _target(name: str) -> Any:
    import agent_lattice_targets

    known = sorted(module.name for module in iter_modules(agent_lattice_targets.__path__) if module.ispkg)
    if name not in known:
        guess = nearest(name, known)
        raise Unusable(
            f"there is no target `{name}`; "
            + (f"did you mean `{guess}`?" if guess else f"there are {', '.join(known)}")
        )
    return import_module(f"agent_lattice_targets.{name}")


def _files(plan: Plan, module: Any, pyz: bool) -> dict[str, bytes]:
    from agent_lattice.driver import emit

    files = {name: text.encode("utf-8") for name, text in emit(plan, module.TARGET).items()}
    if pyz:
        if find_spec(f"{module.__name__}.pyz") is None:
            raise Unusable(f"the target `{module.TARGET.name}` makes no single file")
        files[f"{plan.name}.pyz"] = import_module(f"{module.__name__}.pyz").pyz(plan)
    return files


def _show(changes: Changes, output: str) -> None:
    said = [f"{len(changes.written)} written", f"{len(changes.kept)} unchanged"]
    said += [f"{len(changes.removed)} removed"] if changes.removed else []
    out(f"{shown(output)}: {', '.join(said)}\n")
    for name in changes.spared:
        note(f"warning: `{name}` is of an earlier build, but was edited: it stays\n")
