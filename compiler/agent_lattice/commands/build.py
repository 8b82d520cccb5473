"""`lattice build FILE`: the package of a workflow, written by the one writer of that folder, and the lock beside the source."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from agent_lattice.compiling import Compiled, compile_file, show_findings
from agent_lattice.diagnostics import nearest
from agent_lattice.output_folder import Changes, OutputFolder
from agent_lattice.reading import STDIN, Unusable, shown
from agent_lattice.records import replace
from agent_lattice.terminal import note, out, out_paint

if TYPE_CHECKING:
    from agent_lattice.lock import LockFile
    from agent_lattice.plan import Plan


@click.command("build")
@click.argument("file")
@click.option("-o", "--output", metavar="DIR", help="The folder that the build gets to itself.")
@click.option("--target", metavar="NAME", help="What to build for; python if nothing else is said.")
@click.option("--mode", metavar="MODE", help="How the target runs it; its strongest way if nothing else is said.")
@click.option("--allow-loss", "allowed", multiple=True, metavar="FEATURE", help="Build although this would be unsafe.")
@click.option("--pyz/--no-pyz", default=None, help="Also write NAME.pyz, the whole package in one file.")
@click.option(
    "--deploy/--no-deploy", default=None, help="Also write a Dockerfile, a bill of materials and the provenance."
)
@click.option(
    "--store", type=click.Choice(("sqlite", "postgres")), help="What to keep runs in: files only, or PostgreSQL, too."
)
@click.option("--workflow", metavar="NAME", help="The workflow to run.")
@click.option("--lock", metavar="PATH", help="The lock file; lattice.lock beside FILE if nothing else is said.")
@click.option("--no-lock", is_flag=True, help="Neither write nor check a lock.")
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 and show what a build would change.")
@click.option("--force", is_flag=True, help="Overwrite files that were edited or that no build wrote.")
def build_command(
    file: str,
    output: str | None,
    target: str | None,
    mode: str | None,
    allowed: tuple[str, ...],
    pyz: bool | None,
    deploy: bool | None,
    store: str | None,
    workflow: str | None,
    lock: str | None,
    no_lock: bool,
    check: bool,
    force: bool,
) -> None:
    """Write the package of FILE into DIR, and note in the lock what it was made of.

    What is not said here is taken from lattice.toml. Only files that differ are written. A file in DIR that no build
    wrote, or that was edited since, is left alone and stops the build; what an earlier build wrote and this one does
    not is removed.
    """
    if lock and (no_lock or file == STDIN):
        raise click.UsageError("--lock goes with a file, and not with --no-lock")
    compiled = compile_file(file, lock, forgive=force)
    project = compiled.project
    folder = output or project.path("build.out")
    if not folder:
        raise click.UsageError("where to? Give -o DIR, or `out` under [build] in lattice.toml")
    module = target_module(target or project.text("build.target") or "python")
    plan = compiled.plan(workflow or project.text("build.workflow"))
    mode = checked_mode(module.TARGET, mode or project.text("build.mode"))
    report_carried(compiled, plan, module.TARGET, mode, allowed)
    plan = _with_store(plan, module, store or project.text("build.store") or "sqlite")
    files = _files(plan, module, mode, project.values.get("build.pyz") is True if pyz is None else pyz)
    if project.values.get("build.deploy") is True if deploy is None else deploy:
        files |= _deployment(compiled, plan, module, files)
    locked = None if no_lock or file == STDIN else _lock(compiled, plan, module.TARGET, lock, force)
    if check:
        _check(folder, files, locked)
        return
    changes = OutputFolder(Path(folder)).write(files, force=force)
    if locked and locked.write():
        note(f"{locked.name}: written\n")
    _show(changes, folder)


def target_module(name: str) -> Any:
    """The module of a target. Raises Unusable when there is none of that name."""
    from agent_lattice_targets import targets

    known = targets()
    if name not in known:
        guess = nearest(name, known)
        raise Unusable(
            f"there is no target `{name}`; "
            + (f"did you mean `{guess}`?" if guess else f"there are {', '.join(known)}")
        )
    return known[name]()


def checked_mode(target: Any, mode: str | None) -> str | None:
    """A mode of the target. Raises Unusable for one that it has not."""
    modes = getattr(target, "modes", ())
    if mode is not None and mode not in modes:
        has = f"has the modes {', '.join(modes)}" if modes else "has one way only"
        raise Unusable(f"the target `{target.name}` {has}, not `{mode}`")
    return mode


def report_carried(compiled: Compiled, plan: Plan, target: Any, mode: str | None, allowed: tuple[str, ...]) -> None:
    """Show what was found, with what the target does not carry; what is unsafe and not allowed ends the command with 1."""
    if hasattr(target, "losses"):
        from agent_lattice.driver import report_losses

        report_losses(compiled.compilation, plan, target, mode, allowed)
        compiled.project.weigh(compiled.compilation.report)
    show_findings(compiled.findings)
    if compiled.compilation.report.failed:
        raise click.exceptions.Exit(1)


def _with_store(plan: Plan, module: Any, store: str) -> Plan:
    if store == "sqlite":
        return plan
    if store not in getattr(module, "STORES", ()):
        raise Unusable(f"the target `{module.TARGET.name}` keeps no runs in `{store}`")
    return replace(plan, stores=(store,))


def _files(plan: Plan, module: Any, mode: str | None, pyz: bool) -> dict[str, bytes]:
    from agent_lattice.driver import emit

    files = {name: text.encode("utf-8") for name, text in emit(plan, module.TARGET, mode).items()}
    if pyz:
        if not hasattr(module, "pyz"):
            raise Unusable(f"the target `{module.TARGET.name}` makes no single file")
        files[f"{plan.name}.pyz"] = module.pyz(plan)
    return files


def _deployment(compiled: Compiled, plan: Plan, module: Any, files: dict[str, bytes]) -> dict[str, bytes]:
    from agent_lattice.lock import digests

    if not hasattr(module, "deploy"):
        raise Unusable(f"the target `{module.TARGET.name}` makes nothing to deploy with")
    made: dict[str, str] = module.deploy(plan, files, digests(compiled.read))
    return {name: text.encode("utf-8") for name, text in made.items()}


def _lock(compiled: Compiled, plan: Plan, target: Any, path: str | None, force: bool) -> LockFile:
    """The lock as it is to be after this build; other targets of the same source stay in it."""
    from agent_lattice.locking import lock_of, put

    lock = lock_of(compiled, path, forgive=force)
    before = lock.found.programs.get(lock.key(compiled.opened.path))
    others = before.targets if before else {}
    put(lock, compiled, plan, {**others, target.name: target.contract})
    return lock


def _check(folder: str, files: dict[str, bytes], lock: LockFile | None) -> None:
    """Show what a build would change; exit with 1 if there is something."""
    from agent_lattice.drift import folder_drift, lock_drift
    from agent_lattice.locking import show_drifts

    output, paint = OutputFolder(Path(folder)), out_paint()
    differences = output.differences(files)
    drifts = [folder_drift(shown(folder), differences, bool(output.owned), paint)]
    drifts += [lock_drift(lock, paint)] if lock else []
    found = [drift for drift in drifts if drift]
    if found:
        show_drifts(found)
        raise click.exceptions.Exit(1)
    out(f"{shown(folder)}: as a build would write it\n")


def _show(changes: Changes, output: str) -> None:
    said = [f"{len(changes.written)} written", f"{len(changes.kept)} unchanged"]
    said += [f"{len(changes.removed)} removed"] if changes.removed else []
    out(f"{shown(output)}: {', '.join(said)}\n")
    for name in changes.spared:
        note(f"warning: `{name}` is of an earlier build, but was edited: it stays\n")
