"""Markdown files with prose for a model: agents, skills, commands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from pathlib import PurePosixPath
from typing import Any

from agent_lattice.importing.folder import Folder, text_of
from agent_lattice.importing.found import Project, Role
from agent_lattice.importing.secret_texts import hidden

_QUIET = frozenset(
    {
        "argument-hint", "arguments", "color", "description", "disable-model-invocation", "include-custom-instructions", "license",
        "metadata", "name", "nickname_candidates", "omitClaudeMd", "user-invocable", "version",
    }
)  # fmt: skip
"""Says how a client shows a file or what else it reads, not what is done."""

_POSITION = re.compile(r"\$ARGUMENTS\[|\$[0-9]")
_RUN = re.compile(r"(?m)(?:^|\s)!`")

STEPS = "its steps stay prose, which a model follows: write statements for what has to be done in order"


def role_of(folder: Folder, sort: str, file: str, name: str, values: dict[str, Any], text: str) -> Role:
    """A role without a model or tools of its own, and what of its text no run does."""
    if _POSITION.search(text):
        folder.lose(file, name, "words of the user have no places in a text: `$ARGUMENTS` stands for all of them")
    if _RUN.search(text):
        folder.lose(file, name, "commands in a text are not run: call a tool and use its result")
    doc, text = text_of(values.get("description")).strip(), text.strip()
    if hidden(doc + text) != doc + text:
        folder.lose(file, name, "what looks like a secret in its text is left out")
    return Role(sort, name, file, hidden(doc), hidden(text))


def lose_others(folder: Folder, file: str, values: dict[str, Any], known: Set[str]) -> None:
    """Values in front of a text that say what no declaration says."""
    for key in sorted(values.keys() - known - _QUIET):
        folder.lose(file, key, "nothing in a declaration stands for it")


def skills(folder: Folder, *places: str) -> Iterator[tuple[str, str, dict[str, Any], str]]:
    """The skills in folders: file, name, values and text of each, the first where a name comes twice."""
    taken: dict[str, str] = {}
    for place in folder.folders(*places):
        file = f"{place}/SKILL.md"
        found = folder.markdown(file)
        if found is None:
            continue
        name = text_of(found.values.get("name")) or PurePosixPath(place).name
        if name in taken:
            if taken[name] != found.body:
                folder.lose(file, name, "another skill has this name")
            continue
        taken[name] = found.body
        beside = [other for other in folder.files(place, endings=("",)) if other != file]
        if beside:
            more = f" and {len(beside) - 3} more" if len(beside) > 3 else ""
            folder.lose(file, name, f"files beside it are not imported: {', '.join(beside[:3])}{more}")
        folder.lose(file, name, STEPS)
        yield file, name, found.values, found.body


def texts(folder: Folder, files: list[str], ending: str) -> Iterator[tuple[str, str, dict[str, Any], str]]:
    """Other such files: file, name, values and text of each; the name is that of the file."""
    for file in files:
        found = folder.markdown(file)
        if found is not None:
            yield file, PurePosixPath(file).name.removesuffix(ending), found.values, found.body


def add_role(project: Project, folder: Folder, role: Role) -> None:
    """Add a role, unless there is one of its sort and name."""
    if any((other.sort, other.name) == (role.sort, role.name) for other in project.roles):
        folder.lose(role.file, role.name, f"another {role.sort} has this name")
    else:
        project.roles.append(role)
