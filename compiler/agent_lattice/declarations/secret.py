"""`secret BANK_TOKEN`: a value read from the environment when it is used, never stored, never logged."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from agent_lattice.diagnostics import Report
from agent_lattice.kind import Declaration
from agent_lattice.printer import Printer
from agent_lattice.program import Module, Symbol
from agent_lattice.records import field, record
from agent_lattice.source import NOWHERE, Span
from agent_lattice.tree import Name, Reader


@record
class Secret:
    word: ClassVar[str] = "secret"
    summary: ClassVar[str] = (
        "a value read from the environment variable of that name when it is used; never stored, never logged"
    )
    syntax: ClassVar[str] = """
        %extend declaration: secret
        secret: "secret" TYPE_NAME
    """
    readers: ClassVar[dict[str, Reader]] = {"secret": lambda parts: Secret(parts.name("TYPE_NAME"), span=parts.span)}
    sort: ClassVar[str] = "secret"

    name: Name
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)

    def show(self, out: Printer) -> None:
        out.doc(self.doc)
        out.line(f"secret {self.name}")

    def names(self) -> Iterable[Name]:
        return (self.name,)

    def signature(self, symbol: Symbol, report: Report) -> Any:
        return self.name.text

    def check(self, module: Module, report: Report) -> Any:
        return self.name.text


DECLARATION: type[Declaration] = Secret
