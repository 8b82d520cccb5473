"""A program: modules, what they declare, and who may see what."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from agent_lattice import plan
from agent_lattice.diagnostics import Code, Label, Report, did_you_mean
from agent_lattice.records import field, record
from agent_lattice.source import Source, Span
from agent_lattice.tree import Name
from agent_lattice.types import UNKNOWN, Record, Type, Union

if TYPE_CHECKING:
    from agent_lattice.surface import Surface

CYCLE = Code("LAT1204", "declaration-cycle")
UNKNOWN_NAME = Code("LAT1201", "unknown-name")
WRONG_SORT = Code("LAT1202", "wrong-sort-of-name")

Files = Callable[[str], bytes | None]
"""Reads a file by its path relative to the main source (POSIX, normalised); None when there is none."""

Surfaces = Callable[[str], "Surface | None"]
"""The snapshot of an MCP server by its key (`surface.server_key`); None when there is none."""


def no_surfaces(key: str) -> Surface | None:
    """Where there is no lock."""
    return None


@record(frozen=False)
class Symbol:
    """A declared name. `value` is what the rest of the program sees of it (a type, a plan noun), made on first use."""

    name: str
    sort: str
    span: Span
    module: Module
    declaration: Any
    unique: str = ""
    value: Any = None
    state: str = "new"
    used: bool = False

    def resolve(self, report: Report) -> Any:
        """The declaration's signature; a declaration that needs itself is reported once and resolves to None."""
        if self.state == "resolving" and self.value is None:
            report.add(
                CYCLE,
                f"`{self.name}` is defined by itself",
                self.span,
                help="a type may mention itself in a field of a record, and in a list or map of a union",
            )
            self.state = "done"
        if self.state == "new":
            self.state = "resolving"
            self.value = self.declaration.signature(self, report) or self.value
            self.state = "done"
        return self.value


@record(frozen=False)
class Module:
    """One source file: its tree and the names visible in it (declared and imported)."""

    source: Source
    declarations: list[Any]
    symbols: dict[str, Symbol] = field(default_factory=dict)
    poisoned: set[str] = field(default_factory=set)
    unclear: set[str] = field(default_factory=set)
    """Workflows that were not understood in full, by their unique names."""
    bindings: dict[str, list[Any]] = field(default_factory=dict)
    """The names of the bodies of its workflows (`kind.Binding`), by the workflows' unique names."""
    files: Files = lambda path: None
    surfaces: Surfaces = no_surfaces
    made: list[Record | Union] = field(default_factory=list)
    """Types that no declaration names: of tools that are taken as a snapshot describes them."""
    taken: set[str] = field(default_factory=set)
    """Names of all declarations of the program, for such records to keep away from."""
    unions: list[tuple[Union, Span]] = field(default_factory=list)
    """Unions whose members are still to be compared, and where they are written."""
    operations: dict[str, dict[str, plan.Operation]] = field(default_factory=dict)
    """Operations by the name of their tool here and their own; a tool is added when it is first called."""

    @property
    def folder(self) -> PurePosixPath:
        return PurePosixPath(self.source.name).parent

    def find(self, name: Name, sort: str, report: Report) -> Any:
        """The value of a visible name of the given sort, or None when that is reported."""
        symbol = self.symbols.get(name.text)
        if symbol is None:
            self._unknown(name, sort, report)
            return None
        symbol.used = True
        if symbol.sort != sort:
            report.add(
                WRONG_SORT,
                f"`{name}` is a {symbol.sort}, not a {sort}",
                name.span,
                related=(Label(symbol.span, f"declared here as a {symbol.sort}"),),
            )
            return None
        return symbol.resolve(report)

    def type_named(self, name: Name, report: Report) -> Type:
        found = self.find(name, "type", report)
        return found if isinstance(found, Type) else UNKNOWN

    def of_sort(self, sort: str) -> Iterable[Symbol]:
        """Symbols of one sort that this module declares itself, in source order."""
        own = {id(declaration) for declaration in self.declarations}
        return [s for s in self.symbols.values() if s.sort == sort and id(s.declaration) in own]

    def main_workflow(self) -> str | None:
        """The workflow to run when nobody says which: the one named as the file, else the only one that no other calls."""
        own: dict[str, plan.Workflow] = {symbol.name: symbol.value for symbol in self.of_sort("workflow")}
        stem = PurePosixPath(self.source.name).stem.removesuffix(".lat")  # `support.lat.yaml` is named as `support.lat`
        bodies = (workflow.body for workflow in own.values())
        called = {op.workflow for body in bodies for op in plan.walk(body) if isinstance(op, plan.Call)}
        free = [name for name, workflow in own.items() if workflow.name not in called]
        return stem if stem in own else free[0] if len(free) == 1 else None

    def _unknown(self, name: Name, sort: str, report: Report) -> None:
        if name.text in self.poisoned:
            return
        candidates = [symbol.name for symbol in self.symbols.values() if symbol.sort == sort]
        help, fix = did_you_mean(name.text, candidates, name.span)
        known = ", ".join(f"`{known}`" for known in sorted(candidates)[:5])
        notes = (f"declared: {known}",) if known and not help else ()
        report.add(UNKNOWN_NAME, f"unknown {sort} `{name}`", name.span, help=help, fix=fix, notes=notes)


@record(frozen=False)
class Program:
    """A checked program: the main module first, then the others in the order in which imports reach them."""

    modules: list[Module]
    records: list[Any] = field(default_factory=list)
    unions: list[Union] = field(default_factory=list)
    """Those that have a name."""
    workflows: dict[str, plan.Workflow] = field(default_factory=dict)
    tests: list[plan.Test] = field(default_factory=list)
    python_files: dict[str, str] = field(default_factory=dict)
    replies: dict[str, str] = field(default_factory=dict)

    @property
    def main(self) -> Module:
        return self.modules[0]
