"""Markdown with YAML in front of it, as clients read it: a value that is no YAML because of a colon in it is still a text."""

from __future__ import annotations

import json
import re
from typing import Any

from agent_lattice.diagnostics import Report
from agent_lattice.documents.data import plain
from agent_lattice.documents.yaml_reading import read_yaml
from agent_lattice.records import record
from agent_lattice.source import Source

_FENCED = re.compile(r"---[ \t]*\n(.*?)(?:^---[ \t]*$\n?)(.*)", re.DOTALL | re.MULTILINE)
_BARE = re.compile(r"^([A-Za-z][\w-]*):[ \t]+(?=[@`*&%!]|[^\[{|>\"'].*(?::[ \t]|:$|[ \t]#))(.+)$", re.MULTILINE)
"""A value that is more than one word to YAML, and to its writer a text."""
MOST_BRACKETS = 500
"""More of them are no settings of a text, and the time to read them grows with their square."""


@record
class Matter:
    """The values in front of a text, and the text."""

    values: dict[str, Any]
    body: str


def matter_of(text: str) -> Matter | None:
    """What a file holds; None when its YAML cannot be read."""
    found = _FENCED.fullmatch(text)
    if found is None:
        return Matter({}, text)
    values = _values(found[1])
    if values is None:
        values = _values(_BARE.sub(lambda line: f"{line[1]}: {json.dumps(line[2].strip())}", found[1]))
    return None if values is None else Matter(values, found[2])


def _values(yaml: str) -> dict[str, Any] | None:
    if sum(map(yaml.count, "[{")) > MOST_BRACKETS:
        return None
    report = Report()
    try:
        root = read_yaml(Source("frontmatter.yaml", yaml), report)
        value = None if root is None or report.failed else plain(root)
    except RecursionError:
        return None
    return value if isinstance(value, dict) else None
