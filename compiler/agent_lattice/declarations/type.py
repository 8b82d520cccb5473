"""`type Order { id: string  total: float @min(0) }` and `type Verdict = "yes" | "no"`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from agent_lattice.annotations import Annotation, annotation, maybe_annotation, resolve
from agent_lattice.diagnostics import Code, Label, Report
from agent_lattice.kind import Declaration
from agent_lattice.printer import Braces, Printer
from agent_lattice.program import CYCLE, Module, Symbol
from agent_lattice.records import field, record
from agent_lattice.source import NOWHERE, Span
from agent_lattice.tree import Junk, Name, Parts, Reader
from agent_lattice.types import Field, Record, Refined, Type

REPEATED_FIELD = Code("LAT1213", "repeated-field")


@record
class FieldNode:
    """`name: type`."""

    name: Name
    type: Annotation
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)

    def show(self, out: Printer) -> None:
        out.doc(self.doc)
        out.line(f"{self.name}: ", self.type.shown)


@record
class TypeDeclaration:
    word: ClassVar[str] = "type"
    summary: ClassVar[str] = "a named record, or a name for another type"
    syntax: ClassVar[str] = """
        %extend declaration: type_declaration
        type_declaration: "type" TYPE_NAME ("=" type | "{" (field ","? | junk)* "}")
        field: NAME ":" type
    """
    readers: ClassVar[dict[str, Reader]] = {
        "type_declaration": lambda parts: TypeDeclaration.read(parts),
        "field": lambda parts: FieldNode(parts.name(), annotation(parts), span=parts.span),
    }
    sort: ClassVar[str] = "type"

    name: Name
    alias: Annotation | None
    fields: tuple[FieldNode | Junk, ...]
    doc: str = ""
    braces: Span = field(default=NOWHERE, compare=False)
    span: Span = field(default=NOWHERE, compare=False)

    @classmethod
    def read(cls, parts: Parts) -> TypeDeclaration:
        fields = tuple(child for child in parts if isinstance(child, FieldNode | Junk))
        return cls(parts.name("TYPE_NAME"), maybe_annotation(parts), fields, braces=parts.braces, span=parts.span)

    def show(self, out: Printer) -> None:
        out.doc(self.doc)
        if self.alias is not None:
            out.line(f"type {self.name} = ", self.alias.shown)
        else:
            out.blocks(Braces(f"type {self.name}", self.fields, self.braces, between=", "))

    def names(self) -> Iterable[Name]:
        return (self.name,)

    def signature(self, symbol: Symbol, report: Report) -> Any:
        if self.alias is not None:
            return resolve(self.alias, symbol.module, report)
        record = Record(symbol.unique, {}, self.doc)
        symbol.value = record
        seen: dict[str, Span] = {}
        for node in (item for item in self.fields if isinstance(item, FieldNode)):
            name = node.name.text
            if name in seen:
                report.add(
                    REPEATED_FIELD,
                    f"the field `{name}` stands twice",
                    node.name.span,
                    related=(Label(seen[name], "first here"),),
                )
                continue
            seen[name] = node.name.span
            record.fields[name] = Field(name, resolve(node.type, symbol.module, report), node.doc, node.span)
        return record

    def check(self, module: Module, report: Report) -> Any:
        """A record that always contains itself has no values."""
        value = module.symbols[self.name.text].value
        if isinstance(value, Record) and (path := _self_path(value)):
            start = value.fields[path[0]].span
            shown = ".".join(path)
            report.add(
                CYCLE,
                f"`{self.name}` always contains itself, so it has no values",
                start,
                notes=(f"through `{self.name}.{shown}`",),
                help="make the field optional: `T?`, or a list",
            )
        return value


def _self_path(record: Record) -> list[str] | None:
    """Fields that lead from a record to itself through required fields, by breadth first."""
    seen: set[str] = set()
    queue: list[tuple[Record, list[str]]] = [(record, [])]
    for current, path in queue:
        for name, inner in _required(current):
            if inner == record:
                return [*path, name]
            if inner.name not in seen:
                seen.add(inner.name)
                queue.append((inner, [*path, name]))
    return None


def _required(record: Record) -> Iterator[tuple[str, Record]]:
    for item in record.fields.values():
        type: Type = item.type.base if isinstance(item.type, Refined) else item.type
        if isinstance(type, Record):
            yield item.name, type


DECLARATION: type[Declaration] = TypeDeclaration
