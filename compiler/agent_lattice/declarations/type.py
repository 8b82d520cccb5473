"""`type Order { id: string  total: float @min(0) }` and `type Verdict = "yes" | "no"`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from agent_lattice.annotations import (
    Annotation,
    UnionType,
    annotation,
    is_nullable,
    is_union,
    maybe_annotation,
    resolve,
    union_type,
)
from agent_lattice.diagnostics import Code, Label, Report
from agent_lattice.kind import Declaration
from agent_lattice.printer import Braces, Printer
from agent_lattice.program import CYCLE, Module, Symbol
from agent_lattice.records import field, record
from agent_lattice.source import NOWHERE, Span
from agent_lattice.tree import Junk, Name, Parts, Reader
from agent_lattice.type_graph import hollow
from agent_lattice.types import Field, Optional, Record, Type, Union, optional

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
            return self._alias(self.alias, symbol, report)
        return Record(symbol.unique, {}, self.doc)

    def fill(self, symbol: Symbol, report: Report) -> None:
        """Resolve the fields of a record, when all types are known by name: chains of records are of any length."""
        record = symbol.value
        if self.alias is not None or not isinstance(record, Record):
            return
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

    def _alias(self, alias: Annotation, symbol: Symbol, report: Report) -> Type:
        """A union is known under its name before its members are: they may mention it."""
        if not isinstance(alias, UnionType) or not is_union(alias):
            return resolve(alias, symbol.module, report)
        union = Union([], symbol.unique, self.doc, nullable=is_nullable(alias, symbol.module))
        symbol.value = optional(union) if union.nullable else union
        return union_type(alias, symbol.module, report, union)

    def check(self, module: Module, report: Report) -> Any:
        """The record or union that it declares, or None for another name of a type."""
        symbol = module.symbols[self.name.text]
        inner = symbol.value.inner if isinstance(symbol.value, Optional) else symbol.value
        return inner if isinstance(inner, Record | Union) and inner.name == symbol.unique else None


def report_hollow(records: Iterable[Record], report: Report) -> None:
    """Report the records that always contain themselves: they have no values."""
    for found, path in hollow(list(records)):
        report.add(
            CYCLE,
            f"`{found}` always contains itself, so it has no values",
            found.fields[path[0]].span,
            notes=(f"through `{found}.{'.'.join(path)}`",),
            help="make the field optional: `T?`, or a list",
        )


DECLARATION: type[Declaration] = TypeDeclaration
