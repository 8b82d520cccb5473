"""The top of a document: a section for each sort of declaration."""

from __future__ import annotations

from functools import cache

from agent_lattice.documents.deriving import form
from agent_lattice.documents.forms import Entries, Items, Sub
from agent_lattice.documents.owners import declared
from agent_lattice.records import record


@record
class Section:
    """All declarations of a sort, by name if they have one."""

    name: str
    rule: str
    shape: Entries | Items


@cache
def sections() -> dict[str, Section]:
    """Sections by name."""
    made = [section_of(rule) for rule in declared()]
    return {section.name: section for section in made}


@cache
def section_of(rule: str) -> Section:
    own = form(rule)
    shape = Entries(rule, 0, "") if own.key is not None else Items(Sub(rule), 0, "")
    return Section(f"{own.word}s", rule, shape)
