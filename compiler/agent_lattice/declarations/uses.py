"""`mock turn finding use docs.search(query: "x")`: in a test, the calls that an agent's model asks for."""

from __future__ import annotations

from collections.abc import Iterable

from agent_lattice import plan
from agent_lattice.declarations.doubles import Targets
from agent_lattice.diagnostics import Code, did_you_mean
from agent_lattice.expr.tree import shown
from agent_lattice.fitting import bind
from agent_lattice.kind import Scope
from agent_lattice.layout import Doc, Listed
from agent_lattice.records import field, record
from agent_lattice.source import NOWHERE, Span
from agent_lattice.tree import Arg, Name, Parts

MISPLACED_USE = Code("LAT2254", "misplaced-use")
UNKNOWN_USE = Code("LAT2255", "use-of-no-tool")


@record
class UseNode:
    """One call: `docs.search(query: "x")`."""

    tool: Name
    operation: Name
    args: tuple[Arg, ...]
    span: Span = field(default=NOWHERE, compare=False)

    @classmethod
    def read(cls, parts: Parts) -> UseNode:
        tool, operation = parts.names()
        return cls(tool, operation, tuple(parts.maybe(list) or []), parts.span)

    @property
    def shown(self) -> Doc:
        items = tuple((f"{arg.name}: ", shown(arg.value)) if arg.name else shown(arg.value) for arg in self.args)
        places = tuple(arg.span for arg in self.args)
        span = self.operation.span.after().to(self.span)
        return (f"{self.tool}.{self.operation}", Listed("(", items, ")", places=places, span=span))


def bound_uses(
    nodes: Iterable[UseNode], sort: str, path: tuple[Name, ...], targets: Targets, scope: Scope
) -> tuple[plan.Use, ...]:
    """The calls by the names that the model of the step `path` knows; what it cannot call is reported."""
    nodes = tuple(nodes)
    if nodes and sort != "turn":
        step = ".".join(map(str, path))
        scope.report.add(
            MISPLACED_USE,
            "only the model of an agent uses tools",
            nodes[0].span,
            help=f"say what a turn of it asks for: `mock turn {step} use …`",
        )
        return ()
    agent = targets.agent(path)
    found = (_use(node, agent, targets, scope) for node in nodes) if agent else ()
    return tuple(use for use in found if use is not None)


def _use(node: UseNode, agent: plan.Agent, targets: Targets, scope: Scope) -> plan.Use | None:
    callee, path = f"{node.tool}.{node.operation}", (node.tool, node.operation)
    operation = targets.operation(path)
    unique = targets.unique("", path)
    offer = next((offer for offer in agent.offers if offer.operation == unique), None)
    if operation is None or offer is None:
        known = [offer.operation for offer in agent.offers]
        span = node.tool.span.to(node.operation.span)
        help, fix = did_you_mean(callee, known, span)
        listed = ", ".join(f"`{name}`" for name in known)
        message = f"`{agent.name}` may not call `{callee}`"
        scope.report.add(UNKNOWN_USE, message, span, help=help or f"it may call {listed}", fix=fix)
        return None
    return plan.Use(offer.name, bind(node.args, operation.params, scope, scope.report, callee, node.span))
