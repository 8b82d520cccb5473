"""The shape of what a target emits, without its texts: what a contract promises.

`contract.json` of a target holds the shape of each contract that it has had. Output of another shape needs a new number.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator
from typing import Any

from agent_lattice import plan

from agent_lattice_clients.exporting import Export
from agent_lattice_clients.target import ClientTarget

Shape = dict[str, dict[str, list[str]]]
"""By mode and path: the keys of structured files, the keys and headings of texts. NAME and ROLE stand for names."""


def shape(target: ClientTarget, plans: Iterable[plan.Plan]) -> Shape:
    """What the files of these plans have in common and what some of them add; the embedded package has a contract of its own."""
    found: dict[str, dict[str, set[str]]] = {}
    for made in plans:
        for mode in target.modes:
            export, paths = Export(made, mode), found.setdefault(mode, {})
            for path, text in target.beside(export).items():
                paths.setdefault(_general(path, export), set()).update(_parts(path, text, export))
    return {mode: {path: sorted(parts) for path, parts in sorted(paths.items())} for mode, paths in found.items()}


def is_package(path: str) -> bool:
    """Whether a file belongs to the embedded package."""
    return path.startswith(".lattice/") and not (path.count("/") == 2 and path.endswith((".json", ".js")))


def _parts(path: str, text: str, export: Export) -> Iterator[str]:
    if path.endswith(".json"):
        yield from _keys(json.loads(text), "", export)
    elif path.endswith(".toml"):
        yield from _keys(tomllib.loads(text), "", export)
    elif path.endswith(".md"):
        head = re.match(r"---\n(.*?)---\n", text, re.DOTALL)
        yield from (
            f"{line.partition(':')[0]}:" for line in (head[1] if head else "").splitlines() if line[:1].isalpha()
        )
        body = re.sub(r"^```.*?^```$", "", text[head.end() :] if head else text, flags=re.DOTALL | re.MULTILINE)
        yield from (_general(line, export) for line in body.splitlines() if re.match(r"#+ (?!The workflow )", line))


def _keys(value: Any, path: str, export: Export) -> Iterator[str]:
    """Every path of keys to something that is no object; items of lists are all the same."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _keys(inner, f"{path}.{_general(key, export)}".lstrip("."), export)
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        for item in value:
            yield from _keys(item, f"{path}[]", export)
    else:
        yield f"{path}: {'list' if isinstance(value, list) else type(value).__name__}"


def _general(text: str, export: Export) -> str:
    """A text with NAME for every form of the workflow's name, ROLE, TOOL and ENV for what is called after its parts."""
    for role in sorted(export.roles, key=lambda role: -len(role.id)):
        text = re.sub(rf"(?<![\w-]){re.escape(role.id)}(?![\w-])", "ROLE", text)
    if text in export.env:
        return "ENV"
    for name in sorted({tool.name for tool in export.tools}, key=len, reverse=True):
        text = re.sub(rf"(?<![A-Za-z0-9]){re.escape(name)}$", "TOOL", text) if name != export.server else text
    names = sorted({export.slug, export.server, export.plan.name}, key=len, reverse=True)
    return re.sub(rf"(?<![A-Za-z0-9])({'|'.join(map(re.escape, names))})(?![A-Za-z0-9])", "NAME", text)
