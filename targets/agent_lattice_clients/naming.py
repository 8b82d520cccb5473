"""What a workflow and its parts are called in the files of clients."""

from __future__ import annotations

import re

from agent_lattice.expr import tree

LONGEST = 48
"""Clients cut names at 64 characters; server and tool stand in one name."""


def slug(text: str) -> str:
    """Lower-case words with single hyphens, as names of skills and agents must be: `refund-desk` for `refund_desk`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", text)
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-") or "workflow"


def server_name(text: str) -> str:
    """One plain lower-case word that starts with a letter: what no client rewrites."""
    plain = re.sub(r"[^a-z0-9]", "", text.lower()).lstrip("0123456789")
    return plain[:LONGEST] or "workflow"


def tool_name(operation: str) -> str:
    """How the server of a package offers an operation: `shop_get_order` for `shop.get_order`."""
    return re.sub(r"[^A-Za-z0-9_]", "_", operation)


def quoted(text: str) -> str:
    """A YAML scalar on one line that means exactly this text but for its line breaks. What cannot be seen is escaped."""
    return tree.quoted(" ".join(text.split()))


def frontmatter(entries: dict[str, str]) -> str:
    """A YAML header of keys with values that are YAML already."""
    return "---\n" + "".join(f"{key}: {value}\n" for key, value in entries.items()) + "---\n"
