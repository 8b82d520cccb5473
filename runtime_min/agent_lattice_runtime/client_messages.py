"""What a coding agent says to its hooks, on their standard input."""

from __future__ import annotations

from .errors import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MOST_BYTES = 4_000_000


def read_message(raw: bytes) -> dict[str, Any]:
    """What a client tells at a hook. Raises Failure for anything but a JSON object of a bearable size."""
    from .canonical import parse

    if len(raw) > MOST_BYTES:
        raise Failure("validation", f"the hook's message has more than {MOST_BYTES} bytes")
    message = parse(raw, "the hook's message")
    if not isinstance(message, dict):
        raise Failure("validation", "the hook's message is not an object")
    return message
