"""What a package offers to other programs beside its workflow: what it is in words and as a graph, and its operations."""

from __future__ import annotations

from .checks import ABSENT, expected, unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from .effects import Op
    from .models import Check

    Schema = Mapping[str, Any]


class Operation:
    """An operation as others may call it. `checks` has a validator for each parameter, `input` and `output` are the JSON
    Schemas of its arguments and its result."""

    __slots__ = ("checks", "doc", "input", "op", "output")

    def __init__(self, op: Op, *, doc: str, checks: Mapping[str, Check], input: Schema, output: Schema) -> None:
        self.op = op
        self.doc = doc
        self.checks = checks
        self.input = input
        self.output = output

    def check(self, value: object, path: str, errors: list[str]) -> dict[str, Any]:
        """The validator of its arguments, an object by parameter name."""
        if not isinstance(value, dict):
            expected("object", value, path, errors)
            return {}
        required = self.input["required"]
        made = {}
        for name, check in self.checks.items():
            given = value.get(name, ABSENT if name in required else None)
            made[name] = check(given, f"{path}.{name}", errors)
        unknown(value, self.checks.keys(), path, errors)
        return made


class Served:
    """`doc` is the description of the workflow, `graph` a Mermaid flowchart of it."""

    __slots__ = ("doc", "graph", "operations")

    def __init__(self, *, doc: str, graph: str, operations: Sequence[Operation]) -> None:
        self.doc = doc
        self.graph = graph
        self.operations = operations
