"""`graph support(ticket: Ticket) -> Reply { … }`: nodes and the guarded edges between them, cycles allowed when bounded."""

from __future__ import annotations

from typing import Any, ClassVar

from agent_lattice.annotations import annotation
from agent_lattice.declarations.graph_edges import Edge, NodeBlock
from agent_lattice.declarations.graph_flow import checked_flow
from agent_lattice.declarations.operations import read_params
from agent_lattice.declarations.workflow import Workflow
from agent_lattice.diagnostics import Report
from agent_lattice.expr.tree import Expr
from agent_lattice.kind import Body, Declaration, Scope
from agent_lattice.kinds.budget import Budget
from agent_lattice.kinds.fail import Fail
from agent_lattice.kinds.result import Return
from agent_lattice.program import Module
from agent_lattice.records import record, replace
from agent_lattice.source import Span
from agent_lattice.tree import Block, Bound, Name, Parts, Reader


@record
class _Otherwise:
    """`when e`, `otherwise` or `on timeout, auth`, as read."""

    guard: Expr | None
    codes: tuple[Name, ...]
    span: Span


@record
class _Target:
    names: tuple[Name, ...]
    leaf: Any
    span: Span


def _read_edge(parts: Parts) -> Edge:
    sources = tuple(parts.names())
    target, clause, bound = parts.one(_Target), parts.maybe(_Otherwise), parts.maybe(Bound)
    guard, codes = (clause.guard, clause.codes) if clause else (None, ())
    otherwise = clause is not None and guard is None and not codes
    return Edge(sources, target.names, target.leaf, guard, otherwise, codes, bound, parts.span)


def _read_target(parts: Parts) -> _Target:
    return _Target(tuple(parts.names()), parts.maybe(Return) or parts.maybe(Fail), parts.span)


@record
class Graph(Workflow):
    word: ClassVar[str] = "graph"
    summary: ClassVar[str] = "nodes and guarded edges from typed parameters to a typed result; cycles are bounded"
    syntax: ClassVar[str] = """
        %extend declaration: graph
        graph: "graph" NAME "(" (param ("," param)* ","?)? ")" "->" type graph_body
        graph_body: "{" (statement | node_block | edge)* "}"
        node_block: "node" NAME block
        edge: NAME ("," NAME)* "->" edge_target edge_clause? at_most?
        edge_target: NAME ("," NAME)* | return_statement | fail
        edge_clause: "when" expr | "otherwise" | "on" NAME ("," NAME)*
    """
    keys: ClassVar[dict[str, tuple[str, ...]]] = {
        "graph": ("@", "params", "output", ""),
        "edge": ("from", "", "", ""),
        "edge_target": ("to", "", ""),
    }
    readers: ClassVar[dict[str, Reader]] = {
        "graph": lambda parts: Graph(
            parts.name(), read_params(parts), annotation(parts), parts.one(Block), span=parts.span
        ),
        "graph_body": lambda parts: Block(tuple(child for child in parts if hasattr(child, "span")), parts.span),
        "node_block": lambda parts: NodeBlock(parts.name(), parts.one(Block), parts.span),
        "edge": _read_edge,
        "edge_target": _read_target,
        "edge_clause": lambda parts: _Otherwise(parts.maybe(Expr), tuple(parts.names()), parts.span),
    }

    def check(self, module: Module, report: Report) -> Any:
        workflow = module.symbols[self.name.text].value
        statements = self.body.statements
        body = Body(module, report, workflow.type, self.name.text, opening=next(iter(statements), None))
        nodes = {node.name.text: node for node in reversed(self.params)}

        def scope(into: Report) -> Scope:
            made = Scope(replace(body, report=into, bindings=[]))
            for param in workflow.params:
                made.define(nodes[param.name].name, param.type, "parameter")
            return made

        for statement in statements:
            if isinstance(statement, Budget):
                statement.check(Scope(body))
        flow, bindings, unclear = checked_flow(statements, workflow.type, self.name, scope, report)
        if unclear:
            module.unclear.add(workflow.name)
        module.bindings[workflow.name] = bindings
        ops = (*flow.variables, *(op for node in flow.nodes for op in node.body))
        return replace(workflow, body=ops, flow=flow, budget=body.budget[0] if body.budget else None)


DECLARATION: type[Declaration] = Graph
