"""Types as the `type` declarations of a program."""

from __future__ import annotations

from agent_lattice.types import Optional, Record, Type, Union


def declarations(types: dict[str, Type], docs: dict[str, str]) -> str:
    """Types as `type` declarations, in the order given; to be formatted."""
    return "\n".join(_declaration(name, type, docs.get(name, "")) for name, type in types.items())


def _declaration(name: str, type: Type, doc: str) -> str:
    lines = _doc(doc)
    inner = type.inner if isinstance(type, Optional) else type
    if isinstance(type, Record) and type.name == name:
        lines += [f"type {name} {{"]
        for one in type.fields.values():
            lines += [*_doc(one.doc), f"{one.name}: {one.type}"]
        return "\n".join([*lines, "}"]) + "\n"
    if isinstance(inner, Union) and inner.name == name:
        return "\n".join([*lines, f"type {name} = {inner.meaning}"]) + "\n"
    return "\n".join([*lines, f"type {name} = {type}"]) + "\n"


def _doc(text: str) -> list[str]:
    return [f"/// {line}".rstrip() for line in text.splitlines()]
