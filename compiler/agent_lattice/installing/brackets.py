"""Containers with brackets and commas, as in JSON, in values of TOML and in the flow style of YAML: adding and taking out members.

What is added stands behind the last member, and behind a comment on its line. Taking it out is the exact inverse, whatever was added
before or after it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from agent_lattice.records import record

from .documents import Added, Node
from .splices import Splice, cut, indentation, is_first, together


@record
class Style:
    """How the members of a text are laid out."""

    line_end: str
    unit: str
    """One level of indentation."""
    lines: bool
    """Whether a member may have lines of its own."""
    gap: str
    """What stands behind a comma within a line."""
    comments: re.Pattern[str]
    """One comment."""


Render = Callable[[str | None], str]
"""The text of a member for an indentation; None for one within a line."""


def member_added(text: str, node: Node, render: Render, style: Style) -> Added:
    """Add a member to a container."""
    if not node.members:
        return _first_added(text, node, render, style)
    last = node.members[-1]
    behind = last.end if last.comma is None else last.comma + 1
    at, new = behind, style.gap + render(None) if not style.lines else ""
    if style.lines and "\n" in text[node.start : node.end]:
        at = _behind_comments(text, behind, style)
        indent = indentation(text, last.start) + ("" if is_first(text, last.start) else style.unit)
        new = style.line_end + indent + render(indent)
    elif style.lines:
        new = style.gap + render(None)
    if last.comma is None:
        return Added(together(Splice(last.end, ","), Splice(at, new)))
    return Added([Splice(at, f"{new},")])


def _first_added(text: str, node: Node, render: Render, style: Style) -> Added:
    at = node.start + 1
    while comment := re.compile(rf"\s*(?:{style.comments.pattern})", style.comments.flags).match(
        text, at, node.end - 1
    ):
        at = comment.end()
    if not style.lines:
        return Added([Splice(at, render(None))])
    outer = indentation(text, node.start)
    indent = outer + style.unit
    trail = "" if "\n" in text[at : node.end] else style.line_end + outer
    return Added([Splice(at, style.line_end + indent + render(indent) + trail)], trail)


def _behind_comments(text: str, at: int, style: Style) -> int:
    """Behind the comments that follow on the same line, when nothing else does; else the offset itself."""
    end = at
    while comment := re.compile(rf"[ \t]*(?:{style.comments.pattern})", style.comments.flags).match(text, end):
        end = comment.end()
    rest = re.compile(r"[ \t]*(?=[\r\n])").match(text, end)
    return end if rest and "\n" not in text[at:end] else at


def member_removed(text: str, node: Node, index: int, trail: str) -> list[Splice]:
    """Take a member out of a container; `trail` goes with the last one."""
    member = node.members[index]
    lead = re.compile(r"(?:\r?\n)?[ \t]*\Z" if is_first(text, member.start) else r"[ \t]*\Z").search(
        text, 0, member.start
    )
    start, end = lead.start() if lead else member.start, member.end
    cuts = []
    if member.comma is not None:
        after = member.comma + 1
        if index == 0 and start == member.start and len(node.members) > 1:
            after += len(text[after:]) - len(text[after:].lstrip(" \t"))
        if text[end : member.comma].strip():
            cuts.append(cut(text, member.comma, after))
        else:
            end = after
    elif index and (before := node.members[index - 1].comma) is not None:
        cuts.append(cut(text, before, before + 1))
    if len(node.members) == 1 and trail and text.startswith(trail, end):
        end += len(trail)
    return together(cut(text, start, end), *cuts)
