"""Documents as YAML text: block style, with flow style for what stood on one line; comments and empty lines kept."""

from __future__ import annotations

import json
import re

from agent_lattice.documents.data import Group, Leaf, Member, Node, Note

WIDTH = 120
_LIST_WIDTH = 200
_NOT_IN_COMMENTS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_LONGEST_KEY = 1000
"""YAML takes a longer one for a key only where a sign says so."""
_PLAIN = re.compile(r"[A-Za-z0-9_./(\\$^+;~=<][^\x00-\x1f\x7f-\xa0\ud800-\udfff\ufeff\ufffe\uffff\u2028\u2029]*")
_NOT_TEXT = re.compile(
    r"(?i:null|true|false|yes|no|on|off|y|n|~|\.nan|[-+]?\.inf)|[-+]?[0-9.][0-9_.,:eE+-]*|0[xob][0-9a-fA-F_]*|=|<<?|[0-9-]+[Tt ].*"
)


def yaml_of(root: Group) -> str:
    """The YAML text of a document."""
    out = _Lines()
    if root.members:
        out.group(root, 0)
    else:
        out.lines.append("{}" if root.keyed else "[]")
        out.notes(root.last, 0)
    return "\n".join(out.lines).lstrip("\n") + "\n"


class _Lines:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def notes(self, notes: list[Note], indent: int) -> None:
        for note in notes:
            if note.blank:
                self.lines.append("")
            self.lines.append(" " * indent + comment(note.text))

    def group(self, group: Group, indent: int, lead: str | None = None) -> None:
        """The members, a line or more each. `lead`: what the first line begins with in place of the indent."""
        for member in group.members:
            first = lead if lead is not None else " " * indent
            if lead is None:
                self._before(member, indent)
            if group.keyed:
                self._entry(member, indent, first)
            else:
                self._item(member, indent, first)
            lead = None
        self.notes(group.last, indent)

    def _before(self, member: Member, indent: int) -> None:
        self.notes(member.notes, indent)
        if member.blank and self.lines:
            self.lines.append("")

    def _entry(self, member: Member, indent: int, first: str) -> None:
        key = scalar(member.name, flow=False)
        head = f"{first}{key}:"
        if len(key) > _LONGEST_KEY:
            self.lines.append(f"{first}? {key}")
            head = f"{' ' * indent}:"
        self._value(member, head, indent + 2)

    def _item(self, member: Member, indent: int, first: str) -> None:
        value = member.value
        if isinstance(value, Group) and value.members and self._inline(value, indent + 2) is None:
            behind = [] if member.behind is None else [Note(member.behind)]
            self.notes([*behind, *value.members[0].notes], indent)
            self.group(value, indent + 2, f"{first}- ")
            return
        self._value(member, f"{first}-", indent + 2)

    def _value(self, member: Member, head: str, indent: int) -> None:
        behind = "" if member.behind is None else f" {comment(member.behind)}"
        value = member.value
        if isinstance(value, Leaf):
            self._leaf(value, head, behind, indent)
            return
        inline = self._inline(value, len(head) + 1)
        if inline is not None:
            self.lines.append(f"{head} {inline}{behind}")
            return
        if not value.members:
            self.lines.append(f"{head} {'{}' if value.keyed else '[]'}{behind}")
            self.notes(value.last, indent)
            return
        self.lines.append(f"{head}{behind}")
        self.group(value, indent)

    def _leaf(self, leaf: Leaf, head: str, behind: str, indent: int) -> None:
        text = leaf.value
        if isinstance(text, str) and _is_block(text):
            chomp = "" if text.endswith("\n") else "-"
            self.lines.append(f"{head} |{chomp}{behind}")
            self.lines += [f"{' ' * indent}{line}" if line else "" for line in text.removesuffix("\n").split("\n")]
            return
        self.lines.append(f"{head} {leaf_text(leaf, flow=False)}{behind}")

    def _inline(self, group: Group, column: int) -> str | None:
        """A group on one line, if it may stand so and fits."""
        if not group.members:
            return None if group.last else "{}" if group.keyed else "[]"
        if not group.flow or group.last:
            return None
        text = flow(group)
        width = WIDTH if group.keyed else _LIST_WIDTH
        return text if text is not None and column + len(text) <= width else None


def comment(text: str) -> str:
    """A comment with its sign. What YAML does not take in a comment stands there as its number."""
    return _NOT_IN_COMMENTS.sub(lambda found: f"\\u{ord(found[0]):04x}", f"#{text}".rstrip())


def flow(node: Node) -> str | None:
    """A node on one line; None when there are comments or lines in it."""
    if isinstance(node, Leaf):
        return None if isinstance(node.value, str) and _is_block(node.value) else leaf_text(node, flow=True)
    if node.last or any(member.notes or member.behind is not None for member in node.members):
        return None
    parts: list[str] = []
    for member in node.members:
        value = flow(member.value)
        if value is None or len(member.name) > _LONGEST_KEY:
            return None
        parts.append(f"{scalar(member.name, flow=True)}: {value}" if member.key else value)
    return f"{{{', '.join(parts)}}}" if node.keyed else f"[{', '.join(parts)}]"


def leaf_text(leaf: Leaf, *, flow: bool) -> str:
    if leaf.written and not isinstance(leaf.value, str):
        return leaf.written
    return scalar(leaf.value, flow=flow)


def scalar(value: str | int | float | bool | None, *, flow: bool) -> str:
    """A value on one line: plain if it can only be read as this text, else in single or double quotes."""
    if not isinstance(value, str):
        return json.dumps(value)
    if is_plain(value, flow=flow):
        return value
    return quoted(value)


def quoted(text: str) -> str:
    """A text in single quotes; in double quotes when it has what needs an escape."""
    if all(char.isprintable() for char in text):
        return "'" + text.replace("'", "''") + "'"
    made = json.dumps(text, ensure_ascii=False)
    return "".join(
        c if c.isprintable() else f"\\u{ord(c):04x}" if c < "\U00010000" else f"\\U{ord(c):08x}" for c in made
    )


def is_plain(text: str, *, flow: bool) -> bool:
    """Whether a text needs no quotes."""
    if not _PLAIN.fullmatch(text) or _NOT_TEXT.fullmatch(text) or not text.isprintable():
        return False
    if ": " in text or " #" in text or text.endswith((":", " ")):
        return False
    return not (flow and re.search(r"[,\[\]{}]|:$", text)) and not text.startswith(("...", "= "))


def _is_block(text: str) -> bool:
    """Whether a text is shown in lines of its own."""
    lines = text.split("\n")
    if len(lines) < 2 or not lines[0] or lines[0][0] in " \t" or text.endswith("\n\n"):
        return False
    return all(line.isprintable() and (not line or line.strip(" \t")) for line in text.replace("\t", " ").split("\n"))
