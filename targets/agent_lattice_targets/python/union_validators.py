"""The body of a union's validator: the JSON form of the value decides which member is meant, and only that one speaks."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence

from agent_lattice import types, unions

from agent_lattice_targets.python.layout import statement
from agent_lattice_targets.python.literals import constant, string

Call = Callable[[types.Type], str]
"""Python text that decodes `value` as a type."""

_TESTS = {
    "a bool": "isinstance(value, bool)",
    "a string": "isinstance(value, str)",
    "a list": "isinstance(value, (list, tuple))",
    "an object": "isinstance(value, dict)",
}
_ENCODED = types.Bytes | types.Timestamp | types.Duration
"""What is a string in JSON and something else in Python."""

_ORDER = ("an object", "a string", "a list", "a bool", "a number")


def union_lines(members: Sequence[types.Type], call: Call, table: str) -> list[str]:
    """Statements that give `made` its value; `table` is the name of the constant that `table_lines` makes."""
    lines: list[str] = []
    shapes = {unions.shape(member) for member in members}
    encoded = next((member for member in members if isinstance(types.base(member), _ENCODED)), None)
    for form in (form for form in _ORDER if form in shapes):
        own = [member for member in members if unions.shape(member) == form]
        if own[0] is encoded:
            continue
        lines.append(f"    {'elif' if lines else 'if'} {_test(own[0], form, shapes)}:")
        if len(own) > 1:
            lines += _records(unions.records(own), call, table)
        else:
            lines += _assigned(8, "made", _lossless(own[0], call(own[0]), shapes))
    if encoded is not None:  # it may be decoded already
        return [*lines, "    else:", *_assigned(8, "made", call(encoded))]
    names = [str(types.base(member)) for member in members]
    expected = string(f"{', '.join(names[:-1])} or {names[-1]}")
    return [*lines, "    else:", *_assigned(8, "made", f"checks.no_member({expected}, value, path, errors)")]


def _assigned(indent: int, name: str, text: str) -> list[str]:
    return statement(indent, f"{name} = ", ast.parse(text, mode="eval").body).split("\n")


def _test(member: types.Type, form: str, shapes: set[str]) -> str:
    if form != "a number":
        return _TESTS[form]
    classes = ["int"] if isinstance(types.widened(member), types.Int | types.Uint) else ["int", "float"]
    classes += [] if "a string" in shapes or isinstance(member, types.Literal) else ["str"]
    return f"isinstance(value, {classes[0]})" if len(classes) == 1 else f"isinstance(value, ({', '.join(classes)}))"


def _lossless(member: types.Type, made: str, shapes: set[str]) -> str:
    """Beside strings a number must be one that travels as a number."""
    kind = types.base(member)
    if "a string" in shapes and isinstance(kind, types.Int | types.Uint | types.Float):
        return f"checks.{'finite' if isinstance(kind, types.Float) else 'safe'}({made}, path, errors)"
    return made


def _records(several: list[types.Record], call: Call, table: str) -> Iterator[str]:
    told = unions.discriminator(several)
    if told is not None:
        word = {types.BOOL: "bool", types.INT: "int", types.STRING: "str"}[types.primitive(next(iter(told.records)))]
        field = string(told.field)
        yield from _assigned(8, "found", f"{table}.get(kind) if type(kind := value.get({field})) is {word} else None")
        unknown = f"checks.no_kind(value, {field}, {table}, path, errors)"
        yield from _assigned(8, "made", f"found(value, path, errors) if found else {unknown}")
        return
    marks = unions.marks(several)
    if len(marks) == 2:
        (first, mark), (second, _) = marks
        yield from _assigned(8, "made", f"{call(first)} if {string(mark)} in value else {call(second)}")
        return
    for at, (record, mark) in enumerate(marks):
        yield f"        {'elif' if at else 'if'} {string(mark)} in value:" if mark else "        else:"
        yield from _assigned(12, "made", call(record))


def table_lines(
    members: Sequence[types.Type], table: str, annotation: str, check: Callable[[types.Type], str]
) -> list[str]:
    """The validators of the records by what tells them; nothing when they are told in another way."""
    several = unions.records(members)
    told = unions.discriminator(several)
    if told is None:
        return []
    word = {types.BOOL: "bool", types.INT: "int", types.STRING: "str"}[types.primitive(next(iter(told.records)))]
    head = f"{table}: dict[{word}, Callable[[object, str, list[str]], {annotation}]] = {{"
    return [head, *(f"    {constant(value)}: {check(record)}," for value, record in told.records.items()), "}"]
