"""Documents as JSON text. JSON has no comments: they are left out."""

from __future__ import annotations

import json

from agent_lattice.documents.data import Group, Leaf, Node

WIDTH = 100


def json_of(root: Group) -> str:
    """The JSON text of a document, indented; what stood on one line does so if it fits."""
    return _text(root, 0, 0) + "\n"


def _text(node: Node, indent: int, column: int) -> str:
    if isinstance(node, Leaf):
        return _leaf(node)
    if node.flow or not node.members:
        line = _line(node)
        if column + len(line) <= WIDTH or not node.keyed:
            return line
    inner = " " * (indent + 2)
    parts: list[str] = []
    for member in node.members:
        head = f"{inner}{json.dumps(member.name, ensure_ascii=False)}: " if member.key else inner
        parts.append(head + _text(member.value, indent + 2, len(head)))
    opening, closing = "{}" if node.keyed else "[]"
    return f"{opening}\n" + ",\n".join(parts) + f"\n{' ' * indent}{closing}"


def _line(node: Node) -> str:
    if isinstance(node, Leaf):
        return _leaf(node)
    parts = [
        f"{json.dumps(m.name, ensure_ascii=False)}: {_line(m.value)}" if m.key else _line(m.value) for m in node.members
    ]
    return f"{{{', '.join(parts)}}}" if node.keyed else f"[{', '.join(parts)}]"


def _leaf(leaf: Leaf) -> str:
    if leaf.written and not isinstance(leaf.value, str):
        return leaf.written
    text = json.dumps(leaf.value, ensure_ascii=False)
    return text if text.isprintable() else "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)
