"""Where the values of a YAML text stand, by the events of the YAML parser."""

from __future__ import annotations

import re
from typing import Any

from agent_lattice.documents.yaml_reading import resolved

from .documents import Member, Node, Unreadable


def read_yaml(text: str) -> Node | None:
    """The root of the only document; None when there is nothing. Raises Unreadable."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    if bad := re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufeff\ufffe\uffff]", text):
        raise Unreadable(f"the character U+{ord(bad[0]):04X} cannot stand in YAML")
    building = _Building(text)
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            building.event(event)
    except MarkedYAMLError as error:
        found = error.problem_mark or error.context_mark
        said = re.sub(r"\s+", " ", str(error.problem or error.context or "it cannot be read"))
        raise Unreadable(f"line {found.line + 1}: {said}" if found else said) from None
    except (YAMLError, ValueError, AssertionError, IndexError, AttributeError) as error:
        raise Unreadable(f"not YAML: {str(error).splitlines()[0] if str(error) else 'it cannot be read'}") from None
    return building.root


class _Building:
    """Values from events, without recursion."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.open: list[Node] = []
        self.keys: list[tuple[str, int] | None] = []
        """Of each open map: the key that waits for its value, and where it begins."""
        self.root: Node | None = None
        self.documents = 0

    def event(self, event: Any) -> None:
        start, end = event.start_mark.index, event.end_mark.index
        match type(event).__name__:
            case "DocumentStartEvent":
                self.documents += 1
                if self.documents > 1:
                    raise Unreadable("it holds several documents")
            case "AliasEvent":
                self._place(Node(start, end, f"\0*{event.anchor}"))
            case "ScalarEvent":
                self._place(Node(start, self._scalar_end(event), _value(event)))
            case "MappingStartEvent" | "SequenceStartEvent":
                value: Any = {} if type(event).__name__ == "MappingStartEvent" else []
                self.open.append(Node(start, end, value, [], bool(event.flow_style)))
                self.keys.append(None)
            case "MappingEndEvent" | "SequenceEndEvent":
                self._close(end)

    def _close(self, end: int) -> None:
        node = self.open.pop()
        self.keys.pop()
        node.end = end if node.brackets else max([m.end for m in node.members], default=end)
        if node.brackets:
            self._commas(node)
        self._place(node)

    def _commas(self, node: Node) -> None:
        """Find the comma behind each member: between two nothing else stands but space and comments."""
        for member in node.members:
            match = re.compile(r"(?:\s|#[^\n]*)*,").match(self.text, member.end, node.end)
            member.comma = match.end() - 1 if match else None

    def _place(self, node: Node) -> None:
        if not self.open:
            self.root = node
            return
        group = self.open[-1]
        if isinstance(group.value, list):
            start = node.start if group.brackets else max(self.text.rfind("-", 0, node.start), 0)
            group.value.append(node.value)
            group.members.append(Member(None, start, node.end, node))
        elif self.keys[-1] is None:
            key = node.value if isinstance(node.value, str) else self.text[node.start : node.end]
            self.keys[-1] = (key, node.start)
        else:
            key, start = self.keys[-1]
            group.value[key] = node.value
            group.members.append(Member(key, start, max(node.end, start), node))
            self.keys[-1] = None

    def _scalar_end(self, event: Any) -> int:
        """Where the text of a scalar ends; of a block scalar that is its last line with something on it."""
        start, end = event.start_mark.index, event.end_mark.index
        if event.style in ("|", ">"):
            head = self.text[start : self.text.find("\n", start) % (len(self.text) + 1)]
            keeps = "+" in head.split("#")[0]
            end = start + len(self.text[start:end].rstrip("\r\n" if keeps else " \t\r\n"))
            if keeps:
                rest = re.compile(r"(?:[ \t]*\r?\n)*").match(self.text, end)
                end = rest.end() - 1 if rest and rest.end() > end else end
        return int(max(start, end))


def _value(event: Any) -> Any:
    tag = getattr(event, "tag", None)
    if tag and str(tag) != "!":
        return f"\0{tag} {event.value}"
    return event.value if event.style else resolved(event.value)
