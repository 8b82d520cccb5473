"""How what an MCP server offers differs from the snapshot of it, in words."""

from __future__ import annotations

from collections.abc import Iterator

from agent_lattice.schema_kinds import Schema
from agent_lattice.surface import Surface, ToolShape, same_json


def surface_drift(old: Surface, new: Surface) -> Iterator[str]:
    """A sentence for each difference, nothing when there is none."""
    if old.protocol != new.protocol:
        yield f"the protocol changed: {old.protocol} → {new.protocol}"
    for name in sorted({*old.tools, *new.tools}):
        before, after = old.tools.get(name), new.tools.get(name)
        if before is None:
            yield f"`{name}` is new"
        elif after is None:
            yield f"`{name}` is gone"
        else:
            yield from (f"`{name}` {what}" for what in _tool_drift(before, after))


def _tool_drift(before: ToolShape, after: ToolShape) -> Iterator[str]:
    if not same_json(before.input, after.input):
        told = list(_input_drift(Schema(before.input), Schema(after.input)))
        yield from told or ["takes its arguments under another schema"]
    if not same_json(before.output, after.output):
        yield "gives another result" if before.output is not None else "now says the type of its result"
    if before.prose != after.prose:
        yield "is described in other words: read them before a model does"


def _input_drift(before: Schema, after: Schema) -> Iterator[str]:
    old, new = before.properties, after.properties
    for name in sorted({*old, *new}):
        needed = name in after.required
        if name not in new:
            yield f"no longer takes `{name}`"
        elif name not in old:
            yield f"takes `{name}`, too" if not needed else f"now needs `{name}`"
        elif needed and name not in before.required:
            yield f"now needs `{name}`"
        elif old[name].kinds() != new[name].kinds():
            yield f"takes `{name}` as another type"
        elif not same_json(old[name].value, new[name].value):
            yield f"takes `{name}` under another schema"
