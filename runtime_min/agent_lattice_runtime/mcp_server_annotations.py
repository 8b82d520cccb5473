"""What a client may expect of a tool, told by the effects of its operations."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def workflow_hints(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The hints for a workflow, by what its manifest allows it to do."""
    total = manifest["permissions"]["total"]
    known = (_operation(manifest, name) for name in total["operations"])
    writes = [operation for operation in known if operation["effect"] == "write"]
    keyed = all("key" in operation for operation in writes)
    # the model may decide otherwise the next time, so that other writes are made
    return hints(bool(writes), not writes or (keyed and not total["models"]), any(total[key] for key in _OUTSIDE))


_OUTSIDE = ("hosts", "models", "programs")


def _operation(manifest: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    tool, _, operation = name.partition(".")
    found: Mapping[str, Any] = manifest["tools"][tool]["operations"][operation]
    return found


def hints(writes: bool, repeatable: bool, outside: bool) -> dict[str, Any]:
    """Annotations of a tool: does it write, may it be called again with the same arguments, does it leave the machine."""
    return {
        "readOnlyHint": not writes,
        "destructiveHint": writes,
        "idempotentHint": repeatable,
        "openWorldHint": outside,
    }
