"""The files a Python tool needs: its module and, transitively, what it imports from the same folder."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath

from agent_lattice.program import Files
from agent_lattice.source import decoded


def collect(folder: PurePosixPath, module: str, files: Files) -> dict[str, str]:
    """Text by path relative to `folder`, of a module, the packages around it and the local modules it imports."""
    found: dict[str, str] = {}
    queue = [module]
    for name in queue:
        for path, text in _files_of(folder, name, files):
            if path not in found:
                found[path] = text
                queue.extend(_imports(text, path))
    return found


def collect_script(folder: PurePosixPath, path: str, files: Files) -> dict[str, str]:
    """The same of a file that is started by its path: Python looks for what it imports beside it."""
    content = files(str(folder / path))
    if content is None:
        return {}
    place = PurePosixPath(path)
    beside = collect(folder / place.parent, place.stem, files) if place.suffix == ".py" else {}
    return {str(place): decoded(content)} | {str(place.parent / name): text for name, text in beside.items()}


def _files_of(folder: PurePosixPath, name: str, files: Files) -> Iterator[tuple[str, str]]:
    """The file of a module and the `__init__.py` of every package around it, as far as they exist."""
    parts = name.split(".")
    for end in range(1, len(parts) + 1):
        stem = "/".join(parts[:end])
        for path in (f"{stem}.py", f"{stem}/__init__.py"):
            content = files(str(folder / path))
            if content is not None:
                yield path, decoded(content)


def _imports(text: str, path: str) -> Iterator[str]:
    """Dotted names that a file imports, relative ones made absolute."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return
    package = path.split("/")[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            name = ".".join([*base, *(node.module.split(".") if node.module else [])])
            if name:
                yield name
            yield from (f"{name}.{alias.name}" if name else alias.name for alias in node.names if alias.name != "*")
