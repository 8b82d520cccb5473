"""Types as Python annotations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from agent_lattice import types

from agent_lattice_targets.python.layout import WIDTH
from agent_lattice_targets.python.literals import constant


class Annotations:
    """Writes annotations and remembers what they need imported. `classes` gives the Python name of each record and named union."""

    def __init__(self, classes: Mapping[str, str]) -> None:
        self._classes = classes
        self.typing: set[str] = set()
        self.callables = False
        self.records: set[str] = set()

    def of(self, type: types.Type) -> str:
        match type:
            case types.Null():
                return "None"
            case types.Bool():
                return "bool"
            case types.Int() | types.Uint():
                return "int"
            case types.Float():
                return "float"
            case types.String():
                return "str"
            case types.Bytes():
                return "bytes"
            case types.Timestamp():
                return "cel_time.Timestamp"
            case types.Duration():
                return "cel_time.Duration"
            case types.Literal(values=values):
                self.typing.add("Literal")
                return f"Literal[{', '.join(map(constant, values))}]"
            case types.ListType(item=item):
                return f"list[{self.of(item)}]"
            case types.MapType(value=value, key=key):
                return f"dict[{self.of(key)}, {self.of(value)}]"
            case types.Optional(inner=inner):
                return f"{self.of(inner)} | None"
            case types.Refined(base=base):
                return self.of(base)
            case types.Record(name=name):
                self.records.add(self._classes[name])
                return self._classes[name]
            case types.Union(name=str() as name) if name:
                self.records.add(self._classes[name])
                return self._classes[name]
            case types.Union(members=members):
                return " | ".join(map(self.of, members))
            case types.AnyValue():
                return "object"
        self.typing.add("Any")
        return "Any"

    def quoted(self, type: types.Type) -> str:
        """An annotation where Python evaluates it: under a name that may not be there yet."""
        before, self.records = self.records, set()
        text = self.of(type)
        named, self.records = self.records, before | self.records
        return constant(text) if named else text


def import_line(module: str, names: Iterable[str], indent: int = 0) -> str:
    """`from module import …` with the names in the order of the usual sorters, opened when it is long."""
    ordered = sorted(names, key=_member_key)
    line = f"{' ' * indent}from {module} import {', '.join(ordered)}"
    if len(line) <= WIDTH:
        return line
    inside = "".join(f"{' ' * (indent + 4)}{name},\n" for name in ordered)
    return f"{' ' * indent}from {module} import (\n{inside}{' ' * indent})"


def _member_key(name: str) -> tuple[int, list[tuple[int, int]], str]:
    """Constants, then classes, then the rest; numbers inside names by their value."""
    sort = 0 if len(name) > 1 and name.isupper() else 1 if name[:1].isupper() else 2
    parts = re.findall(r"\d+|\D", name.lower())
    return sort, [(0, int(part)) if part.isdigit() else (1, ord(part)) for part in parts], name
