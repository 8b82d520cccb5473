"""What a workflow and its operations are called where coding agents see them; the compiler writes the same into their settings."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST = 48
"""Clients cut names at 64 characters; server and tool stand in one name."""


def slug(text: str) -> str:
    """Lower-case words with single hyphens, as names of skills and agents must be: `refund-desk` for `refund_desk`."""
    from re import sub

    words = sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", text)
    return sub(r"[^a-z0-9]+", "-", words.lower()).strip("-") or "workflow"


def server_name(text: str) -> str:
    """One plain lower-case word that starts with a letter: what no client rewrites."""
    plain = "".join(letter for letter in text.lower() if letter.isascii() and letter.isalnum())
    return plain.lstrip("0123456789")[:LONGEST] or "workflow"


def tool_name(operation: str) -> str:
    """How the server of a package offers an operation: `shop_get_order` for `shop.get_order`."""
    return "".join(letter if letter.isascii() and (letter.isalnum() or letter == "_") else "_" for letter in operation)


def tool_names(operations: Iterable[str]) -> dict[str, str]:
    """The names of operations that one server offers, by the operation. Those that would be called the same are numbered, in
    the order of their own names."""
    names: dict[str, str] = {}
    for operation in sorted(operations):
        name, count = tool_name(operation), 1
        while name in names.values():
            count += 1
            name = f"{tool_name(operation)}_{count}"
        names[operation] = name
    return names
