"""Validators: functions (value, path, errors) that decode a value of a type and report every problem."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from types import UnionType

from agent_lattice import types

from agent_lattice_targets.python.annotations import Annotations
from agent_lattice_targets.python.layout import statement
from agent_lattice_targets.python.lines import head_lines
from agent_lattice_targets.python.literals import constant, data, string
from agent_lattice_targets.python.names import constant_name, snake
from agent_lattice_targets.python.package_names import PackageNames
from agent_lattice_targets.python.union_validators import table_lines, union_lines

_SCALARS = {
    types.Null: "checks.null",
    types.Bool: "checks.boolean",
    types.Int: "checks.integer",
    types.Uint: "cel_wire.uint",
    types.Float: "checks.number",
    types.String: "checks.text",
    types.AnyValue: "checks.anything",
    types.Bytes: "cel_wire.binary",
    types.Timestamp: "cel_wire.timestamp",
    types.Duration: "cel_wire.duration",
}
_ENTRIES = {
    types.Int: "cel_wire.int_entries",
    types.Uint: "cel_wire.uint_entries",
    types.Bool: "cel_wire.bool_entries",
}
RUNTIME = ("checks.", "cel_wire.", "labels.")
"""What the names of validators in the runtime begin with."""

_COMPOUND = types.Record | types.ListType | types.MapType | types.Union | types.AnyValue

_LENGTHS = types.String | types.Bytes | types.ListType | types.MapType


_TOO_DEEP = "(len(path) > 400 and checks.too_deep(path))"
"""A level is at least two characters of a path, and 200 levels are allowed: most paths need not be counted."""


class Validators:
    """Writes the validators of types, each once; `constants`, `functions` and `tables` hold their lines.

    `fields` names the constant with the fields of each record. `recursive` are the types whose values may hold another.
    """

    def __init__(self, names: PackageNames, annotations: Annotations, recursive: frozenset[str]) -> None:
        self._names = names
        self._recursive = recursive
        self._annotations = annotations
        self._functions: dict[str, str] = {}
        self._choices: dict[str, str] = {}
        self.constants: list[list[str]] = []
        self.functions: list[list[str]] = []
        self.tables: list[list[str]] = []
        self.fields: dict[str, str] = {}
        self.imports: set[str] = set()

    def name(self, type: types.Type) -> str:
        """The expression of a type's validator: a function of the module, or one of the runtime."""
        if isinstance(type, types.Record) or (isinstance(type, types.Union) and type.name):
            return self._names.checks[type.name]
        if type.__class__ in _SCALARS:
            return _SCALARS[type.__class__]
        key = str(type)
        if key not in self._functions:
            self._functions[key] = self._names.fresh(f"check_{_words(type)}")
            self._write(type, self._functions[key])
        return self._functions[key]

    def record(self, function: str, record: types.Record, annotation: str) -> None:
        """Write the validator of a record: every declared field is in the result, any other is a problem."""
        fields = self._names.fresh(constant_name(*function.removeprefix("check_").split("_"), "fields"))
        self.fields[record.name] = fields
        known = ast.Call(ast.Name("frozenset"), [ast.Tuple([ast.Constant(name) for name in record.fields])], [])
        text = statement(0, f"{fields} = ", known) if record.fields else f"{fields}: frozenset[str] = frozenset()"
        self.constants.append(text.split("\n"))
        lines = self._head(function, annotation)
        condition = "not isinstance(value, dict)"
        if record.name in self._recursive:
            condition += f" or {_TOO_DEEP}"
        lines += [
            f"    if {condition}:",
            f"        nothing: {annotation} = checks.no_record({string(record.name)}, value, path, errors)",
            "        return nothing",
        ]
        entries = {name: self._field(field) for name, field in record.fields.items()}
        may_lack = any(isinstance(field.type, types.Optional | types.Null) for field in record.fields.values())
        if entries:
            lines += ["    get = value.get"]
        if may_lack:  # else it has the type of the first field that may lack
            self._annotations.typing.add("Any")
            lines += ["    v: Any"]
        made = ast.Dict([ast.Constant(name) for name in entries], list(entries.values()))
        lines += statement(4, f"made: {annotation} = ", made).split("\n")
        if not may_lack:  # as many as there are, and none missing: no other is there
            lines.append(f"    if len(value) != {len(entries)} or errors:")
        else:
            lines.append(f"    if not value.keys() <= {fields}:")
        lines.append(f"        checks.unknown(value, {fields}, path, errors)")
        self.functions.append([*lines, "    return made"])

    def union(self, function: str, union: types.Union, annotation: str) -> None:
        """Write the validator of a union."""
        table = self._names.fresh(constant_name(*function.removeprefix("check_").split("_"), "members"))
        lines = [*self._head(function, annotation), f"    made: {annotation}"]
        if union.name in self._recursive:
            lines += [f"    if {_TOO_DEEP[1:-1]}:", "        made = checks.too_nested(path, errors)"]
            lines += ["        return made"]
        lines += union_lines(union.members, lambda member: self._call(member, "value", "path"), table)
        self.functions.append([*lines, "    return made"])
        if entries := table_lines(union.members, table, annotation, self.name):
            self._annotations.callables = True
            self.tables.append(entries)

    def _head(self, function: str, annotation: str) -> list[str]:
        return head_lines(0, f"def {function}", ["value: object", "path: str", "errors: list[str]"], annotation)

    def _field(self, field: types.Field) -> ast.expr:
        place = string(field.name).replace("{", "{{").replace("}", "}}")[1:-1]
        optional = isinstance(field.type, types.Optional | types.Null)
        if not optional:
            self.imports.add("ABSENT")
        got = f"get({constant(field.name)})" if optional else f"get({constant(field.name)}, ABSENT)"
        return ast.parse(self._decoded(field.type, "v", f'f"{{path}}.{place}"', got), mode="eval").body

    def _decoded(self, type: types.Type, v: str, path: str, source: str = "") -> str:
        """Python text that decodes `v`: at once when it is simply right, by a call otherwise. `source` is what `v` is
        given first, where it has no value yet."""
        first = f"({v} := {source})" if source else v
        quick = self._quick(type, v, first)
        if quick:
            inner = type.inner if isinstance(type, types.Optional) else type
            return f"{v} if {quick} else {self._call(inner, v, path)}"
        if isinstance(type, types.Optional):
            return f"None if {first} is None else {self._call(type.inner, v, path)}"
        return self._call(type, source or v, path)

    def _call(self, type: types.Type, value: str, path: str) -> str:
        if isinstance(type, types.Literal):
            return f"checks.choice({value}, {self._choice(type)}, {path}, errors)"
        return f"{self.name(type)}({value}, {path}, errors)"

    def _quick(self, type: types.Type, v: str, first: str) -> str:
        """A condition under which the value is right as it is; empty when there is no short one."""
        match type:
            case types.Null():
                return f"{first} is None"
            case types.Bool():
                return f"{first} is True or {v} is False"
            case types.Int():
                self.imports |= {"LOWEST", "HIGHEST"}
                return f"type({first}) is int and LOWEST <= {v} <= HIGHEST"
            case types.Float():
                return f"type({first}) is float"
            case types.String():
                return f"type({first}) is str and {v}.isascii()"
            case types.ListType():
                return f"type({first}) is list and not {v}"
            case types.Literal(values=values):
                return f"{first} in {self._choice(type)}" if all(isinstance(value, str) for value in values) else ""
            case types.Optional(inner=inner):
                quick = self._quick(inner, v, v)
                return f"{first} is None or {f'({quick})' if ' and ' in quick else quick}" if quick else ""
            case types.Refined(base=base, refinements=refinements):
                tests = [_bound_test(base, refinement, v) for refinement in refinements]
                quick = self._quick(base, v, first)
                return " and ".join([quick, *tests]) if quick and all(tests) else ""
        return ""

    def _choice(self, type: types.Literal) -> str:
        """The constant that holds the values of a literal type."""
        key = str(type)
        if key not in self._choices:
            words = [str(value) for value in type.values[:3]]
            wanted = (
                constant_name(*words) if all(word.isidentifier() and word.isascii() for word in words) else "CHOICES"
            )
            name = self._choices[key] = self._names.fresh(wanted if len(wanted) <= 40 else "CHOICES")
            self.constants.append(statement(0, f"{name} = ", data(type.values)).split("\n"))
        return self._choices[key]

    def _write(self, type: types.Type, function: str) -> None:
        annotation = self._annotations.of(type)
        if isinstance(type, types.Union):
            self.union(function, type, annotation)
            return
        lines = self._head(function, annotation)
        match type:
            case types.ListType(item=item):
                lines += self._list(item, annotation)
            case types.MapType(value=value, key=key):
                lines += self._map(value, key, annotation)
            case types.Refined():
                lines += self._refined(type)
            case types.Literal():
                lines += self._plain(f"checks.choice(value, {self._choice(type)}, path, errors)", annotation)
            case types.Optional(inner=inner):
                call = self._call(inner, "value", "path")
                lines += self._plain(f"None if value is None else {call}", annotation)
            case _:
                raise TypeError(f"no validator for {type}")
        self.functions.append(lines)

    def _plain(self, text: str, annotation: str) -> list[str]:
        return [
            *statement(4, f"made: {annotation} = ", ast.parse(text, mode="eval").body).split("\n"),
            "    return made",
        ]

    def _list(self, item: types.Type, annotation: str) -> list[str]:
        lines = ["    items = value if type(value) is list else checks.items(value, path, errors)"]
        checked = self._decoded(item, "item", 'f"{path}[{i}]"')
        placed = ast.parse(f"[{checked} for i, item in enumerate(items)]", mode="eval").body
        if not _is_plain(item):
            return [*lines, *statement(4, f"made: {annotation} = ", placed).split("\n"), "    return made"]
        quick = ast.parse(f"[{self._call(item, 'item', 'path')} for item in items]", mode="eval").body
        lines += ["    before = len(errors)", *statement(4, f"made: {annotation} = ", quick).split("\n")]
        lines += ["    if len(errors) > before:  # once more, to say where", "        del errors[before:]"]
        return [*lines, *statement(8, "made = ", placed).split("\n"), "    return made"]

    def _map(self, value: types.Type, key: types.Type, annotation: str) -> list[str]:
        checked = self._decoded(value, "item", 'f"{path}.{key}"')
        body = ast.parse(f"{{key: {checked} for key, item in entries.items()}}", mode="eval").body
        function = _ENTRIES.get(types.base(key).__class__, "checks.entries")
        lines = [f"    entries = {function}(value, path, errors)"]
        return [*lines, *statement(4, f"made: {annotation} = ", body).split("\n"), "    return made"]

    def _refined(self, type: types.Refined) -> list[str]:
        annotation = self._annotations.of(type)
        label = next((one.name for one in type.refinements if one.hides), "")
        lines: list[str] = []
        if label:  # whatever else is asked of the value was true before it was hidden
            lines += [f"    hidden = labels.found(value, {constant(label)})", "    if hidden is not None:"]
            lines.append("        return hidden")
        bounds = [line for refinement in type.refinements for line in _bound_calls(type.base, refinement)]
        call = self._call(type.base, "value", "path")
        if bounds:
            lines += [
                "    before = len(errors)",
                f"    made: {annotation} = {call}",
                "    if len(errors) == before:",
                *bounds,
            ]
        else:
            lines.append(f"    {call}" if label else f"    made: {annotation} = {call}")
        return [*lines, f"    return labels.hidden({constant(label)}, path)" if label else "    return made"]


def _bound_test(base: types.Type, refinement: types.Refinement, v: str) -> str:
    subject = f"len({v})" if isinstance(base, _LENGTHS) else v
    match refinement.name, tuple(map(constant, refinement.arguments)):
        case "min", (least,):
            return f"{subject} >= {least}"
        case "max", (most,):
            return f"{subject} <= {most}"
        case "range", (least, most):
            return f"{least} <= {subject} <= {most}"
    return ""


def _bound_calls(base: types.Type, refinement: types.Refinement) -> list[str]:
    if refinement.name in types.LABELS:
        return []
    least, most = ("long_enough", "short_enough") if isinstance(base, _LENGTHS) else ("at_least", "at_most")
    functions = {"min": (least,), "max": (most,), "range": (least, most), "pattern": ("fits",)}[refinement.name]
    pairs = zip(functions, refinement.arguments, strict=True)
    return [f"        checks.{function}(made, {constant(argument)}, path, errors)" for function, argument in pairs]


def _is_plain(type: types.Type) -> bool:
    """Whether a value is a record without lists, maps, records and unions in it, or a union of such."""
    if isinstance(type, types.Union):
        return all(map(_is_plain, type.members))
    if not isinstance(type, types.Record):
        return False
    inner = [field.type for field in type.fields.values()]
    inner = [types.base(part.inner if isinstance(part, types.Optional) else part) for part in inner]
    return not any(isinstance(part, _COMPOUND) for part in inner)


def is_labelled(type: types.Type) -> bool:
    """Whether a value of the type may be or hold one that is hidden."""
    return any(map(types.is_hidden, (type, *_parts(type))))


def mentions(type: types.Type, classes: UnionType) -> bool:
    """Whether a value of the type may be or hold one of a type of these classes."""
    return any(isinstance(part, classes) for part in (type, *_parts(type)))


def _parts(type: types.Type) -> Iterator[types.Type]:
    """The types inside a type, each record's once."""
    seen: set[str] = set()
    waiting = _inside(type)
    while waiting:
        part = waiting.pop()
        if isinstance(part, types.Record | types.Union) and part.name:
            if part.name in seen:
                continue
            seen.add(part.name)
        waiting += _inside(part)
        yield part


def _inside(type: types.Type) -> list[types.Type]:
    match type:
        case types.Record(fields=fields):
            return [field.type for field in fields.values()]
        case types.Union(members=members):
            return list(members)
        case types.ListType(item=inner) | types.Optional(inner=inner) | types.Refined(base=inner):
            return [inner]
        case types.MapType(value=value, key=key):
            return [key, value]
    return []


def _words(type: types.Type) -> str:
    """A few words for the name of a function."""
    match type:
        case types.Record(name=name):
            return snake(name)
        case types.Union(members=members, name=name):
            return snake(name) if name else "_or_".join(map(_words, members))[:60].rstrip("_")
        case types.ListType(item=item):
            return f"{_words(item)}_list"[-60:]
        case types.MapType(value=value):
            return f"{_words(value)}_map"[-60:]
        case types.Optional(inner=inner):
            return f"optional_{_words(inner)}"[:60]
        case types.Literal():
            return "choice"
        case types.Refined(base=base):
            return f"bounded_{_words(base)}"[:60]
    return str(type)
