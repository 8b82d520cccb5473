"""Projects with files of people, and installs into them without any target."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from agent_lattice.installing.installation import Installation
from agent_lattice.installing.planning import Planned
from agent_lattice.installing.record import Owner

Tree = dict[str, bytes | None]

FORMATS = {
    ".mcp.json": "json",
    ".claude/settings.json": "json",
    ".codex/config.toml": "toml",
    ".github/flow.yaml": "yaml",
    "AGENTS.md": "markdown",
}


def tree(folder: Path) -> Tree:
    """Everything below a folder by path: files with their bytes, links with their target, folders with None."""
    found: Tree = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = b"-> " + str(path.readlink()).encode()
        else:
            found[name] = None if path.is_dir() else path.read_bytes()
    return found


def fill(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def install(folder: Path, owner: str, files: Mapping[str, str], *, force: bool = False) -> Planned:
    """Install for `target/workflow`, unless something stands in the way."""
    target, workflow = owner.split("/")
    installation = Installation(folder)
    formats = {name: FORMATS[name] for name in files if name in FORMATS}
    planned = installation.install(Owner(target, workflow), files, formats, force=force)
    if not planned.conflicts:
        installation.perform(planned)
    return planned


def uninstall(folder: Path, *owners: str) -> Planned:
    """Uninstall; without owners everything."""
    installation = Installation(folder)
    found = [key for key in installation.known.owners if not owners or key in owners]
    planned = installation.uninstall(found)
    installation.perform(planned)
    return planned


class Killed(BaseException):
    """The process has gone."""


@contextmanager
def killed_at(number: int) -> Iterator[list[str]]:
    """A kill just before the change of a file or folder with this number; what was done is listed."""
    done: list[str] = []
    before = {name: getattr(Path, name) for name in ("replace", "unlink", "mkdir", "rmdir", "write_bytes")}

    def watched(name: str) -> Callable[..., Any]:
        def call(self: Path, *words: Any, **named: Any) -> Any:
            if len(done) == number:
                raise Killed
            done.append(f"{name} {self.name}")
            return before[name](self, *words, **named)

        return call

    try:
        for name in before:
            setattr(Path, name, watched(name))
        yield done
    finally:
        for name, function in before.items():
            setattr(Path, name, function)


def copied(source: Path, target: Path) -> Path:
    """A copy of a project, in the place of what is there."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, symlinks=True)
    return target
