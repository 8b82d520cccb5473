"""What a node of a graph sees of the other nodes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from agent_lattice.kind import Binding

if TYPE_CHECKING:
    from agent_lattice.declarations.graph_flow import FlowChecker


class Elsewhere(dict[str, Binding]):
    """The names that other nodes define, by name; a binding is made when it is looked up. Values that may not be there
    when the node starts are optional."""

    def __init__(self, flow: FlowChecker, place: int) -> None:
        super().__init__()
        self._flow = flow
        self._place = place

    def __contains__(self, name: object) -> bool:
        return self._flow.edges.defined.get(str(name), self._place) != self._place

    def __getitem__(self, name: str) -> Binding:
        type, alias = self._flow.type_elsewhere(name, self._place)
        node = self._flow.edges.nodes[self._flow.edges.defined[name]]
        return Binding(name, type, node.span, "step result", 0, alias=alias)

    def __iter__(self) -> Iterator[str]:
        return iter(self._flow.edges.defined)
