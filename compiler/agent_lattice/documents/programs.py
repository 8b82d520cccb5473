"""Programs whose source is a document: read as their text, and what is found shown where the document says it."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Callable

from agent_lattice.diagnostics import Diagnostic, Edit, Fix, Label, Report, apply
from agent_lattice.documents.data import Group, Leaf, Member, Note
from agent_lattice.documents.from_text import document_of
from agent_lattice.documents.json_reading import read_json
from agent_lattice.documents.json_text import json_of
from agent_lattice.documents.to_text import SCHEMA, text_of
from agent_lattice.documents.translated import Mark, Translated, within
from agent_lattice.documents.yaml_reading import read_yaml
from agent_lattice.documents.yaml_text import scalar, yaml_of
from agent_lattice.format import formatted
from agent_lattice.parse import parse
from agent_lattice.records import replace
from agent_lattice.source import Source, Span
from agent_lattice.tree import Junk, Module

_MOST_FIXES = 20
"""Fixes beyond this are left out: each is tried before it is offered."""


def is_json(name: str) -> bool:
    return name.endswith(".json")


def read_document(source: Source, report: Report) -> Group | None:
    """The data of a document; None when it is no YAML or JSON, which is reported."""
    return read_json(source, report) if is_json(source.name) else read_yaml(source, report)


def translate(source: Source, report: Report) -> Translated | None:
    """The text that a document stands for; None when its shape is wrong, which is reported."""
    root = read_document(source, report)
    return None if root is None else text_of(root, source, report)


def parse_document(source: Source, report: Report) -> Module:
    """The tree of a document, as that of its text. Of one that cannot be read nothing is known."""
    text = translate(source, report)
    if text is None:
        return Module((Junk("", Span(source, 0, 0)),), Span(source, 0, len(source.text)))
    return parse(text, report)


def format_document(source: Source, report: Report) -> str:
    """The document in canonical layout; one that cannot be read, which is reported, as it is."""
    root = laid_out(source, report)
    if root is None:
        return source.text
    return json_of(root) if is_json(source.name) else yaml_of(root)


def laid_out(source: Source, report: Report) -> Group | None:
    """What the canonical layout of a document holds; None for one that cannot be read, which is reported."""
    root = read_document(source, report)
    text = text_of(root, source, report) if root is not None else None
    program = formatted(text, report) if text is not None else ""
    if root is None or report.failed:
        return None
    made = document_of(Source(source.name, program))
    _keep_schema(root, made)
    return made


def _keep_schema(root: Group, made: Group) -> None:
    """Put the schema that a document names, of which its text knows nothing, at the top of what was made from the text; with the
    comments that were at the top with it."""
    at = next((at for at, member in enumerate(root.members) if root.keyed and member.name == SCHEMA), -1)
    if at < 0:
        return
    named = root.members[at]
    kept = Member(Leaf(SCHEMA), named.value)
    if made.members:
        first = made.members[0]
        own = len(named.notes) + (named.behind is not None) if at == 0 else 0
        kept.notes, first.notes = first.notes[:own], first.notes[own:]
        first.blank = not first.notes
        first.notes[:1] = [Note(note.text, blank=True) for note in first.notes[:1]]
    made.members.insert(0, kept)


def document_text(source: Source, *, as_json: bool) -> str:
    """The YAML or JSON text of a program given as text without syntax errors."""
    root = document_of(source)
    return json_of(root) if as_json else yaml_of(root)


def show_places(report: Report) -> None:
    """Move everything that was found in the text of a document to its place in the document."""
    tried = 0
    for at, diagnostic in enumerate(report.found):
        if not any(isinstance(span.source, Translated) for span in _spans(diagnostic)):
            continue
        fix = diagnostic.fix if tried < _MOST_FIXES else None
        tried += fix is not None
        report.found[at] = replace(
            diagnostic,
            span=_shown(diagnostic.span),
            related=tuple(Label(_shown(label.span), label.text) for label in diagnostic.related),
            fix=_moved(fix) if fix else None,
        )


def _spans(diagnostic: Diagnostic) -> list[Span]:
    edits = diagnostic.fix.edits if diagnostic.fix else ()
    return [diagnostic.span, *(label.span for label in diagnostic.related), *(edit.span for edit in edits)]


def _shown(span: Span) -> Span:
    return span.source.shown(span) if isinstance(span.source, Translated) else span


def _moved(fix: Fix) -> Fix | None:
    """The fix in the document; None when it is not one of values there, or does not do the same."""
    sources = {id(edit.span.source): edit.span.source for edit in fix.edits}
    if not any(isinstance(source, Translated) for source in sources.values()):
        return fix
    (text, *others) = sources.values()
    if others or not isinstance(text, Translated):
        return None
    by_mark: dict[int, list[Edit]] = {}
    for edit in fix.edits:
        mark = _editable(text, edit)
        if mark is None:
            return None
        by_mark.setdefault(text.marks.index(mark), []).append(edit)
    made = Fix(fix.title, tuple(_rewritten(text.marks[at], edits) for at, edits in by_mark.items()))
    return made if _does_the_same(text, fix, made) else None


def _editable(text: Translated, edit: Edit) -> Mark | None:
    """The value that an edit changes; None when it changes something else, or is to insert beside a name."""
    mark = text.mark_at(edit.span.start, edit.span.end)
    if mark is None or (edit.span.start == edit.span.end and mark.sort not in ("expr", "type", "text")):
        return None
    return mark


def _rewritten(mark: Mark, edits: list[Edit]) -> Edit:
    """A value with its edits: in place where it stands as it is, else written anew."""
    span = mark.leaf.span
    if mark.leaf.style == "|" and len(edits) == 1 and "\n" not in edits[0].text:
        return Edit(within(mark, edits[0].span.start, edits[0].span.end), edits[0].text)
    content = str(mark.leaf.written or mark.leaf.value)
    for edit in sorted(edits, key=lambda e: e.span.start, reverse=True):
        first, last = _offset(mark, edit.span.start), _offset(mark, edit.span.end)
        content = content[:first] + edit.text + content[last:]
    number = not isinstance(mark.leaf.value, str)
    write: Callable[[str], str] = json.dumps if is_json(span.source.name) else lambda text: scalar(text, flow=True)
    return Edit(span, content if number and content.isdigit() else write(content))


def _offset(mark: Mark, at: int) -> int:
    """The character of a value that stands at an offset of the text."""
    return bisect_left(mark.places, at)


def _does_the_same(text: Translated, fix: Fix, made: Fix) -> bool:
    """Whether the fixed document stands for the fixed text."""
    wanted = parse(Source("", apply(text, [fix])), Report())
    report = Report()
    again = translate(Source(text.origin.name, apply(text.origin, [made])), report)
    return again is not None and parse(again, report) == wanted
