"""The codes of all diagnostics and the pages about them: `docs/errors/<name>.md`, which wheels carry as `agent_lattice/pages`."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import agent_lattice
from agent_lattice.diagnostics import CODES, Code

_FOLDERS = (Path(__file__).parent / "pages", Path(__file__).parents[2] / "docs" / "errors")
_EDGES = ("agent_lattice.cli", "agent_lattice.__main__", "agent_lattice.commands")


def page_of(code: Code) -> str | None:
    """The page of a code in Markdown, or None when there is none."""
    for folder in _FOLDERS:
        path = folder / f"{code.name}.md"
        if path.is_file():
            return path.read_text(encoding="utf-8")
    return None


def all_codes() -> list[Code]:
    """Every code, by number. A code exists once the module of its check is loaded: this loads all."""
    for module in walk_packages(agent_lattice.__path__, "agent_lattice."):
        if not module.name.startswith(_EDGES):
            import_module(module.name)
    return [CODES[number] for number in sorted(CODES)]
