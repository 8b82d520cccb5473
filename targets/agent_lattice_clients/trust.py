"""What clients keep for a person about the projects that this person trusts. It is read, never written and never shown."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from agent_lattice.records import record


@record
class Trust:
    """Whether a client trusts a project, None where it cannot be told; and why, or what to do, in words that name no other project."""

    given: bool | None
    why: str


class Unreadable(Exception):
    """A client's settings cannot be read; the message is a part of a sentence and holds nothing of them."""


class Home:
    """A person's settings, found by an environment. What they hold is for a target to look at: keys and other projects, too."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ

    def path(self, variable: str, folder: str, name: str) -> Path:
        """A file in the folder that a variable names, or else in `folder` of the home."""
        named = self.environ.get(variable)
        return (Path(named) if named else Path(self.environ.get("HOME") or Path.home()) / folder) / name

    def json(self, path: Path) -> dict[str, Any]:
        """The object of a file, empty if there is no file; lines may be comments. Raises Unreadable."""
        return _object(path, lambda text: json.loads(re.sub(r"(?m)^[ \t]*//.*$", "", text)))

    def toml(self, path: Path) -> dict[str, Any]:
        """The table of a file, empty if there is no file. Raises Unreadable."""
        import tomllib

        return _object(path, tomllib.loads)


def inside(value: Any, *keys: str) -> Any:
    """What is at some keys; None where something else than a map is on the way."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def repository(folder: Path) -> Path | None:
    """The main folder of the repository that a folder belongs to, from any of its worktrees; None outside of repositories."""
    top = next((one for one in (folder, *folder.parents) if (one / ".git").exists()), None)
    if top is None or (top / ".git").is_dir():
        return top
    try:
        made = top / (top / ".git").read_text("utf-8").removeprefix("gitdir:").strip()
        return (made / (made / "commondir").read_text("utf-8").strip()).resolve().parent
    except (OSError, ValueError):
        return top  # a module of another repository, which is one of its own


def _object(path: Path, load: Callable[[str], Any]) -> dict[str, Any]:
    try:
        found = load(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError):
        raise Unreadable(f"its {path.name} cannot be read") from None
    if not isinstance(found, dict):
        raise Unreadable(f"its {path.name} is not as it writes it")
    return found
