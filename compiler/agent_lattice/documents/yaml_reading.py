"""YAML text → document data with places. What YAML has beyond JSON's values (anchors, tags, several documents) is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from agent_lattice.diagnostics import Report, replace
from agent_lattice.documents.data import Group, Leaf, Member, Note, place_notes
from agent_lattice.documents.mistakes import REPEATED_KEY, SYNTAX, UNSUPPORTED
from agent_lattice.source import Source, Span

_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_COMMENT = re.compile(r"(?:^|(?<=[ \t\n]))#[^\n]*")


def read_yaml(source: Source, report: Report) -> Group | None:
    """The document of a YAML text; None when that is reported as wrong."""
    return _Building(source, report).run()


class _Building:
    """Data from the events of the YAML parser, without recursion."""

    def __init__(self, source: Source, report: Report) -> None:
        self.source = source
        self.report = report
        self.open: list[tuple[Group, Leaf | None, int]] = []
        """Groups that are not finished: with the key that waits for its value, and where the member began."""
        self.root: Any = None
        self.covered: list[tuple[int, int]] = []
        self.documents = 0
        self.failed = False

    def run(self) -> Group | None:
        from ruamel.yaml import YAML
        from ruamel.yaml.error import MarkedYAMLError, YAMLError

        if bad := re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]", self.source.text):
            self._wrong(SYNTAX, f"the character U+{ord(bad[0]):04X} cannot stand in YAML", bad.start(), bad.end())
            return None
        try:
            for event in YAML(typ="safe", pure=True).parse(self.source.text):
                self._event(event)
                if self.documents > 1:
                    break
        except MarkedYAMLError as error:
            self._syntax(error)
        except (YAMLError, ValueError, AssertionError, IndexError, AttributeError) as error:
            self._wrong(SYNTAX, f"not YAML: {str(error).splitlines()[0] if str(error) else 'it cannot be read'}", 0, 0)
        if self.failed:
            return None
        root = (
            self.root if self.root is not None else Group(True, [], False, Span(self.source, 0, len(self.source.text)))
        )
        if isinstance(root, Leaf):
            if root.value is not None:
                self._wrong(SYNTAX, "a document is a map of sections", root.span.start, root.span.end)
                return None
            root = Group(True, [], False, Span(self.source, 0, len(self.source.text)))
        self._notes(root)
        return root

    def _event(self, event: Any) -> None:
        start, end = event.start_mark.index, event.end_mark.index
        match type(event).__name__:
            case "DocumentStartEvent":
                self.documents += 1
                if self.documents > 1:
                    self._wrong(UNSUPPORTED, "a file holds one document", start, end)
            case "AliasEvent":
                self._wrong(UNSUPPORTED, f"`*{event.anchor}` stands for something else: write it out", start, end)
                self._add(Leaf(None, Span(self.source, start, end)), start)
            case "ScalarEvent":
                self._decorated(event)
                self._add(self._leaf(event, start, end), start)
            case "MappingStartEvent" | "SequenceStartEvent":
                self._decorated(event)
                keyed = type(event).__name__ == "MappingStartEvent"
                self.open.append((Group(keyed, [], bool(event.flow_style), Span(self.source, start, end)), None, start))
            case "MappingEndEvent" | "SequenceEndEvent":
                self._close(end)

    def _close(self, end: int) -> None:
        group, _, _ = self.open.pop()
        last = group.members[-1].span.end if group.members and not group.flow else max(end, group.span.start)
        group.span = Span(self.source, group.span.start, last)
        if group.flow and "\n" in group.span.text:
            group.flow = False
        self._add(group, group.span.start)

    def _decorated(self, event: Any) -> None:
        at = event.start_mark.index
        if event.anchor:
            self._wrong(UNSUPPORTED, f"`&{event.anchor}`: anchors are not part of documents", at, at + 1)
        tag = getattr(event, "tag", None)
        if tag and str(tag) != "!" and event.ctag is not None:
            self._wrong(UNSUPPORTED, "tags are not part of documents", at, at + 1)

    def _add(self, node: Any, start: int) -> None:
        """Put a finished node where it belongs: as a key, a value or an item."""
        if not self.open:
            self.root = node if self.documents <= 1 else self.root
            return
        group, key, began = self.open[-1]
        if not group.keyed:
            group.members.append(Member(None, node, node.span, self._blank(start)))
        elif key is None:
            self.open[-1] = (group, self._key(node, group), start)
        else:
            span = Span(self.source, began, max(node.span.end, key.span.end))
            group.members.append(Member(key, node, span, self._blank(began)))
            self.open[-1] = (group, None, began)

    def _key(self, node: Any, group: Group) -> Leaf:
        if not isinstance(node, Leaf) or not isinstance(node.value, str):
            span = node.span
            shown = span.text.split("\n")[0]
            fix = replace("put it into quotes", span, json.dumps(shown)) if isinstance(node, Leaf) and shown else None
            self.failed = True
            self.report.add(UNSUPPORTED, "a key is a text", span, help="put it into quotes", fix=fix)
            return Leaf("", span)
        if any(member.name == node.value for member in group.members[-200:]) or (
            len(group.members) > 200 and node.value in group.keys
        ):
            self._wrong(REPEATED_KEY, f"the key `{node.value}` stands twice", node.span.start, node.span.end)
        return node

    def _leaf(self, event: Any, start: int, end: int) -> Leaf:
        text, style = event.value, event.style or ""
        end = self._block_end(start) if style in ("|", ">") else max(start, end)
        header = self.source.text.find("\n", start) if style in ("|", ">") else start
        self.covered.append((end if header < 0 else header, end))
        span = Span(self.source, start, end)
        if style:
            return Leaf(text, span, "", style, _places(self.source.text, start, end, style, text))
        value = resolved(text)
        places = tuple(range(start, end + 1)) if end - start == len(text) else ()
        return Leaf(value, span, "" if isinstance(value, str) else text, "", places)

    def _block_end(self, start: int) -> int:
        """The end of the last line of a block scalar that begins (with its sign) at `start`."""
        text = self.source.text
        line_start = text.rfind("\n", 0, start) + 1
        at = text.find("\n", start)
        if at < 0:
            return len(text)
        indent: int | None = None
        explicit = re.match(r"[|>][+-]?([1-9])", text[start : start + 3])
        last = at
        while at < len(text):
            stop = text.find("\n", at + 1)
            stop = len(text) if stop < 0 else stop
            line = text[at + 1 : stop]
            if line.strip(" "):
                depth = len(line) - len(line.lstrip(" "))
                if indent is None:
                    indent = depth
                if depth < indent or (depth <= self._parent_indent(line_start) and not explicit):
                    break
                last = stop
            at = stop
        return last

    def _parent_indent(self, line_start: int) -> int:
        """The columns before the key or dash that holds a value, -1 at the top."""
        line = self.source.text[line_start : self.source.text.find("\n", line_start)]
        depth = len(line) - len(line.lstrip(" "))
        return depth if len(self.open) > 1 or depth else (0 if self.open else -1)

    def _blank(self, at: int) -> bool:
        """Whether the line before the one at `at` is empty."""
        line = self.source.text.rfind("\n", 0, at)
        before = self.source.text[max(0, self.source.text.rfind("\n", 0, max(line, 0)) + 1) : max(line, 0)]
        return line > 0 and not before.strip()

    def _notes(self, root: Group) -> None:
        place_notes(root, list(self._comments()), self._ends)

    def _ends(self, group: Group, at: int) -> bool:
        """Whether a comment on a line of its own is indented as the members of the group before it."""
        text = self.source.text
        column = at - text.rfind("\n", 0, at)
        first = group.span.start
        return not group.flow and bool(group.members) and first - text.rfind("\n", 0, first) <= column

    def _comments(self) -> Iterator[tuple[int, bool, Note]]:
        text, at = self.source.text, 0
        for start, end in [*self.covered, (len(text), len(text))]:
            for found in _COMMENT.finditer(text, at, max(at, start)):
                line = text.rfind("\n", 0, found.start()) + 1
                trailing = bool(text[line : found.start()].strip())
                yield found.start(), trailing, Note(found[0][1:].rstrip(), self._blank(found.start()) and not trailing)
            at = max(at, end)

    def _wrong(self, code: Any, message: str, start: int, end: int) -> None:
        self.failed = True
        self.report.add(code, message, Span(self.source, start, end))

    def _syntax(self, error: Any) -> None:
        mark = error.problem_mark or error.context_mark
        at = min(mark.index, len(self.source.text)) if mark else 0
        problem = re.sub(r"\s+", " ", str(error.problem or error.context or "it cannot be read")).strip()
        if at < len(self.source.text) and self.source.text[at] == "\t":
            problem = "a tab cannot indent a line: use spaces"
        self._wrong(SYNTAX, f"not YAML: {problem}", at, min(at + 1, len(self.source.text)))


def resolved(text: str) -> str | int | float | bool | None:
    """What a plain scalar means by the core schema of YAML 1.2."""
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if _INT.fullmatch(text) and len(text) < 4000:
        return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
    if _FLOAT.fullmatch(text):
        return (
            float(text.replace(".inf", "inf").replace(".nan", "nan"))
            if text.islower() or text[-1:].isdigit()
            else float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
            if not text.endswith(".")
            else float(text)
        )
    return text


def _places(text: str, start: int, end: int, style: str, value: str) -> tuple[int, ...]:
    """Where each character of a quoted or literal scalar stands; empty when it is folded."""
    if style == "|":
        return _literal_places(text, start, end, value)
    raw = text[start + 1 : end - 1]
    if "\n" in raw:
        return ()
    found: list[int] = []
    pattern = _SINGLE if style == "'" else _DOUBLE
    for match in pattern.finditer(raw):
        found.append(start + 1 + match.start())
    return (*found, end - 1) if len(found) == len(value) else ()


_SINGLE = re.compile(r"''|[^']")
_DOUBLE = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)|[^\\]")


def _literal_places(text: str, start: int, end: int, value: str) -> tuple[int, ...]:
    at = text.find("\n", start)
    if at < 0:
        return ()
    lines = text[at + 1 : end].split("\n")
    wanted = value.split("\n")
    found: list[int] = []
    offset = at + 1
    for number, line in enumerate(lines):
        own = wanted[number] if number < len(wanted) else None
        if own is None or not line.endswith(own):
            return ()
        lead = len(line) - len(own)
        found += range(offset + lead, offset + len(line) + 1)
        offset += len(line) + 1
    missing = len(value) + 1 - len(found)
    return tuple(found[: len(value) + 1]) if missing <= 0 else (*found, *[end] * missing) if missing <= 2 else ()
