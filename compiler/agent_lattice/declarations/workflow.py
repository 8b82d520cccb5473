"""`workflow refund(order_id: string) -> Outcome { … }`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from agent_lattice import plan
from agent_lattice.annotations import Annotation, annotation, resolve
from agent_lattice.declarations.operations import ParamNode, params_of, read_params, show_params
from agent_lattice.diagnostics import Report
from agent_lattice.kind import Body, Declaration, Scope
from agent_lattice.printer import Printer
from agent_lattice.program import Module, Symbol
from agent_lattice.records import field, record, replace
from agent_lattice.source import NOWHERE, Span
from agent_lattice.tree import Block, Name, Reader


@record
class Workflow:
    word: ClassVar[str] = "workflow"
    summary: ClassVar[str] = "steps from typed parameters to a typed result; text order is execution order"
    syntax: ClassVar[str] = """
        %extend declaration: workflow
        workflow: "workflow" NAME "(" (param ("," param)* ","?)? ")" "->" type block
    """
    keys: ClassVar[dict[str, tuple[str, ...]]] = {
        "workflow": ("@", "params", "output", "body"),
    }
    readers: ClassVar[dict[str, Reader]] = {
        "workflow": lambda parts: Workflow(
            parts.name(), read_params(parts), annotation(parts), parts.one(Block), span=parts.span
        )
    }
    sort: ClassVar[str] = "workflow"

    name: Name
    params: tuple[ParamNode, ...]
    type: Annotation
    body: Block
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)

    def show(self, out: Printer) -> None:
        out.doc(self.doc)
        out.block(
            (f"{self.word} {self.name}", show_params(self.params, self.name, self.type), " -> ", self.type.shown),
            self.body,
        )

    def names(self) -> Iterable[Name]:
        return (self.name,)

    def signature(self, symbol: Symbol, report: Report) -> Any:
        params = params_of(self.params, symbol.module, report, given=True)
        type = resolve(self.type, symbol.module, report)
        return plan.Workflow(symbol.unique, params, type, (), self.doc, self.name.span)

    def check(self, module: Module, report: Report) -> Any:
        workflow = module.symbols[self.name.text].value
        scope = Scope(
            Body(module, report, workflow.type, self.name.text, opening=next(iter(self.body.statements), None))
        )
        nodes = {node.name.text: node for node in reversed(self.params)}
        for param in workflow.params:
            scope.define(nodes[param.name].name, param.type, "parameter")
        body = scope.block(self.body.statements)
        if scope.body.unclear:
            module.unclear.add(workflow.name)
        module.bindings[workflow.name] = scope.body.bindings
        return replace(workflow, body=body, budget=scope.body.budget[0] if scope.body.budget else None)


DECLARATION: type[Declaration] = Workflow
