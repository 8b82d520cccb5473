"""The surface of an MCP server: its tools with their schemas, as `lattice mcp` saw it and the lock keeps it.

Prose of the server (titles, descriptions, examples) is kept as a digest only: whether it changed must show, but nobody, and no model,
should read a stranger's words out of a lock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from agent_lattice.plan import EnvRef, ToolSet
from agent_lattice.records import record

DEEPEST = 60
"""How deep a schema may nest."""
MOST_TOOLS = 2_000

_PROSE = ("title", "description", "$comment", "examples", "markdownDescription")
_ONE = frozenset(
    {
        "additionalItems", "additionalProperties", "contains", "contentSchema", "else", "if", "items", "not", "propertyNames",
        "then", "unevaluatedItems", "unevaluatedProperties",
    }
)  # fmt: skip
_SEVERAL = frozenset({"allOf", "anyOf", "items", "oneOf", "prefixItems"})
_NAMED = frozenset({"$defs", "definitions", "dependentSchemas", "patternProperties", "properties"})


@record
class ToolShape:
    """A tool of a server: the schemas of its arguments and its structured result (None without), and a digest of its prose."""

    input: Any
    output: Any
    prose: str

    def __eq__(self, other: object) -> bool:
        """As JSON: `false` is not 0, as it is to Python."""
        return isinstance(other, ToolShape) and same_json(self._all, other._all)

    __hash__ = None  # type: ignore[assignment]

    @property
    def _all(self) -> list[Any]:
        return [self.input, self.output, self.prose]


@record
class Surface:
    """What a server offers: the version of the protocol it speaks, and its tools by name."""

    protocol: str
    tools: dict[str, ToolShape]

    @property
    def digest(self) -> str:
        """Of everything in it."""
        tools = {name: [tool.input, tool.output, tool.prose] for name, tool in self.tools.items()}
        return _digest([self.protocol, tools])


def server_key(tool: ToolSet) -> str:
    """What a server is called in a lock: its command, its address, or `env:NAME`; "" for none."""
    import shlex

    if isinstance(tool.base, EnvRef):
        return f"env:{tool.base.name}"
    return shlex.join(tool.command) if tool.command else tool.base or ""


def surface_of(protocol: str, tools: Iterable[Mapping[str, Any]]) -> Surface:
    """The surface from a server's listing, each tool as MCP spells it. Raises ValueError for what cannot be kept."""
    found: dict[str, ToolShape] = {}
    for tool in tools:
        name = str(tool.get("name"))
        if not name.isprintable():
            raise ValueError(f"it has a tool whose name cannot be shown: {name!a}")
        if name in found:
            raise ValueError(f"it has two tools named `{name}`")
        if len(found) >= MOST_TOOLS:
            raise ValueError(f"it has more than {MOST_TOOLS:,} tools")
        try:
            found[name] = _shape(tool)
        except ValueError as error:
            raise ValueError(f"its tool `{name}`: {error}") from None
    return Surface(protocol, dict(sorted(found.items())))


def same_json(one: Any, other: Any) -> bool:
    from agent_lattice_runtime.canonical import canonical

    return canonical(one) == canonical(other)


def plain(text: str) -> str:
    """Words of a server on one line, without what a terminal would obey."""
    return "".join(char if char.isprintable() else " " for char in text)


def _shape(tool: Mapping[str, Any]) -> ToolShape:
    plain = _plain(
        {key: tool.get(key) for key in ("title", "description", "annotations", "inputSchema", "outputSchema")}
    )
    prose = [plain["title"], plain["description"], plain["annotations"]]
    shapes: list[Any] = []
    for key in ("inputSchema", "outputSchema"):
        texts: list[Any] = []
        shapes.append(_structure(plain[key], texts))
        prose.append(texts)
    return ToolShape(shapes[0], shapes[1], _digest(prose))


def _plain(value: Any) -> Any:
    """JSON in its canonical form. Raises ValueError."""
    from agent_lattice_runtime.canonical import canonical, recorded
    from agent_lattice_runtime.errors import Failure

    if _depth(value) > DEEPEST:
        raise ValueError(f"its description nests more than {DEEPEST} levels")
    try:
        return recorded(canonical(value))
    except Failure as failure:
        raise ValueError(failure.message) from None


def _depth(value: Any) -> int:
    level, depth = [value], 0
    while level and depth <= DEEPEST:
        level = [inner for item in level for inner in _inner(item)]
        depth += 1
    return depth


def _inner(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        yield from value.values()
    elif isinstance(value, list | tuple):
        yield from value


def _structure(schema: Any, prose: list[Any]) -> Any:
    """A schema without prose, which is appended to `prose`. A property that is called `title` is no prose."""
    if not isinstance(schema, dict):
        return schema
    made: dict[str, Any] = {}
    for key, value in sorted(schema.items()):
        if key in _PROSE:
            prose.append([key, value])
        elif key in _NAMED and isinstance(value, dict):
            made[key] = {name: _structure(inner, prose) for name, inner in value.items()}
        elif key in _SEVERAL and isinstance(value, list):
            made[key] = [_structure(inner, prose) for inner in value]
        else:
            made[key] = _structure(value, prose) if key in _ONE else value
    return made


def _digest(value: Any) -> str:
    import hashlib

    from agent_lattice_runtime.canonical import canonical

    return f"sha256:{hashlib.sha256(canonical(value).encode()).hexdigest()}"
