"""What the compiler has proved of optional values and unions, said again where a type checker cannot follow the proof.

A condition in one function says nothing to a type checker about another one. What is narrowed wherever a function reads
it was proved outside: it gets its narrower type as a parameter, and an `assert` when it is a field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from agent_lattice import types, unions
from agent_lattice.records import record
from agent_lattice.terms import Choice, Each, FieldOf, Fold, Hole, Template, TemplatePart, Term, Var, parts

Path = tuple[str, ...]
"""A variable and fields from it."""


@record
class Proof:
    """A declared type, and what is left of it."""

    declared: types.Type
    narrower: types.Type


Seen = dict[Path, tuple[types.Type, set[types.Type]]]
"""The declared type of a path, and the alternatives of it that its readers reckon with."""

Declared = Callable[[str], types.Type | None]
"""The declared type of a variable from outside that never changes; None for any other."""


def proved(read: Iterable[Term | Template], declared: Declared) -> dict[Path, Proof]:
    """What is known of the values at paths wherever they are read, when that is more than their declared types say."""
    seen: Seen = {}
    for value in read:
        if isinstance(value, Template):
            _visit_parts(value.parts, frozenset(), declared, seen)
        else:
            _visit(value, frozenset(), declared, seen)
    proofs: dict[Path, Proof] = {}
    for path, (type, alternatives) in sorted(seen.items()):
        left_out = [other for other in unions.alternatives(type) if other not in alternatives]
        if left_out:
            proofs[path] = Proof(type, unions.without(type, left_out))
    return proofs


def narrowed(name: str, type: types.Type, proofs: Mapping[Path, Proof]) -> types.Type:
    """The type of a variable where the proofs hold."""
    return proofs[name,].narrower if (name,) in proofs else type


def _visit(term: Term, hidden: frozenset[str], declared: Declared, seen: Seen) -> None:
    path = _path(term)
    if path and path[0] not in hidden:
        root = declared(path[0])
        found = root if isinstance(term, Var) else _field_type(term)
        if root is not None and isinstance(found, types.Optional | types.Union):
            seen.setdefault(path, (found, set()))[1].update(unions.alternatives(term.type))
    if isinstance(term, Fold):
        _visit(term.over, hidden, declared, seen)
        for inner in (term.body, *([term.where] if term.where else [])):
            _visit(inner, hidden.union(term.variables), declared, seen)
        return
    for part in parts(term):
        _visit(part, hidden, declared, seen)


def _path(term: Term) -> Path:
    """Empty for what is no path."""
    if isinstance(term, Var):
        return (term.name,)
    outer = _path(term.record) if isinstance(term, FieldOf) else ()
    return (*outer, term.name) if outer and isinstance(term, FieldOf) else ()


def _field_type(term: Term) -> types.Type | None:
    if not isinstance(term, FieldOf):
        return None
    owner = types.base(term.record.type)
    field = owner.fields.get(term.name) if isinstance(owner, types.Record) else None
    return types.base(field.type) if field else None


def _visit_parts(template: tuple[TemplatePart, ...], hidden: frozenset[str], declared: Declared, seen: Seen) -> None:
    for part in template:
        match part:
            case Hole(term):
                _visit(term, hidden, declared, seen)
            case Each(variable, over, body):
                _visit(over, hidden, declared, seen)
                _visit_parts(body, hidden | {variable}, declared, seen)
            case Choice(branches, otherwise):
                for condition, body in branches:
                    _visit(condition, hidden, declared, seen)
                    _visit_parts(body, hidden, declared, seen)
                _visit_parts(otherwise, hidden, declared, seen)
