"""Texts as literals and templates of the language."""

from __future__ import annotations

import re

from agent_lattice.documents import texts

_SIGN = re.compile(r"\{(?=[{%#])")


def literal(text: str) -> str:
    """A string literal on one line or in triple quotes."""
    return texts.literal(text, 4)[0]


def quoted(text: str) -> str:
    """A string literal on one line."""
    return literal(text.replace("\n", " "))


def template(text: str, parameter: str, indent: int) -> str:
    """A template that gives the text, with the parameter where it says `$ARGUMENTS`.

    Spaces at the ends of lines and empty lines around the text go; one of several lines ends with a line end.
    """
    plain = "\n".join(line.rstrip() for line in text.strip().split("\n"))
    plain += "\n" if "\n" in plain else ""
    parts = [_SIGN.sub("{{ '{' }}", part) for part in plain.split("$ARGUMENTS")]
    return texts.literal(f"{{{{ {parameter} }}}}".join(parts), indent)[0]
