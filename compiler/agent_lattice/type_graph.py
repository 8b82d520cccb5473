"""Which named types mention which: what contains itself, and what can never be made. Linear in their size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from agent_lattice.types import ListType, MapType, Optional, Record, Refined, Type, Union

Named = Record | Union
"""A record, or a union with a name."""


def mentioned(type: Type) -> Iterator[Named]:
    """The named types in a type, itself included, but not those inside them."""
    waiting = [type]
    while waiting:
        match waiting.pop():
            case Record() as named:
                yield named
            case Union(members=members, name=name) as union:
                if name:
                    yield union
                else:
                    waiting.extend(reversed(members))
            case ListType(item=inner) | MapType(value=inner) | Optional(inner=inner) | Refined(base=inner):
                waiting.append(inner)


def parts(named: Named) -> Iterator[Named]:
    """The named types that the fields or members of one mention."""
    types = [field.type for field in named.fields.values()] if isinstance(named, Record) else named.members
    for type in types:
        yield from mentioned(type)


def recursive(types: Iterable[Named]) -> frozenset[str]:
    """The names of those whose values may hold another value of the same type (Tarjan's strong components)."""
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    open_: list[str] = []
    found: set[str] = set()
    for start in types:
        if start.name in order:
            continue
        stack = [(start, iter(list(parts(start))))]
        _enter(start, order, lowest, open_)
        while stack:
            current, waiting = stack[-1]
            part = next(waiting, None)
            if part is None:
                stack.pop()
                if stack:
                    outer = stack[-1][0].name
                    lowest[outer] = min(lowest[outer], lowest[current.name])
                _close(current, order, lowest, open_, found)
            elif part.name not in order:
                _enter(part, order, lowest, open_)
                stack.append((part, iter(list(parts(part)))))
            else:
                if part.name == current.name:
                    found.add(part.name)
                lowest[current.name] = min(lowest[current.name], lowest.get(part.name, order[current.name]))
    return frozenset(found)


def _enter(named: Named, order: dict[str, int], lowest: dict[str, int], open_: list[str]) -> None:
    order[named.name] = lowest[named.name] = len(order)
    open_.append(named.name)


def _close(named: Named, order: dict[str, int], lowest: dict[str, int], open_: list[str], found: set[str]) -> None:
    """Take a finished component off; one of several types is a cycle."""
    if lowest[named.name] != order[named.name]:
        return
    component: list[str] = []
    while not component or component[-1] != named.name:
        component.append(open_.pop())
        del lowest[component[-1]]
    if len(component) > 1:
        found.update(component)


def hollow(records: Sequence[Record]) -> list[tuple[Record, list[str]]]:
    """The records that always contain themselves, each with the fields that lead back to it."""
    needs = {
        record.name: {name: [one.name for one in choices] for name, choices in _required(record)} for record in records
    }
    users: dict[str, list[tuple[str, str]]] = {}
    for name, fields in needs.items():
        for field, choices in fields.items():
            for choice in choices:
                users.setdefault(choice, []).append((name, field))
    ready = [name for name, fields in needs.items() if not fields]
    for name in ready:
        for user, field in users.get(name, ()):
            if needs[user].pop(field, None) is not None and not needs[user]:
                ready.append(user)
    steps = {name: next(iter(fields.items())) for name, fields in needs.items() if fields}
    by_name = {record.name: record for record in records}
    return [(by_name[name], path) for name in steps if (path := _way_back(name, steps))]


def _required(record: Record) -> Iterator[tuple[str, list[Record]]]:
    """The fields that need a value of a record, with the records of which one will do."""
    for item in record.fields.values():
        type = item.type.base if isinstance(item.type, Refined) else item.type
        choices = type.members if isinstance(type, Union) else [type]
        if choices and all(isinstance(choice, Record) for choice in choices):
            yield item.name, [choice for choice in choices if isinstance(choice, Record)]


def _way_back(start: str, steps: dict[str, tuple[str, list[str]]]) -> list[str]:
    """The fields from a record to itself, by the first choice of each; empty when they lead elsewhere."""
    path: list[str] = []
    name = start
    while name in steps and len(path) <= len(steps):
        field, choices = steps[name]
        path.append(field)
        name = choices[0]
        if name == start:
            return path
    return []
