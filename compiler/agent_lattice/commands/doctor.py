"""`lattice doctor [TARGET]`: whether this machine has what checking, building and running need, or a project what a client does."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path

import click

from agent_lattice import __version__
from agent_lattice.launching.findings import BAD, GOOD, ODD, Finding, lines
from agent_lattice.terminal import out, out_json, out_paint


@click.command("doctor")
@click.argument("target", required=False, metavar="[TARGET]")
@click.argument("project", default=".", metavar="[PROJECT]")
@click.option("--workflow", metavar="NAME", help="The workflow to look at; all of the project if nothing is said.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def doctor_command(target: str | None, project: str, workflow: str | None, as_json: bool) -> None:
    """Look at Python, SQLite, the runtime, write access, the terminal and the keys of models.

    With TARGET look at what its client has of the folder PROJECT, this one if none is given: version, trust, files,
    environment variables, and whether the server starts.

    Exit code 1 when something is missing that a run needs. Values of environment variables are never shown.
    """
    if target is None and workflow is not None:
        raise click.UsageError("--workflow needs a target")
    found = _of_target(target, project, workflow) if target else [finding for look in _LOOKS for finding in look()]
    if as_json:
        plain = [{"name": f.name, "state": f.state, "text": f.text} for f in found]
        out_json(json.dumps({"version": __version__, "findings": plain}, ensure_ascii=False, indent=2) + "\n")
    else:
        out(lines(found, out_paint()))
    if any(finding.state == BAD for finding in found):
        raise click.exceptions.Exit(1)


def _of_target(name: str, folder: str, workflow: str | None) -> list[Finding]:
    """What is found for a client and each workflow that the project has for it."""
    from agent_lattice.commands.launch import client_target
    from agent_lattice.installing.project_folder import ProjectFolder
    from agent_lattice.launching.diagnosis import diagnosis
    from agent_lattice.launching.programs import look_at_program
    from agent_lattice.launching.workflows import chosen, installed, missing

    target, project = client_target(name), ProjectFolder(Path(folder))
    every = installed(project, target)
    found = [look_at_program(target)]
    if not every:
        return [*found, Finding("workflow", BAD, missing(folder, target))]
    for one in [chosen(every, folder, target, workflow)] if workflow else every:
        found.append(Finding("workflow", GOOD, f"{one.name}, {one.mode}"))
        found += diagnosis(target, one, os.environ)
    return found


def _python() -> list[Finding]:
    good = sys.version_info >= (3, 11)
    text = f"{platform.python_implementation()} {platform.python_version()} on {platform.system()}"
    return [Finding("python", GOOD if good else BAD, text + ("" if good else "; 3.11 or later is needed"))]


def _versions() -> list[Finding]:
    from importlib.metadata import PackageNotFoundError, version

    found = [Finding("agent-lattice", GOOD, __version__)]
    for name in ("click", "jinja2", "lark", "networkx", "pydantic"):
        try:
            found.append(Finding(name, GOOD, version(name)))
        except PackageNotFoundError:
            found.append(Finding(name, BAD, "is not installed"))
    found.append(Finding("mcp", GOOD, _extra("mcp", "tools of MCP servers need it, as the extra `mcp`")))
    return found


def _extra(name: str, needed: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:
        return f"is not installed: {needed}"


def _sqlite() -> list[Finding]:
    """Whether the log can be kept as the runtime keeps it: in a file, with write-ahead log, synchronous."""
    import sqlite3
    import tempfile

    try:
        with tempfile.TemporaryDirectory(prefix="lattice-doctor-") as folder:
            connection = sqlite3.connect(str(Path(folder) / "log.db"))
            try:
                mode = connection.execute("pragma journal_mode = wal").fetchone()[0]
                connection.execute("create table t (x)")
                connection.commit()
            finally:
                connection.close()
    except (sqlite3.Error, OSError) as error:
        return [Finding("sqlite", BAD, f"{sqlite3.sqlite_version}, but a log cannot be written: {error}")]
    state = GOOD if mode == "wal" else BAD
    return [
        Finding(
            "sqlite", state, f"{sqlite3.sqlite_version}, write-ahead log {'works' if state == GOOD else 'is refused'}"
        )
    ]


def _runtime() -> list[Finding]:
    from agent_lattice_runtime import __version__ as version

    return [Finding("runtime", GOOD, f"{version}, the version that packages get")]


def _folders() -> list[Finding]:
    import tempfile

    found = []
    for name, folder in (("this folder", "."), ("temporary folder", tempfile.gettempdir())):
        try:
            with tempfile.TemporaryFile(dir=folder):
                found.append(Finding(name, GOOD, "can be written"))
        except OSError as error:
            found.append(Finding(name, ODD, f"cannot be written: {error.strerror}"))
    return found


def _terminal() -> list[Finding]:
    what = "a terminal" if sys.stdout.isatty() else "no terminal"
    colour = "in colour" if out_paint().on else "without colour"
    return [Finding("output", GOOD, f"{what}, {colour}, {sys.stdout.encoding}")]


def _keys() -> list[Finding]:
    from agent_lattice.declarations.model import KEYS

    names = sorted({key for key in KEYS.values() if key})
    return [Finding(name, GOOD, "is set" if os.environ.get(name) else "is not set") for name in names]


_LOOKS: tuple[Callable[[], list[Finding]], ...] = (_python, _versions, _sqlite, _runtime, _folders, _terminal, _keys)
