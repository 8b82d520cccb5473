"""`import { Order, shop } from "./shop.lat"`: use what another file declares."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any, ClassVar

from agent_lattice.annotations import unquote
from agent_lattice.diagnostics import Report
from agent_lattice.kind import Declaration
from agent_lattice.layout import Listed
from agent_lattice.printer import Printer
from agent_lattice.program import Module, Symbol
from agent_lattice.records import field, record
from agent_lattice.source import NOWHERE, Span
from agent_lattice.tree import Name, Reader, Text


@record
class Import:
    word: ClassVar[str] = "import"
    summary: ClassVar[str] = "use what another file declares; the path is relative to this file"
    syntax: ClassVar[str] = """
        %extend declaration: import_declaration
        import_declaration: "import" "{" (imported ("," imported)* ","?)? "}" "from" text
        ?imported: NAME -> imported | TYPE_NAME -> imported
    """
    keys: ClassVar[dict[str, tuple[str, ...]]] = {
        "import_declaration": ("names", "from"),
    }
    readers: ClassVar[dict[str, Reader]] = {
        "import_declaration": lambda parts: Import(tuple(parts.all(Name)), parts.one(Text), parts.span),
        "imported": lambda parts: parts.name("NAME", "TYPE_NAME"),
    }
    sort: ClassVar[str] = ""

    imported: tuple[Name, ...]
    path: Text
    span: Span = field(default=NOWHERE, compare=False)

    def show(self, out: Printer) -> None:
        places, within = tuple(name.span for name in self.imported), self.span.before().to(self.path.span.before())
        names = Listed("{", tuple(map(str, self.imported)), "}", pad=" ", places=places, span=within)
        out.line("import ", names, f" from {self.path.raw}")

    def target(self, folder: PurePosixPath) -> str:
        """The imported file by its path relative to the main source, normalised."""
        parts: list[str] = []
        for part in (folder / unquote(self.path.raw)).parts:
            if part == ".." and parts and parts[-1] != "..":
                parts.pop()
            elif part != ".":
                parts.append(part)
        return "/".join(parts)

    def names(self) -> Iterable[Name]:
        return ()

    def signature(self, symbol: Symbol, report: Report) -> Any:
        return None

    def check(self, module: Module, report: Report) -> Any:
        return None


DECLARATION: type[Declaration] = Import
