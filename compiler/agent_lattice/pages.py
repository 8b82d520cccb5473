"""The pages about diagnostics: `docs/errors/<name>.md`, which wheels carry as `agent_lattice/pages`."""

from __future__ import annotations

from pathlib import Path

from agent_lattice.diagnostics import Code

_FOLDERS = (Path(__file__).parent / "pages", Path(__file__).parents[2] / "docs" / "errors")


def page_of(code: Code) -> str | None:
    """The page of a code in Markdown, or None when there is none."""
    return read_page(code.name)


def read_page(name: str) -> str | None:
    """The page `<name>.md`, or None."""
    for folder in _FOLDERS:
        path = folder / f"{name}.md"
        if path.is_file():
            return path.read_text(encoding="utf-8")
    return None
