"""The helpers of scripts: those that a script uses, and what they use themselves, out of the files in `prelude/`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

from agent_lattice.records import record

SPACES = {"checks.js": "check", "steps.js": "run"}
"""The object whose members the helpers of a file are; that of all others is `cel`."""

_FILES = (
    "values arithmetic comparing containers logic converting strings lists math bytes times optionals formats patterns wire "
    "merges checks steps"
)
_HEAD = re.compile(r"(?:async )?(?:function|const|let|class) (\w+)")
_COMMENT = re.compile(r"^ *//.*", re.MULTILINE)
_WORD = re.compile(r"(?<![.\w\"])\w+")


@record
class Helper:
    """A declaration of a file: its text with the comment above it, the object it is a member of, the words in it."""

    name: str
    space: str
    text: str
    words: frozenset[str]


@cache
def helpers() -> Mapping[str, Helper]:
    """Every helper by its name, in the order of the files."""
    found: dict[str, Helper] = {}
    folder = files("agent_lattice_clients.javascript") / "prelude"
    for file in (f"{name}.js" for name in _FILES.split()):
        for helper in _declarations(folder.joinpath(file).read_text("utf-8"), SPACES.get(file, "cel")):
            assert helper.name not in found, f"two helpers are called {helper.name}"
            found[helper.name] = helper
    return found


def _declarations(text: str, space: str) -> Iterable[Helper]:
    """The declarations of a file: paragraphs that begin, perhaps under a comment, at the left edge."""
    lines = text.split("\n")
    starts = [at for at, line in enumerate(lines) if _HEAD.match(line)]
    for at, following in zip(starts, [*starts[1:], len(lines)], strict=True):
        first, last = _under_comment(lines, at), _under_comment(lines, following)
        body = "\n".join(lines[first:last]).rstrip()
        head = _HEAD.match(lines[at])
        assert head is not None
        yield Helper(head[1], space, body, frozenset(_WORD.findall(_COMMENT.sub("", body))))


def _under_comment(lines: list[str], at: int) -> int:
    """The line where the comment right above a line begins."""
    while at and lines[at - 1].startswith("//"):
        at -= 1
    return at


def used(script: str) -> list[Helper]:
    """The helpers that a script calls, and those that they call, in the order of the files."""
    known = helpers()
    waiting = [
        name
        for space, name in re.findall(r"\b(cel|check|run)\.(\w+)", script)
        if name in known and known[name].space == space
    ]
    needed: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting += [word for word in known[name].words if word in known]
    return [helper for name, helper in known.items() if name in needed]


def prelude(script: str) -> str:
    """The statement that defines `cel`, `check` and `run` with what a script uses of them."""
    wanted = set(re.findall(r"\b(cel|check|run)\.(\w+)", script))
    found = used(script)
    members = {
        space: [helper.name for helper in found if (space, helper.name) in wanted] for space in ("cel", "check", "run")
    }
    spaces = [space for space, names in members.items() if names]
    body = "\n\n".join(helper.text for helper in found)
    indented = "\n".join(f"  {line}" if line else "" for line in body.split("\n"))
    given = ",\n".join(f"    {space}: {{ {', '.join(members[space])} }}" for space in spaces)
    return f"const {{ {', '.join(spaces)} }} = (() => {{\n{indented}\n\n  return {{\n{given},\n  }};\n}})();\n"
