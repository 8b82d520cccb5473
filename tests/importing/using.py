"""Imports of projects that are written down as their files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from agent_lattice.commands.import_ import CLIENTS
from agent_lattice.driver import compile_source, format_source
from agent_lattice.importing.folder import Folder
from agent_lattice.importing.writing import source_of
from agent_lattice.program import Surfaces, no_surfaces
from agent_lattice.surface import Surface, surface_of

TEXT = {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}


def files(root: Path, given: Mapping[str, str | bytes]) -> Path:
    """A folder with files, by relative path."""
    for name, content in given.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def offering(key: str, *tools: str) -> Surfaces:
    """A lock that knows one server, with tools that take an `id`."""
    surface: Surface = surface_of("2025-11-25", [{"name": tool, "inputSchema": TEXT} for tool in tools])
    return lambda wanted: surface if wanted == key else None


def imported(client: str, root: Path, surfaces: Surfaces = no_surfaces) -> tuple[str, list[str]]:
    """The source and the report, a line each; the source compiles and is canonical, whatever there was."""
    folder = Folder(root)
    text = source_of(CLIENTS[client](folder), folder, surfaces)
    report = [f"{loss.file}: {loss.item}: {loss.reason}" for loss in folder.losses]
    compiled = compile_source("imported.lat", text.encode(), lambda name: None, surfaces)
    assert not compiled.report.failed, (text, [(d.code.name, d.message) for d in compiled.report.sorted()])
    _, again, problems = format_source("imported.lat", text.encode())
    assert again == text and not problems.found
    assert all(line.isprintable() for line in report), report
    return text, report


def lines_about(report: list[str], *words: str) -> list[str]:
    return [line for line in report if all(word in line for word in words)]
