"""Files with prose for a model: agents, skills, commands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Any

from agent_lattice.importing.folder import Folder, text_of
from agent_lattice.importing.found import NO_COUNTERPART, Project, Role
from agent_lattice.importing.secret_texts import hidden
from agent_lattice.records import record

_QUIET = frozenset(
    {
        "argument-hint", "arguments", "color", "description", "disable-model-invocation", "include-custom-instructions", "license",
        "metadata", "name", "nickname_candidates", "omitClaudeMd", "user-invocable", "version",
    }
)  # fmt: skip
"""Says how a client shows a file or what else it reads, not what is done."""

_POSITION = re.compile(r"\$ARGUMENTS\[|\$[0-9]")
_RUN = re.compile(r"(?m)(?:^|\s)!`")


@record
class Prose:
    """A text for a model, with the values that stand in front of it or beside it."""

    folder: Folder
    file: str
    name: str
    values: dict[str, Any]
    text: str

    def lose(self, item: str, reason: str) -> None:
        self.folder.lose(self.file, item, reason)

    def lose_others(self, *known: str) -> None:
        """Values that say what no declaration says."""
        for key in sorted(self.values.keys() - set(known) - _QUIET):
            self.lose(key, NO_COUNTERPART)

    def role(self, sort: str) -> Role:
        """The role with its model, but without tools of its own; what of its text no run does is lost."""
        if _POSITION.search(self.text):
            self.lose(self.name, "words of the user have no places in a text: `$ARGUMENTS` stands for all of them")
        if _RUN.search(self.text):
            self.lose(self.name, "commands in a text are not run: call a tool and use its result")
        doc = (
            text_of(self.values.get("description")).replace("\\n", "\n").strip()
        )  # as clients write several lines in one
        text = self.text.strip()
        if hidden(doc + text) != doc + text:
            self.lose(self.name, "what looks like a secret in its text is left out")
        return Role(sort, self.name, self.file, hidden(doc), hidden(text), model=text_of(self.values.get("model")))

    def whole(self, key: str) -> int | None:
        """A value that is a whole number."""
        value = self.values.get(key)
        return value if isinstance(value, int) and not isinstance(value, bool) else None


def texts(folder: Folder, files: Iterable[str], ending: str = ".md") -> Iterator[Prose]:
    """Texts in Markdown, named as their files."""
    for file in files:
        found = folder.markdown(file)
        if found is not None:
            yield Prose(folder, file, PurePosixPath(file).name.removesuffix(ending), found.values, found.body)


def skills(folder: Folder, *places: str) -> Iterator[Prose]:
    """The skills in folders, the first where a name comes twice."""
    taken: dict[str, str] = {}
    for place in folder.folders(*places):
        for one in texts(folder, [f"{place}/SKILL.md"]):
            skill = Prose(
                folder, one.file, text_of(one.values.get("name")) or PurePosixPath(place).name, one.values, one.text
            )
            if skill.name not in taken:
                taken[skill.name] = skill.text
                _lose_rest(skill, [file for file in folder.files(place, endings=("",)) if file != skill.file])
                yield skill
            elif taken[skill.name] != skill.text:
                skill.lose(skill.name, "another skill has this name")


def _lose_rest(skill: Prose, beside: list[str]) -> None:
    if beside:
        more = f" and {len(beside) - 3} more" if len(beside) > 3 else ""
        skill.lose(skill.name, f"files beside it are not imported: {', '.join(beside[:3])}{more}")
    reason = "its steps stay prose, which a model follows: write statements for what has to be done in order"
    skill.lose(skill.name, reason)


def add_role(project: Project, folder: Folder, role: Role) -> None:
    """Add a role, unless there is one of its sort and name."""
    if any((other.sort, other.name) == (role.sort, role.name) for other in project.roles):
        folder.lose(role.file, role.name, f"another {role.sort} has this name")
    else:
        project.roles.append(role)


def leave_instructions(folder: Folder, *names: str) -> None:
    """Files with instructions for all that a client does."""
    folder.leave(names, "instructions", "they are for the client's own model: put what a step needs into its `system`")
