"""Plain data as JavaScript literals over several lines."""

from __future__ import annotations

from typing import Any

from agent_lattice_clients.javascript.code import constant, key

WIDTH = 120


def literal(value: Any, indent: int = 0, used: int = 0) -> str:
    """None, bool, int, float, str, list and dict as a literal: on one line if it fits, else an item per line. `used` columns of the
    first line are taken."""
    flat = _flat(value)
    if indent + used + len(flat) < WIDTH or not value or not isinstance(value, list | dict):
        return flat
    inner = " " * (indent + 2)
    if isinstance(value, dict):
        parts = [f"{inner}{key(k)}: {literal(v, indent + 2, len(key(k)) + 3)}," for k, v in value.items()]
    else:
        parts = [f"{inner}{literal(item, indent + 2, 1)}," for item in value]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return "\n".join([opening, *parts, " " * indent + closing])


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key(k)}: {_flat(v)}' for k, v in value.items())} }}" if value else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_flat, value))}]"
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else constant(value).text
