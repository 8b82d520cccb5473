"""Texts as YAML headers of Markdown files hold them."""

from __future__ import annotations

from agent_lattice.expr import tree


def quoted(text: str) -> str:
    """A YAML scalar on one line that means exactly this text but for its line breaks. What cannot be seen is escaped."""
    return tree.quoted(" ".join(text.split()))


def frontmatter(entries: dict[str, str]) -> str:
    """A YAML header of keys with values that are YAML already."""
    return "---\n" + "".join(f"{key}: {value}\n" for key, value in entries.items()) + "---\n"
