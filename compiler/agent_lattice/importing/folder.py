"""The folder of a project: reads its files and keeps account of what cannot be read or said."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

from agent_lattice.importing.found import Loss
from agent_lattice.importing.frontmatter import Matter, matter_of
from agent_lattice.importing.secret_texts import hidden
from agent_lattice.installing.documents import Unreadable
from agent_lattice.installing.json_text import JsonText
from agent_lattice.reading import Unusable, read_file, reason

MOST_SHOWN = 80
"""Characters of a name that the report shows."""


class Folder:
    """Files by relative POSIX path. What cannot be read is a loss and counts as not there."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._losses: dict[Loss, None] = {}
        self.seen = False
        """Whether there was any file that was looked for."""

    def lose(self, file: str, item: str, reason: str) -> None:
        """Take down what did not become a declaration. Names are shown on one line, without what looks like a secret."""
        self._losses[Loss(one_line(file), one_line(item), one_line(reason, most=400))] = None

    @property
    def losses(self) -> list[Loss]:
        """By file and item, each once."""
        return sorted(self._losses, key=lambda loss: (loss.file, loss.item, loss.reason))

    def text(self, name: str) -> str | None:
        """The text of a file; None for one that is not there, or not in the project."""
        path = self.root / name
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            self.lose(name, "file", "it is not in this project")
            return None
        try:
            if not path.exists():
                return None
            if not path.is_file():
                self.lose(name, "file", "it is no regular file")
                return None
            self.seen = True
            return without_controls(read_file(str(path)).decode("utf-8-sig"))
        except UnicodeDecodeError:
            self.lose(name, "file", "it is not UTF-8 text")
        except (OSError, ValueError) as error:
            self.lose(name, "file", f"it cannot be read: {reason(error)}")
        except Unusable as error:
            self.lose(name, "file", error.message.rpartition(": ")[2])
        return None

    def json(self, name: str) -> dict[str, Any]:
        """The members of a JSON object, comments allowed; {} for what is none."""
        text = self.text(name)
        try:
            return JsonText(text or "").value
        except Unreadable as error:
            where = str(error).partition(":")[0]  # what follows may be a word of the file
            self.lose(name, "file", f"it is not JSON: {where}" if where.startswith("line") else "it is no JSON object")
            return {}

    def toml(self, name: str) -> dict[str, Any]:
        """The tables of a TOML file; {} for what is none."""
        text = self.text(name)
        if text is None:
            return {}
        try:
            return tomllib.loads(text)
        except RecursionError:
            self.lose(name, "file", "it is nested too deeply")
        except ValueError:
            self.lose(name, "file", "it is not TOML")
        return {}

    def markdown(self, name: str) -> Matter | None:
        """What stands in front of a text, and the text; None when it cannot be read."""
        text = self.text(name)
        if text is None:
            return None
        found = matter_of(text)
        if found is None:
            self.lose(name, "frontmatter", "it is not YAML")
        return found

    def files(self, *folders: str, endings: tuple[str, ...], deep: bool = True) -> list[str]:
        """Files with such names in folders of the project and below, in order."""
        found: list[str] = []
        for folder in folders:
            for place, inner, names in os.walk(self.root / folder, onerror=self._unread):
                inner[:] = sorted(inner) if deep else []
                found += [self._relative(place, name) for name in sorted(names) if name.endswith(endings)]
        return found

    def folders(self, *places: str) -> list[str]:
        """The folders that are in folders of the project, in order."""
        found: list[str] = []
        for place in places:
            for here, inner, _ in os.walk(self.root / place, onerror=self._unread):
                found += [self._relative(here, name) for name in sorted(inner)]
                inner.clear()
        return found

    def leave(self, names: Iterable[str], item: str, reason: str) -> None:
        """Files that are there and that nothing is made of."""
        for name in names:
            if (self.root / name).is_file():
                self.seen = True
                self.lose(name, item, reason)

    def members(self, value: Any, file: str, item: str) -> dict[str, Any]:
        """The members of what should be an object; {} for what is none, which is a loss unless there is nothing."""
        if isinstance(value, dict):
            return {str(key): member for key, member in value.items()}
        if value is not None:
            self.lose(file, item, "it is no object")
        return {}

    def _relative(self, place: str, name: str) -> str:
        return Path(place, name).relative_to(self.root).as_posix()

    def _unread(self, error: OSError) -> None:
        if not isinstance(error, FileNotFoundError | NotADirectoryError):
            self.lose(self._relative(str(error.filename), ""), "folder", f"it cannot be read: {reason(error)}")


def without_controls(text: str) -> str:
    """Line ends as `\\n`, and nothing else that a terminal would obey or that is no character."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(char if char in "\n\t" or _is_shown(char) else "�" for char in lines)


def _is_shown(char: str) -> bool:
    return not (char < " " or "\x7f" <= char <= "\x9f" or "\ud800" <= char <= "\udfff" or char in "\u2028\u2029\ufeff")


def one_line(text: str, most: int = MOST_SHOWN) -> str:
    line = " ".join("".join(char if char.isprintable() else " " for char in hidden(text)).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def words(value: Any) -> list[str]:
    """The items of a list of texts, or of a text with commas between them, but not inside parentheses."""
    if isinstance(value, str):
        items, depth = [""], 0
        for char in value:
            depth += (char == "(") - (char == ")")
            if char == "," and depth <= 0:
                items.append("")
            else:
                items[-1] += char
        return [item.strip() for item in items if item.strip()]
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def text_of(value: Any) -> str:
    """A text or number as text, "" for anything else."""
    plain = isinstance(value, str | int | float) and not isinstance(value, bool)
    return without_controls(str(value)) if plain else ""
