"""Variables with a merge policy: every branch and item works on a copy of its own, and the join combines the copies."""

from __future__ import annotations

from collections.abc import Sequence

from agent_lattice import plan, types
from agent_lattice.dataflow import outer_writes

from agent_lattice_clients.javascript.code import js_name, string
from agent_lattice_clients.javascript.scopes import Place


def copied_names(block: plan.Block, place: Place) -> list[str]:
    """The variables with a policy from around a block that it changes, in alphabetical order."""
    return sorted(name for name in outer_writes(block) if place.shared.variables[name][1])


def given_back(names: Sequence[str], place: Place) -> list[str]:
    """What a branch gives back for its copies, as entries of an object: what was left, or the list of all that was set."""
    return [f"{js_name(name)}: {place.lists.get(name) or place.name(name)}" for name in names]


def combined(name: str, copies: str, place: Place) -> str:
    """What the variable's policy makes of its value and the copies."""
    type, policy = place.shared.variables[name]
    plain = types.widened(type)
    if policy == "last_by_branch":
        return f"cel.lastCopy({place.name(name)}, {copies})"
    if policy == "reject":
        return f"cel.agreedCopy({string(name)}, {place.name(name)}, {copies})"
    if policy == "sum":
        return f"cel.{'sumFloats' if isinstance(plain, types.Float) else 'sumInts'}({place.name(name)}, {copies})"
    if policy == "append":
        function = {types.String: "appendTexts", types.Bytes: "appendBytes"}.get(plain.__class__, "appendLists")
        return f"cel.{function}({string(name)}, {place.name(name)}, {copies})"
    return f"cel.greatestCopy({place.name(name)}, {copies})"
