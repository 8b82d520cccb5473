"""Optional values that the compiler has proved to be there, said again where a type checker cannot follow the proof.

A condition in one function says nothing to a type checker about another one. What is narrowed wherever a function reads
it was proved outside: it gets its narrower type as a parameter, and an `assert` when it is a field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from agent_lattice import types
from agent_lattice.terms import Choice, Each, FieldOf, Fold, Hole, Template, TemplatePart, Term, Var, parts

Path = tuple[str, ...]
"""A variable and fields from it."""

Declared = Callable[[str], types.Type | None]
"""The declared type of a variable from outside that never changes; None for any other."""


def proved(read: Iterable[Term | Template], declared: Declared) -> tuple[Path, ...]:
    """The paths to optional values that are not null wherever they are read, in alphabetical order."""
    seen: dict[Path, bool] = {}
    for value in read:
        if isinstance(value, Template):
            _visit_parts(value.parts, frozenset(), declared, seen)
        else:
            _visit(value, frozenset(), declared, seen)
    return tuple(sorted(path for path, present in seen.items() if present))


def narrowed(type: types.Type, present: bool) -> types.Type:
    """The type of an optional value that is there."""
    return type.inner if present and isinstance(type, types.Optional) else type


def _visit(term: Term, hidden: frozenset[str], declared: Declared, seen: dict[Path, bool]) -> None:
    path = _path(term)
    if path and path[0] not in hidden:
        root = declared(path[0])
        found = root if isinstance(term, Var) else _field_type(term)
        if root is not None and isinstance(found, types.Optional):
            seen[path] = seen.get(path, True) and not isinstance(types.base(term.type), types.Optional)
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
    record = types.base(term.record.type)
    field = record.fields.get(term.name) if isinstance(record, types.Record) else None
    return types.base(field.type) if field else None


def _visit_parts(
    template: tuple[TemplatePart, ...], hidden: frozenset[str], declared: Declared, seen: dict[Path, bool]
) -> None:
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
