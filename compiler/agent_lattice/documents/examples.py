"""Examples of every form, taken from a program that shows the language: `sample.lat`."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from agent_lattice.documents.data import Group, Node, plain
from agent_lattice.documents.deriving import forms
from agent_lattice.documents.forms import Choices, Clauses, Entries, Form, Items, Shape
from agent_lattice.documents.from_text import document_of
from agent_lattice.documents.sections import sections
from agent_lattice.records import field, record
from agent_lattice.source import Source

_MOST = 2
_LONGEST = 700
"""Characters of an example; longer ones help nobody who hovers over a key."""


@record
class Examples:
    """The whole sample as data, and by rule some of what it holds."""

    whole: Any
    of: dict[str, list[Any]] = field(default_factory=dict)


@cache
def examples() -> Examples:
    text = (Path(__file__).parent / "sample.lat").read_text(encoding="utf-8")
    root = document_of(Source("sample.lat", text))
    found = Examples(plain(root))
    for member in root.members:
        _collect(sections()[member.name].shape, member.value, found)
    return found


def _collect(shape: Shape, node: Node, found: Examples) -> None:
    match shape:
        case Items(item) if isinstance(node, Group):
            for member in node.members:
                _collect(item, member.value, found)
        case Entries(rule) if isinstance(node, Group):
            for member in node.members:
                _form(forms()[rule], member.value, found)
        case Choices(rules) if isinstance(node, Group):
            by_word = {forms()[rule].word: forms()[rule] for rule in rules}
            _form(by_word[node.members[0].name], node.members[0].value, found)
        case _:
            if hasattr(shape, "rule") and shape.rule in forms():
                _form(forms()[shape.rule], node, found)


def _form(form: Form, node: Node, found: Examples) -> None:
    shown = plain(node)
    own = found.of.setdefault(form.rule, [])
    if len(own) < _MOST and shown not in own and len(str(shown)) < _LONGEST:
        own.append(shown)
    if form.only is not None and not (form.documented and isinstance(node, Group)):
        _collect(form.only.shape, node, found)
    elif isinstance(node, Group) and node.keyed:
        for member in node.members:
            if member.name in form.slots:
                _collect(form.slots[member.name].shape, member.value, found)
            elif form.clauses is not None and member.name in form.clauses.rules:
                _clause(form.clauses, member.name, member.value, found)


def _clause(clauses: Clauses, word: str, node: Node, found: Examples) -> None:
    form = forms()[clauses.rules[word]]
    if form.key is not None:
        _collect(Entries(form.rule, 1, ""), node, found)
    elif isinstance(node, Group) and not node.keyed:
        for member in node.members:
            _form(form, member.value, found)
    else:
        _form(form, node, found)
